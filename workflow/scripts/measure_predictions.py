"""Rule measure_predictions: every figure of one method, with bootstrap intervals, per aspect and per set of terms."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.evaluation.cafa import prediction_status, read_cafa
from gofer.evaluation.evaluator import read_figures
from gofer.evaluation.intervals import Bootstrap
from gofer.evaluation.measures import measure, not_measured
from gofer.evaluation.truth import HeldOut, Predicted
from gofer.evaluation.uncut import UncutScores
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files, method = snakemake.input, snakemake.wildcards.method
    uncut = [files[name] for name in ("uncut", "ranks") if files.get(name)]  # of some methods alone
    joined = [files.predictions, files.terms, files.term_sets, files.annotations, files.splits, *uncut]
    manifest = agreed_files(*joined).told(method=method, settings=snakemake.params.settings)
    held_out = HeldOut.read(files, snakemake.params.relations)
    status = prediction_status(files.predictions)
    table = (
        measure(
            method,
            Predicted(
                read_cafa(files.predictions, terms=held_out.terms["go_id"]),
                UncutScores.open(files.uncut) if uncut else None,
                read_table(files.ranks) if uncut else None,
            ),
            held_out,
            read_figures(files.cafaeval),
            Bootstrap(resamples=snakemake.params.settings["resamples"], seed=snakemake.params.seed),
        )
        if status == "complete"
        else not_measured(method)
    )
    write_table(snakemake.output.measures, table, manifest.told(status=status))
