"""Rule collect_metrics: all methods in one table, the differences between gofer and each, and what is missing."""

from gofer.artefacts import agreed_files, read_manifest, read_table, write_json, write_text
from gofer.evaluation.metric_rows import DESCRIPTIVE, text_table
from gofer.metrics.bootstrap import differences
from gofer.tables import DIFFERENCES
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files = snakemake.input.measures
    manifest = agreed_files(*files)
    made_by = [read_manifest(path).made_by for path in files]
    measures = {facts["method"]: read_table(path) for facts, path in zip(made_by, files, strict=True)}
    compared = differences(measures, without=DESCRIPTIVE)
    write_text(snakemake.output.metrics, text_table(measures.values()))
    write_text(snakemake.output.differences, text_table([compared], DIFFERENCES))
    write_json(snakemake.output.status, {"status": {facts["method"]: facts["status"] for facts in made_by}}, manifest)
