"""Rule predict_diamond: labels of similar training proteins; without DIAMOND, a file that says so."""

from gofer.artefacts import agreed_files, read_table
from gofer.baselines.diamond import transferred_labels
from gofer.inputs.held_out import read_labels
from gofer.inputs.proteins.diamond_search import DIAMOND_MISSING, DiamondSearch
from gofer.names import HELD_OUT, LABELLED
from gofer.retrieval.cafa_format import write_cafa
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    manifest = agreed_files(*snakemake.input)
    settings = snakemake.params.settings
    search = DiamondSearch(threads=snakemake.threads)
    manifest = manifest.with_facts(method="diamond")
    if not search.installed:
        logger.warning(DIAMOND_MISSING)
        write_cafa(snakemake.output.predictions, [], [], [], manifest=manifest, status=DIAMOND_MISSING)
    else:
        splits = read_table(snakemake.input.splits, ["protein_id", "split"])
        proteins = read_table(snakemake.input.proteins, ["protein_id", "sequence"]).merge(splits, on="protein_id")
        queries = proteins[proteins["split"].isin(HELD_OUT)].reset_index(drop=True)
        targets = proteins[proteins["split"].isin(LABELLED)].reset_index(drop=True)
        labels = read_labels(snakemake.input.pid2pos, *LABELLED)
        hits = search.hits(queries["sequence"], targets["sequence"])
        logger.info("%d hits for %d of %d proteins", len(hits), hits["query"].nunique(), len(queries))
        table = transferred_labels(hits, queries, targets, labels, min_score=settings["min_score"])
        manifest = manifest.with_facts(settings=settings, program=search.version())
        write_cafa(snakemake.output.predictions, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
