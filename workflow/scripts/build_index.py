"""Rule build_index: the index of one phase's training terms, projected by the checkpoint that its stage starts from."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.mining.faiss_index import SHARED, TEXT, TermIndex, write_index
from gofer.mining.vocabulary import Vocabulary
from gofer.training.checkpoint import read_checkpoint
from gofer.training.encode import term_vectors
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(*files)
    terms, term_sets = read_table(files.terms), read_table(files.term_sets)
    vocabulary = Vocabulary.of_tables(
        terms, term_sets, GoLookupCache.read(files.texts, expected=manifest), relations=params.relations
    )
    if previous := files.get("checkpoint"):
        model, _ = read_checkpoint(previous)
        vectors_TD, space = term_vectors(model, vocabulary.go_ids, vocabulary.text_TG), SHARED
    else:
        vectors_TD, space = vocabulary.text_TG, TEXT
    index = TermIndex.of_vectors(vocabulary.go_ids, vectors_TD, space=space, kind=params.kind)
    recall = index.recall(params.shortlist)
    facts = {"phase": snakemake.wildcards.phase, "space": space, "kind": params.kind, "recall": round(recall, 4)}
    write_index(snakemake.output.index, index, manifest.with_facts(**facts, recall_at=params.shortlist))
    logger.info("%d terms in the %s space, %s index", len(vocabulary.go_ids), space, params.kind)
    logger.info("it finds %.4f of the %d terms nearest to a term", recall, params.shortlist)
