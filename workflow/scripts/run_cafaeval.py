"""Rule run_cafaeval: the field's evaluator on one method's predictions for the test proteins."""

from pathlib import Path

from gofer.artefacts import agreed_files
from gofer.evaluation.cafaeval import run_cafaeval
from gofer.inputs.ground_truth import read_ground_truth
from gofer.retrieval.cafa_format import read_cafa
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files = snakemake.input
    agreed_files(*files)
    held_out, _ = read_ground_truth(files, snakemake.params.relations)
    run_cafaeval(
        read_cafa(files.predictions, terms=held_out.terms["go_id"]),
        truth=held_out.of_split("test"),
        terms=held_out.terms,
        out=Path(snakemake.output.result).parent,
        relations=held_out.relations,
        threads=snakemake.threads,
    )
