"""Rule predict_naive: every held-out protein gets each term with its frequency among the training proteins."""

from gofer.artefacts import agreed_files, read_table
from gofer.baselines.naive import naive
from gofer.retrieval.cafa_format import write_cafa
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    manifest = agreed_files(snakemake.input.terms, snakemake.input.splits)
    splits = read_table(snakemake.input.splits)
    proteins = splits.loc[splits["split"].isin(["val", "test"]), "protein_id"].tolist()
    settings = snakemake.params.settings
    table = naive(read_table(snakemake.input.terms), proteins, min_score=settings["min_score"])
    write_cafa(
        snakemake.output.predictions,
        table["protein_id"],
        table["go_id"],
        table["score"],
        manifest=manifest.with_facts(method="naive", settings=settings),
    )
