"""Rule predict_own_annotations: the older annotations of the judged proteins, propagated, as predictions."""

from gofer.artefacts import agreed_files, read_table
from gofer.inputs.ontology.go_graph import root_ids
from gofer.retrieval.cafa_format import write_cafa
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files = snakemake.input
    manifest = agreed_files(*files).with_facts(method="own_annotations")
    table = read_table(files.own_annotations, ["protein_id", "go_id"])
    table = table[~table["go_id"].isin(root_ids(read_table(files.terms, ["go_id", "depth"])))]
    write_cafa(snakemake.output.predictions, table["protein_id"], table["go_id"], [1.0] * len(table), manifest=manifest)
    logger.info("%d terms of %d proteins", len(table), table["protein_id"].nunique())
