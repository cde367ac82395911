"""Rule predict_diamond: labels of similar training proteins; without DIAMOND, a file that says so."""

from gofer.artefacts import agreed_files, read_manifest, read_table
from gofer.baselines.diamond import transferred_labels
from gofer.inputs.held_out import read_labels
from gofer.inputs.proteins.diamond_search import DIAMOND_MISSING
from gofer.inputs.proteins.known_hits import hits_of_all, read_hits
from gofer.names import HELD_OUT, LABELLED
from gofer.retrieval.cafa_format import write_cafa, write_cafa_parts
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, settings = snakemake.input, snakemake.params.settings
    manifest, program = (
        agreed_files(*files).with_facts(method="diamond"),
        read_manifest(files.known_hits).made_by["program"],
    )
    if not program:
        write_cafa(snakemake.output.predictions, [], [], [], manifest=manifest, status=DIAMOND_MISSING)
    else:
        splits = read_table(files.splits, ["protein_id", "split"])
        proteins = read_table(files.proteins, ["protein_id", "sequence"]).merge(splits, on="protein_id")
        queries = proteins[proteins["split"].isin(HELD_OUT)].reset_index(drop=True)
        targets = proteins[proteins["split"].isin(LABELLED)].reset_index(drop=True)
        hits = hits_of_all(read_hits(files.known_hits), queries, targets)
        logger.info("%d hits for %d of %d proteins", len(hits), hits["query"].nunique(), len(queries))
        labels = read_labels(files.pid2pos, *LABELLED)
        tables = transferred_labels(hits, queries, targets, labels, min_score=settings["min_score"])
        manifest = manifest.with_facts(settings=settings, program=program)
        write_cafa_parts(snakemake.output.predictions, tables, manifest)
