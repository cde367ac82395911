"""Rule pack_model: the run's model as one file."""

from gofer.retrieval.pack_run import PackSettings, pack_run
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    params, files = snakemake.params, dict(snakemake.input.items())
    settings = PackSettings(params.known, params.synthetic, params.reported, params.encoder)
    pack_run(snakemake.output.model, files, params.run, settings)
    logger.info("%s", snakemake.output.model)
