# Evaluation: how good the predictions for the test proteins are, beside what any method must beat.
#
# Inputs:   inputs/{proteins,terms,term_sets,annotations,splits,pid2pos}.parquet
#           evaluation/predictions/gofer.{tsv,uncut.parquet}   the model's predictions for val and test proteins (rule predict_held_out)
# Outputs:  evaluation/predictions/{naive,ridge,diamond}.tsv
#           evaluation/cafaeval/{method}/evaluation_all.tsv, with everything that cafaeval read beside it
#           evaluation/metrics.tsv                   method, split, aspect, term_set, metric, value, low, high, n
# Steps:    predict_naive, predict_ridge, predict_diamond -> run_cafaeval -> measure_predictions -> collect_metrics


METHODS = ["gofer", "naive", "ridge", "diamond"]


rule predict_naive:
    """Predict each term with its frequency among the training proteins; terms rarer than min_score are left out."""
    message:
        "Predicting from term frequencies alone"
    input:
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        predictions=results("evaluation/predictions/naive.tsv"),
        status=results("evaluation/predictions/naive.tsv.json"),
    params:
        settings=config["evaluation"],
        code=code("gofer.evaluation.baselines"),
    log:
        results("logs/predict_naive.log"),
    benchmark:
        results("benchmarks/predict_naive.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/predict_naive.py"


rule predict_ridge:
    """Regress labels on words of residues and composition (retrieval.labels without learned): what needs no model."""
    message:
        "Predicting from words of residues alone"
    input:
        proteins=results("inputs/proteins.parquet"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("evaluation/predictions/ridge.tsv"),
        status=results("evaluation/predictions/ridge.tsv.json"),
    params:
        settings=config["evaluation"],
        labels=config["retrieval"]["labels"],
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        code=code("gofer.evaluation.baselines", "gofer.embeddings.go_text"),
    log:
        results("logs/predict_ridge.log"),
    benchmark:
        results("benchmarks/predict_ridge.tsv")
    threads: 2
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/predict_ridge.py"


rule predict_diamond:
    """Carry labels over from training proteins that DIAMOND finds similar, up to an e-value of diamond_evalue."""
    message:
        "Predicting from similar training proteins (DIAMOND)"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("evaluation/predictions/diamond.tsv"),
        status=results("evaluation/predictions/diamond.tsv.json"),
    params:
        settings=config["evaluation"],
        code=code("gofer.evaluation.baselines"),
    log:
        results("logs/predict_diamond.log"),
    benchmark:
        results("benchmarks/predict_diamond.tsv")
    threads: 4
    conda:
        "../envs/diamond.yaml"
    script:
        "../workflow/scripts/predict_diamond.py"


rule run_cafaeval:
    """Run the CAFA evaluator on one method's predictions for the test proteins, roots left out."""
    message:
        "Evaluating {wildcards.method} with cafaeval"
    input:
        predictions=results("evaluation/predictions/{method}.tsv"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        result=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
    params:
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.evaluator", "gofer.evaluation.measures"),
    log:
        results("logs/run_cafaeval_{method}.log"),
    benchmark:
        results("benchmarks/run_cafaeval_{method}.tsv")
    wildcard_constraints:
        method="|".join(METHODS),
    threads: 2
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/run_cafaeval.py"


rule measure_predictions:
    """Measure one method per aspect and per set of terms, with intervals from that many resamples of the proteins."""
    message:
        "Measuring {wildcards.method}"
    input:
        predictions=results("evaluation/predictions/{method}.tsv"),
        uncut=lambda wildcards: results("evaluation/predictions/gofer.uncut.parquet") if wildcards.method == "gofer" else [],
        cafaeval=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        measures=results("evaluation/measures/{method}.parquet"),
    params:
        settings=config["evaluation"],
        seed=config["seed"],
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.measures"),
    log:
        results("logs/measure_predictions_{method}.log"),
    benchmark:
        results("benchmarks/measure_predictions_{method}.tsv")
    wildcard_constraints:
        method="|".join(METHODS),
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/measure_predictions.py"


rule collect_metrics:
    """Join the methods' figures into one table; metrics.tsv.json says which method could not run, and why."""
    message:
        "Collecting the metrics of all methods"
    input:
        expand(results("evaluation/measures/{method}.parquet"), method=METHODS),
    output:
        metrics=report(results("evaluation/metrics.tsv"), caption="../workflow/report/metrics.rst", category="Evaluation"),
        status=results("evaluation/metrics.tsv.json"),
    params:
        code=code("gofer.evaluation.measures"),
    log:
        results("logs/collect_metrics.log"),
    benchmark:
        results("benchmarks/collect_metrics.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/collect_metrics.py"
