"""Rule collect_metrics: the rows of all methods as one table, and beside it what could not be had and why."""

from gofer.artefacts import agreed_files, read_manifest, read_table, write_json, write_text
from gofer.evaluation.measures import text_table
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    manifest = agreed_files(*snakemake.input)
    told = [read_manifest(path).made_by for path in snakemake.input]
    write_text(snakemake.output.metrics, text_table([read_table(path) for path in snakemake.input]))
    write_json(snakemake.output.status, {"status": {facts["method"]: facts["status"] for facts in told}}, manifest)
