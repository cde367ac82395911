"""Rule ablation: what each part of training contributes, as a table and a picture."""

import pandas as pd

from gofer.artefacts import atomic, write_tsv
from gofer.report.ablation_section import ablation_picture, compare
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output = snakemake.input.figures, snakemake.output
    table = compare(pd.concat([pd.read_csv(path, sep="\t", na_values="n/a") for path in files], ignore_index=True))
    write_tsv(output.table, table)
    with atomic(output.picture) as part:
        part.write_bytes(ablation_picture(table))
    logger.info("%s", table.to_string(index=False))
