"""Rule predict_diamond: labels of similar training proteins; without DIAMOND, an empty file that says so."""

from gofer.artefacts import agreed_files, read_table
from gofer.evaluation.baselines import DIAMOND_MISSING, DiamondSearch, transferred_labels
from gofer.evaluation.cafa import write_cafa
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    manifest = agreed_files(*snakemake.input)
    settings = snakemake.params.settings
    search = DiamondSearch(evalue=settings["diamond_evalue"], threads=snakemake.threads)
    output = snakemake.output.predictions
    if not search.installed:
        logger.warning(DIAMOND_MISSING)
        write_cafa(output, [], [], [], manifest=manifest.told(method="diamond"), status=DIAMOND_MISSING)
    else:
        splits = read_table(snakemake.input.splits)
        proteins = read_table(snakemake.input.proteins, ["protein_id", "sequence"]).merge(splits, on="protein_id")
        queries = proteins[proteins["split"].isin(["val", "test"])].reset_index(drop=True)
        targets = proteins[proteins["split"] == "train"].reset_index(drop=True)
        truth = read_table(snakemake.input.pid2pos, ["protein_id", "true_ids"]).explode("true_ids").dropna()
        labels = truth.rename(columns={"true_ids": "go_id"})
        hits = search.hits(queries, targets)
        logger.info("%d hits for %d of %d proteins", len(hits), hits["query"].nunique(), len(queries))
        table = transferred_labels(hits, queries, targets, labels, min_score=settings["min_score"])
        manifest = manifest.told(method="diamond", settings=settings, program=search.version())
        write_cafa(output, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
