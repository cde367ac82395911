"""Rule plan_curriculum: the curriculum of all stages as a table and a picture, before training."""

import pandas as pd

from gofer.artefacts import atomic, read_table, write_tsv
from gofer.mining.curriculum import curriculum_table
from gofer.report.plots import curriculum_picture
from gofer.training.settings import STAGES, StageConfig
from gofer.training.shuffled_rows import ShuffledRows
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    training, output = snakemake.params.training, snakemake.output
    pid2pos = read_table(snakemake.input.pid2pos, ["go_ids"], where={"split": ["train"]})
    proteins = int((pid2pos["go_ids"].map(len) > 0).sum())
    sampler = ShuffledRows(
        proteins,
        batch_proteins=training["batch_proteins"],
        accumulate=training["accumulate"],
        epoch_rows=training["epoch_proteins"],
    )
    stages = [StageConfig.from_config(training, name) for name in STAGES]
    steps = {stage.name: stage.epochs * sampler.groups_per_epoch for stage in stages}
    table = pd.concat(
        [curriculum_table(stage.curriculum, stage.name, steps[stage.name]) for stage in stages], ignore_index=True
    )
    write_tsv(output.table, table)
    with atomic(output.picture) as part:
        part.write_bytes(curriculum_picture(table, steps))
    logger.info("%d training proteins, steps by stage: %s", proteins, steps)
