"""Rule make_splits: train, val and test proteins, alike ones on one side."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.schemas import SPLITS, typed
from gofer.inputs.splits import SplitConfig, make_splits
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(files.proteins, files.ontology, files.annotations)
    annotations, terms = read_table(files.annotations, ["protein_id", "go_id"]), read_table(files.ontology)
    roots = set(terms.loc[terms["depth"] == 0, "go_id"])
    splits = make_splits(
        read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"]),
        set(annotations.loc[~annotations["go_id"].isin(roots), "protein_id"]),
        SplitConfig.from_config(params.settings, params.seed),
        lists={split: files[f"{split}_ids"] for split in ("val", "test") if files.get(f"{split}_ids")},
        threads=snakemake.threads,
    )
    write_table(snakemake.output.splits, typed(splits, SPLITS), manifest.told(settings=params.settings))
    counts = splits.groupby("split").agg(proteins=("protein_id", "size"), clusters=("cluster", "nunique"))
    logger.info("largest cluster %d\n%s", splits["cluster"].value_counts().max(), counts.to_string())
