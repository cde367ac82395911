"""Rule measure_predictions: every figure of one method, with bootstrap intervals, per aspect and per set of terms."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.evaluation.cafaeval import read_figures
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.metric_rows import measure, not_measured
from gofer.evaluation.subset_metrics import measure_subsets, subsets_not_measured
from gofer.inputs.ground_truth import read_ground_truth
from gofer.metrics.bootstrap import Bootstrap
from gofer.retrieval.cafa_format import prediction_status, read_cafa
from gofer.retrieval.unthresholded_scores import UnthresholdedScores
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files, method, params = snakemake.input, snakemake.wildcards.method, snakemake.params
    unthresholded = [files[name] for name in ("unthresholded", "ranks") if files.get(name)]  # of some methods only
    manifest = agreed_files(files.predictions, files.truth_labels, files.truth_terms, *unthresholded)
    manifest = manifest.with_facts(method=method, settings=params.settings)
    held_out, judged = read_ground_truth(files, params.relations)
    status = prediction_status(files.predictions)
    if status == "complete":
        predicted = Predicted(
            read_cafa(files.predictions, terms=held_out.terms["go_id"]),
            UnthresholdedScores.open(files.unthresholded) if unthresholded else None,
            read_table(files.ranks) if unthresholded else None,
        )
        bootstrap = Bootstrap(resamples=params.settings["resamples"], seed=params.seed)
        table = measure(method, predicted, held_out, read_figures(files.cafaeval), bootstrap)
        subsets = measure_subsets(method, predicted, held_out, judged, bootstrap)
    else:
        table, subsets = not_measured(method), subsets_not_measured(method, judged)
    table = pd.concat([table, subsets], ignore_index=True) if len(subsets) else table
    write_table(snakemake.output.measures, table, manifest.with_facts(status=status))
