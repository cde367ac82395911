"""Rule train_stage: one of the stages A–D, starting from the previous stage's checkpoint."""

from gofer.training.launch import launch
from gofer.training.stage_job import StageJob
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    params, output = snakemake.params, snakemake.output
    job = StageJob(
        stage=snakemake.wildcards.stage,
        files={name: str(path) for name, path in snakemake.input.items() if path},
        model=output.model,
        metrics=output.metrics,
        costs=snakemake.log.costs,
        training=params.training,
        mining=params.mining,
        relations=list(params.relations),
        seed=params.seed,
        run=params.run,
        epochs_before=params.epochs_before,
        code=params.code,
    )
    launch(
        job,
        snakemake.log[0],
        processes=params.training["processes"],
        threads=snakemake.threads,
        nodes=snakemake.resources.get("nodes", 1),
    )
