"""Rule predict_diamond: labels of similar training proteins, all or the best; without DIAMOND, files that say so."""

from gofer.artefacts import agreed_files, read_table
from gofer.evaluation.baselines import DIAMOND_MISSING, DiamondSearch, best_hit_labels, transferred_labels
from gofer.evaluation.cafa import write_cafa
from gofer.evaluation.truth import labels_of
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    manifest = agreed_files(*snakemake.input)
    settings = snakemake.params.settings
    search = DiamondSearch(evalue=settings["diamond_evalue"], threads=snakemake.threads)
    outputs = {"diamond": snakemake.output.predictions, "diamond_best": snakemake.output.best}
    if not search.installed:
        logger.warning(DIAMOND_MISSING)
        for method, output in outputs.items():
            write_cafa(output, [], [], [], manifest=manifest.told(method=method), status=DIAMOND_MISSING)
    else:
        splits = read_table(snakemake.input.splits)
        proteins = read_table(snakemake.input.proteins, ["protein_id", "sequence"]).merge(splits, on="protein_id")
        queries = proteins[proteins["split"].isin(["val", "test"])].reset_index(drop=True)
        targets = proteins[proteins["split"] == "train"].reset_index(drop=True)
        labels = labels_of(read_table(snakemake.input.pid2pos), "train")
        hits = search.hits(queries, targets)
        logger.info("%d hits for %d of %d proteins", len(hits), hits["query"].nunique(), len(queries))
        for (method, output), carried in zip(outputs.items(), (transferred_labels, best_hit_labels), strict=True):
            table = carried(hits, queries, targets, labels, min_score=settings["min_score"])
            told = manifest.told(method=method, settings=settings, program=search.version())
            write_cafa(output, table["protein_id"], table["go_id"], table["score"], manifest=told)
