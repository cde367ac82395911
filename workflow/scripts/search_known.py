"""Rule search_known: DIAMOND's hits of the held-out proteins among those of which labels may be used."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.proteins.candidates import search_of_known
from gofer.inputs.proteins.diamond_search import DIAMOND_MISSING
from gofer.inputs.proteins.known_hits import KNOWN_HITS, search_known
from gofer.names import LABELLED
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    manifest = agreed_files(*snakemake.input)
    splits = read_table(snakemake.input.splits, ["protein_id", "split"])
    proteins = read_table(snakemake.input.proteins, ["protein_id", "sequence"]).merge(splits, on="protein_id")
    known = proteins.loc[proteins["split"].isin(LABELLED), "sequence"].nunique()
    search = search_of_known(known, threads=snakemake.threads)
    if search.installed:
        table, version = search_known(proteins, search), search.version()
        hits = table["known_ids"].combine_chunks().flatten()
        logger.info("%d hits of %d different sequences among %d", len(hits), len(table), known)
    else:
        table, version = KNOWN_HITS.empty_table(), None
        logger.warning(DIAMOND_MISSING)
    write_table(snakemake.output.known_hits, table, manifest.with_facts(program=version))
