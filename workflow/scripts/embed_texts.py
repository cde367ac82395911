"""Rule embed_texts: the text vectors of one phase; of training's terms for A to C, of every term for D."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.embeddings.texts.go_text import template_hash, term_texts, terms_of_phase
from gofer.embeddings.texts.text_budget import fit_texts
from gofer.embeddings.texts.text_cache import TextCache
from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    phase, settings, path = snakemake.wildcards.phase, snakemake.params.settings, snakemake.input.terms
    terms = read_table(path)
    go_ids = terms_of_phase(terms, phase)
    encoder = TextEncoder.load(**settings)
    fitted = fit_texts(term_texts(terms, phase, go_ids), encoder.tokens, most=encoder.max_tokens)
    logger.info("%s: %d texts of phase %s, e.g. %s", encoder.name, len(go_ids), phase, fitted.texts[:1])
    logger.info("of at most %d tokens: %s", encoder.max_tokens, fitted)
    # Not a parameter of the rule: another cache gives the same vectors.
    folder = snakemake.config["embeddings"]["texts"]["cache"]
    vectors_TG = encoder.embed(fitted.texts, go_ids, cache=TextCache(folder, encoder.vectors) if folder else None)
    manifest = agreed_files(path).only("go_release").with_release(text_encoder=encoder.name)
    facts = {"phase": phase, "template_sha256": template_hash(), **fitted.counts()}
    GoLookupCache(go_ids, vectors_TG).write(snakemake.output.vectors, manifest.with_facts(**facts))
