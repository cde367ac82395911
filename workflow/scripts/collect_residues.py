"""Rule collect_residues: where each sequence's residue embeddings are."""

from pathlib import Path

from gofer.artefacts import read_manifest, read_table
from gofer.embeddings.residues.shards import collect_shards, write_index
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files = snakemake.input
    index, manifest = collect_shards([Path(shard) for shard in files.shards], read_table(files.plan))
    # The proteins are recorded with the collection, not with a shard: the same shard may serve other proteins.
    write_index(snakemake.output.manifest, index, manifest.with_release(**read_manifest(files.plan).release))
    logger.info("%d sequences in %d shards", len(index), len(files.shards))
