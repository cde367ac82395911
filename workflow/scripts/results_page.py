"""Rule results_page: the figures of the run as Markdown, with the command, seed, data and date."""

from gofer.artefacts import write_text
from gofer.report.results_page import results_markdown
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    text = results_markdown(dict(snakemake.input.items()), snakemake.params.config, snakemake.params.configfiles)
    write_text(snakemake.output.page, text)
