"""Rule ablate: the stages A to D without one part of training, with one seed, scored on validation proteins."""

import pandas as pd

from gofer.artefacts import agreed_files, write_tsv
from gofer.training.variants import VariantInputs, judge, train_variant
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    manifest = agreed_files(files.proteins, files.terms, files.pid2pos, files.residues, *files.texts)
    inputs = VariantInputs.read(files, manifest, params.phases, params.relations)
    seed = int(wildcards.seed)
    model = train_variant(wildcards.part, inputs, params.training, params.mining, seed=seed, share=params.share)
    figures = judge(model, inputs)
    rows = [(wildcards.part, seed, metric, value) for metric, value in figures.items()]
    write_tsv(snakemake.output.figures, pd.DataFrame(rows, columns=["part", "seed", "metric", "value"]))
    logger.info("%s, seed %d: %s", wildcards.part, seed, figures)
