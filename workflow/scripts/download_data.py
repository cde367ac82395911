"""Rule download_data: the sources of the config key download, linked into the folder data."""

from pathlib import Path

from gofer.inputs.downloads.run_files import link_sources
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    found = link_sources(snakemake.params.sources, Path(snakemake.params.folder))
    for link, path in found.items():
        logger.info("%s: %s, %d bytes", link, path, path.stat().st_size)
