"""Rule make_demo_world: the input files of the embedded demo, generated from a seed."""

from pathlib import Path

from gofer.inputs.demo.demo_world import make_world, write_world
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    world = make_world(proteins=snakemake.params.demo["proteins"], seed=snakemake.params.seed)
    write_world(world, Path(snakemake.output.proteins).parent)
    logger.info("%d proteins, %d to predict for, %d terms", len(world.proteins), len(world.query), len(world.terms))
