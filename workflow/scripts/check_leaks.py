"""Rule check_leaks: the leak checks of `inputs`, again, on what training read and what is evaluated."""

from gofer.artefacts import agreed_files, read_table, write_tsv
from gofer.evaluation.leaks import leak_checks
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    params = snakemake.params
    agreed_files(*snakemake.input)
    files = dict(snakemake.input.items())
    pid2pos = read_table(files.pop("pid2pos"), where={"split": ["train"]})
    annotations = read_table(files.pop("annotations"), where={"protein_id": pid2pos["protein_id"]})
    table = leak_checks(
        **{name: read_table(path) for name, path in files.items()},
        pid2pos=pid2pos,
        annotations=annotations,
        relations=params.relations,
        promised=params.promised,
        zero_ancestors=params.zero_ancestors,
    )
    write_tsv(snakemake.output.leaks, table)
    logger.info("%s", table.to_string(index=False))
