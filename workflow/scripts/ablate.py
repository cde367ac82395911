"""Rule ablate: the stages A to D without one part of training, with one seed, judged on validation proteins."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_tsv
from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.go_text import INFERENCE
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.evaluation.truth import HeldOut
from gofer.training.ablation import AblationInputs, judge, train_without
from gofer.training.vocabulary import Vocabulary
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    manifest = agreed_files(files.proteins, files.terms, files.pid2pos, files.residues, *files.texts)
    held_out = HeldOut.read(files, params.relations)
    texts = {
        phase: GoLookupCache.read(path, expected=manifest)
        for phase, path in zip(params.phases, files.texts, strict=True)
    }
    inputs = AblationInputs(
        ESMResidueStore(files.residues),
        read_table(files.proteins, ["protein_id", "sequence_sha256"]),
        read_table(files.pid2pos),
        Vocabulary.of_tables(held_out.terms, read_table(files.term_sets), texts[INFERENCE], relations=params.relations),
        texts,
        held_out,
    )
    seed = int(wildcards.seed)
    model = train_without(wildcards.part, inputs, params.training, params.mining, seed=seed, share=params.share)
    figures = judge(model, inputs)
    rows = [(wildcards.part, seed, metric, value) for metric, value in figures.items()]
    write_tsv(snakemake.output.figures, pd.DataFrame(rows, columns=["part", "seed", "metric", "value"]))
    logger.info("%s, seed %d: %s", wildcards.part, seed, figures)
