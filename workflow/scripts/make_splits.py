"""Rule make_splits: train, val and test proteins, similar ones in one split; the nearest in training."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.annotations.judged import judged_ids
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.schemas import ACCOUNTING, SPLITS, typed
from gofer.inputs.splits.nearest import account_nearest, with_nearest, without_similar
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.inputs.splits.split_dates import TEST, first_days
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    manifest = agreed_files(files.proteins, files.ontology, files.annotations).with_facts(settings=params.settings)
    proteins, terms = (
        read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"]),
        read_table(files.ontology),
    )
    # A protein counts as annotated if a term below a root is stated.
    columns = ["protein_id", "go_id", "date"]
    stated = read_table(files.annotations, columns, where={"hops": [0]})
    roots = root_ids(terms)
    config = SplitConfig.from_config(params.settings, params.seed)
    again_from = params.settings["test_from"] if params.settings["later"] == TEST else None
    splits, accounting = make_splits(
        proteins,
        set(stated.loc[~stated["go_id"].isin(roots), "protein_id"]),
        config,
        lists={split: params.lists[split] for split in ("val", "test") if params.lists[split]},
        days=first_days(stated, proteins, roots, again_from=again_from) if config.method == "date" else None,
        judged=judged_ids(read_table(files.judged), roots) if files.get("judged") else (),
        labels=stated,
        threads=snakemake.threads,
    )
    if config.promised is None:
        splits = with_nearest(splits, proteins, threads=snakemake.threads)
    else:
        splits, moved = without_similar(splits, proteins, identity=config.promised, threads=snakemake.threads)
        accounting.add("proteins moved", "to training, being similar to one of another cluster there", moved)
    account_nearest(accounting, splits)
    write_table(output.splits, typed(splits, SPLITS), manifest)
    write_table(output.accounting, typed(accounting.table(), ACCOUNTING), manifest)
    counts = splits.groupby("split").agg(proteins=("protein_id", "size"), clusters=("cluster", "nunique"))
    logger.info("%s\n%s", counts.to_string(), accounting.table().to_string(index=False))
