"""Rule measure_predictions: every figure of one method, with bootstrap intervals, per aspect and per set of terms."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.evaluation.cafa import prediction_status, read_cafa
from gofer.evaluation.evaluator import read_figures
from gofer.evaluation.measures import Bootstrap, HeldOut, measure, not_measured
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files, method = snakemake.input, snakemake.wildcards.method
    uncut = files.get("uncut")  # of gofer alone
    joined = [files.predictions, files.terms, files.term_sets, files.annotations, files.splits, *filter(None, [uncut])]
    manifest = agreed_files(*joined).told(method=method, settings=snakemake.params.settings)
    terms = read_table(files.terms)
    held_out = HeldOut.of_tables(
        terms,
        read_table(files.term_sets),
        read_table(files.annotations),
        read_table(files.splits),
        snakemake.params.relations,
    )
    status = prediction_status(files.predictions)
    table = (
        measure(
            method,
            read_cafa(files.predictions, terms=terms["go_id"]),
            held_out,
            read_figures(files.cafaeval),
            Bootstrap(resamples=snakemake.params.settings["resamples"], seed=snakemake.params.seed),
            uncut=read_table(uncut) if uncut else None,
        )
        if status == "complete"
        else not_measured(method)
    )
    write_table(snakemake.output.measures, table, manifest.told(status=status))
