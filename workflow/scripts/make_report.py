"""Rule make_report: the page of the run, from the tables of its stages."""

from pathlib import Path

from gofer.artefacts import write_text
from gofer.report.page import Artefacts, build_page
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, path = snakemake.input, Path(snakemake.output.page)
    artefacts = Artefacts(**{name: files[name] for name in Artefacts.__dataclass_fields__})
    page = build_page(artefacts, snakemake.params.config, root=path.parent)
    write_text(path, page)
    logger.info("%s: %d kB", path, len(page.encode()) // 1000)
