# Evaluation: evaluates predictions for the validation and test proteins.
#
# Inputs:   inputs/*.parquet; the model: retrieval/{protein_vectors.parquet,label_model-train.safetensors,
#           calibration.json}, training/stage-D/model.safetensors, embeddings/go/phase-D.parquet, the residue shards
#           baselines/<method>.tsv
# Outputs:  evaluation/predictions/gofer.{tsv,unthresholded.parquet,ranks.parquet}   for validation and test proteins, in CAFA form
#           evaluation/predictions/{towers_only,bce_twin}.tsv, …     with evaluation.bce_twin: the two towers only
#           evaluation/evidence.parquet              residue evidence of some correct test predictions
#           evaluation/faithfulness.tsv              deletion and insertion curves of that evidence
#           evaluation/cafaeval/<method>/evaluation_all.tsv, and everything that cafaeval read
#           evaluation/leaks.tsv                     check, found, of, handling: leakage checks
#           evaluation/metrics.tsv                   method, split, aspect, term_set, metric, value, low, high, n
#           evaluation/differences.tsv               method, against, and the same: gofer minus each other method
# Steps:    predict_held_out -> explain_held_out, predict_towers; run_cafaeval -> measure_predictions, check_leaks
#           -> collect_metrics

TOWERS = {"towers_only": "training/stage-D/model.safetensors", "bce_twin": "training/bce_twin/model.safetensors"}
JUDGED = ["gofer", *BASELINES, *(TOWERS if config["evaluation"]["bce_twin"] else [])]


rule predict_held_out:
    """Predict all terms for validation and test proteins, with scores of evaluation.min_score or higher; terms that a test protein
    has are also kept without that cutoff, for figures that look at one term at a time, with their ranks among all terms."""
    message:
        "Predicting for validation and test proteins"
    input:
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        label_model=results("retrieval/label_model-train.safetensors"),
        known_hits=results("inputs/known_hits.parquet"),
        calibration=results("retrieval/calibration.json"),
        annotations=results("inputs/annotations.parquet"),
        own_annotations=OWN_ANNOTATIONS if config["retrieval"]["own_annotations"] else [],
        terms=results("inputs/terms.parquet"),
        texts=ALL_TEXTS,
        checkpoint=MODEL,
    output:
        predictions=results("evaluation/predictions/gofer.tsv"),
        status=results("evaluation/predictions/gofer.tsv.json"),
        unthresholded=results("evaluation/predictions/gofer.unthresholded.parquet"),
        ranks=results("evaluation/predictions/gofer.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.held_out_predictions", "gofer.retrieval.cafa_format", "gofer.inputs.proteins.known_hits"),
    log:
        results("logs/predict_held_out.log"),
    benchmark:
        results("benchmarks/predict_held_out.tsv")
    threads: up_to(2)
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/predict_held_out.py"


rule explain_held_out:
    """Show the residue evidence of up to `examples` correct test predictions, in the demo with the planted motifs, and how
    the similarity with the term falls if these residues are removed."""
    message:
        "Explaining predictions residue by residue"
    input:
        predictions=results("evaluation/predictions/gofer.tsv"),
        annotations=results("inputs/annotations.parquet"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        proteins=results("inputs/proteins.parquet"),
        residues=RESIDUE_MANIFEST,
        texts=ALL_TEXTS,
        checkpoint=MODEL,
        planted=f"{config['data']}/motif_positions.tsv" if "demo" in config else [],
    output:
        evidence=results("evaluation/evidence.parquet"),
        faithfulness=results("evaluation/faithfulness.tsv"),
    params:
        examples=200,
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
        settings={key: value for key, value in config["retrieval"].items() if key not in ("labels", "own_annotations")},
        relations=config["inputs"]["relations"],
        code=code(
            "gofer.evaluation.evidence_examples",
            "gofer.evaluation.faithfulness",
            "gofer.retrieval.cafa_format",
            "gofer.inputs.demo.demo_world",
        ),
    log:
        results("logs/explain_held_out.log"),
    benchmark:
        results("benchmarks/explain_held_out.tsv")
    conda:
        "../envs/retrieval.yaml"
    priority: 1  # takes longer than all that is done beside it
    script:
        "../workflow/scripts/explain_held_out.py"


rule predict_towers:
    """Predict with the two towers and base rates only: those of this run's model, or those of its BCE twin."""
    message:
        "Predicting with the two towers only ({wildcards.method})"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        residues=RESIDUE_MANIFEST,
        annotations=results("inputs/annotations.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        terms=results("inputs/terms.parquet"),
        texts=results("embeddings/go/phase-D.parquet"),
        checkpoint=lambda wildcards: results(TOWERS[wildcards.method]),
    output:
        predictions=results("evaluation/predictions/{method}.tsv"),
        status=results("evaluation/predictions/{method}.tsv.json"),
        unthresholded=results("evaluation/predictions/{method}.unthresholded.parquet"),
        ranks=results("evaluation/predictions/{method}.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.held_out_predictions", "gofer.retrieval.cafa_format"),
    log:
        results("logs/predict_towers_{method}.log"),
    benchmark:
        results("benchmarks/predict_towers_{method}.tsv")
    wildcard_constraints:
        method="|".join(TOWERS),
    threads: up_to(2)
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/predict_towers.py"


rule run_cafaeval:
    """Run the CAFA evaluator on one method's predictions for the test proteins, roots left out."""
    message:
        "Evaluating {wildcards.method} with cafaeval"
    input:
        predictions=predicted("tsv"),
        truth_labels=results("inputs/truth_labels.parquet"),
        truth_terms=results("inputs/truth_terms.parquet"),
    output:
        result=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
    params:
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.cafaeval", "gofer.inputs.ground_truth"),
    log:
        results("logs/run_cafaeval_{method}.log"),
    benchmark:
        results("benchmarks/run_cafaeval_{method}.tsv")
    wildcard_constraints:
        method="|".join(map(re.escape, JUDGED)),
    threads: up_to(2)
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/run_cafaeval.py"


rule measure_predictions:
    """Measure one method per aspect and per set of terms, with intervals from evaluation.resamples resamples of the proteins."""
    message:
        "Measuring {wildcards.method}"
    input:
        predictions=predicted("tsv"),
        unthresholded=branch(lambda wildcards: METHODS[wildcards.method].unthresholded, predicted("unthresholded.parquet")),
        ranks=branch(lambda wildcards: METHODS[wildcards.method].unthresholded, predicted("ranks.parquet")),
        cafaeval=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
        truth_labels=results("inputs/truth_labels.parquet"),
        truth_terms=results("inputs/truth_terms.parquet"),
    output:
        measures=results("evaluation/measures/{method}.parquet"),
    params:
        settings=EVALUATION,
        seed=config["seed"],
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.subset_metrics", "gofer.inputs.ground_truth"),
    log:
        results("logs/measure_predictions_{method}.log"),
    benchmark:
        results("benchmarks/measure_predictions_{method}.tsv")
    wildcard_constraints:
        method="|".join(map(re.escape, JUDGED)),
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/measure_predictions.py"


rule check_leaks:
    """Repeat the leak checks of inputs on what training read and what is evaluated; a leak stops the evaluation."""
    message:
        "Checking for leakage between training and evaluation"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        annotations=results("inputs/annotations.parquet"),
    output:
        leaks=results("evaluation/leaks.tsv"),
    params:
        promised=config["inputs"]["splits"]["identity"] if config["inputs"]["splits"]["method"] == "identity" else None,
        zero_ancestors=config["inputs"]["term_sets"]["zero_ancestors"],
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.leaks"),
    log:
        results("logs/check_leaks.log"),
    benchmark:
        results("benchmarks/check_leaks.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/check_leaks.py"


rule collect_metrics:
    """Join the methods' figures into one table; metrics.tsv.json says which method could not run, and why."""
    message:
        "Collecting the metrics of all methods"
    input:
        measures=expand(results("evaluation/measures/{method}.parquet"), method=JUDGED),
        leaks=results("evaluation/leaks.tsv"),  # none, or nothing is collected
    output:
        metrics=report(results("evaluation/metrics.tsv"), caption="../workflow/report/metrics.rst", category="Evaluation"),
        differences=results("evaluation/differences.tsv"),
        status=results("evaluation/metrics.tsv.json"),
    params:
        code=code("gofer.evaluation.metric_rows"),
    log:
        results("logs/collect_metrics.log"),
    benchmark:
        results("benchmarks/collect_metrics.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/collect_metrics.py"
