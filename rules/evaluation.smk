# Evaluation: how good the predictions for the test proteins are, beside what any method must beat.
#
# Inputs:   inputs/{proteins,terms,term_sets,annotations,splits,pid2pos}.parquet
#           evaluation/predictions/gofer.{tsv,uncut.parquet,ranks.parquet}   the model's predictions (rule predict_held_out)
#           the residue shards; embeddings/go/phase-D.parquet
# Outputs:  evaluation/predictions/{naive,ridge,diamond,diamond_best,neighbours,text}.tsv
#           evaluation/predictions/text.{uncut,ranks}.parquet
#           evaluation/predictions/{gofer,naive,ridge}+diamond.tsv     blends, DIAMOND's share chosen on val proteins
#           evaluation/predictions/{texts_alone,bce}.tsv, …     with evaluation.bce_twin: towers alone, of both losses
#           evaluation/neighbours.parquet            training proteins nearest by mean residue vectors, untrained
#           evaluation/judged/{terms,proteins,knowledge,known}.parquet   what a benchmark has judged apart
#           evaluation/cafaeval/{method}/evaluation_all.tsv, with everything that cafaeval read beside it
#           evaluation/leaks.tsv                     check, found, of, handling: what is evaluated is new to training
#           evaluation/metrics.tsv                   method, split, aspect, term_set, metric, value, low, high, n
#           evaluation/differences.tsv               method, against, and the same: how far gofer stands above each other
# Steps:    predict_naive, predict_ridge, predict_diamond, find_neighbours -> predict_neighbours -> predict_text,
#           blend_with_diamond, choose_judged -> run_cafaeval -> measure_predictions, check_leaks -> collect_metrics


BASES = ["gofer", "naive", "ridge"]  # methods that are also blended with DIAMOND
METHODS = [*BASES, "diamond", "diamond_best", "neighbours", "text", *(f"{method}+diamond" for method in BASES)]
TOWERS = {"texts_alone": "training/stage-D/model.safetensors", "bce": "training/bce/model.safetensors"}
UNCUT = ["gofer", "text", *TOWERS]  # methods that also leave scores without a lower cutoff
if config["evaluation"]["bce_twin"]:
    METHODS += TOWERS
# With later: test, what was stated before the first day of the test is not asked for.
JUDGED_SPLITS = config["inputs"]["splits"]
KNOWN_BEFORE = JUDGED_SPLITS["test_from"] if (JUDGED_SPLITS["method"], JUDGED_SPLITS["later"]) == ("date", "test") else None


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
        settings=EVALUATION,
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
    """Regress labels on words of residues and composition (of retrieval.labels): what needs no model."""
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
        settings=EVALUATION,
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
    """Carry labels over from training proteins that DIAMOND finds similar, up to an e-value of diamond_evalue: from all of
    them, weighted by bit score (diamond), and from the best alone (diamond_best)."""
    message:
        "Predicting from similar training proteins (DIAMOND)"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("evaluation/predictions/diamond.tsv"),
        status=results("evaluation/predictions/diamond.tsv.json"),
        best=results("evaluation/predictions/diamond_best.tsv"),
        best_status=results("evaluation/predictions/diamond_best.tsv.json"),
    params:
        settings=EVALUATION,
        code=code("gofer.evaluation.baselines", "gofer.evaluation.truth"),
    log:
        results("logs/predict_diamond.log"),
    benchmark:
        results("benchmarks/predict_diamond.tsv")
    threads: 4
    conda:
        "../envs/diamond.yaml"
    script:
        "../workflow/scripts/predict_diamond.py"


rule blend_with_diamond:
    """Blend a method with what similar training proteins have; how much these count is chosen on validation proteins."""
    message:
        "Blending {wildcards.method} with DIAMOND"
    input:
        method=results("evaluation/predictions/{method}.tsv"),
        diamond=results("evaluation/predictions/diamond.tsv"),
        diamond_status=results("evaluation/predictions/diamond.tsv.json"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        predictions=results("evaluation/predictions/{method}+diamond.tsv"),
        status=results("evaluation/predictions/{method}+diamond.tsv.json"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.blends"),
    log:
        results("logs/blend_with_diamond_{method}.log"),
    benchmark:
        results("benchmarks/blend_with_diamond_{method}.tsv")
    wildcard_constraints:
        method="|".join(BASES),
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/blend_with_diamond.py"


rule find_neighbours:
    """Find the 100 annotated training proteins nearest to each held-out one, by the cosine of mean residue vectors."""
    message:
        "Finding the nearest training proteins by mean residue vectors"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        residues=results(f"embeddings/{RESIDUES}/manifest.parquet"),
    output:
        neighbours=results("evaluation/neighbours.parquet"),
    params:
        code=code("gofer.evaluation.neighbours"),
    log:
        results("logs/find_neighbours.log"),
    benchmark:
        results("benchmarks/find_neighbours.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/find_neighbours.py"


rule predict_neighbours:
    """Carry labels over from the k nearest training proteins, weighted by cosine; k is chosen on validation proteins."""
    message:
        "Predicting from the nearest training proteins"
    input:
        neighbours=results("evaluation/neighbours.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("evaluation/predictions/neighbours.tsv"),
        status=results("evaluation/predictions/neighbours.tsv.json"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.neighbours", "gofer.evaluation.truth"),
    log:
        results("logs/predict_neighbours.log"),
    benchmark:
        results("benchmarks/predict_neighbours.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/predict_neighbours.py"


rule predict_text:
    """Score every term by the cosine of its text with the texts of the labels of a protein's nearest training proteins."""
    message:
        "Predicting from texts alone"
    input:
        neighbours=results("evaluation/neighbours.parquet"),
        chosen=results("evaluation/predictions/neighbours.tsv.json"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        annotations=results("inputs/annotations.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        texts=results("embeddings/go/phase-D.parquet"),
    output:
        predictions=results("evaluation/predictions/text.tsv"),
        status=results("evaluation/predictions/text.tsv.json"),
        uncut=results("evaluation/predictions/text.uncut.parquet"),
        ranks=results("evaluation/predictions/text.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.text_cosine", "gofer.evaluation.truth", "gofer.embeddings.go_cache"),
    log:
        results("logs/predict_text.log"),
    benchmark:
        results("benchmarks/predict_text.tsv")
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/predict_text.py"


rule predict_texts_alone:
    """Predict by a model's two towers alone, texts of terms and base rates: the run's own, or those of its BCE twin."""
    message:
        "Predicting with the towers alone ({wildcards.method})"
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
        uncut=results("evaluation/predictions/{method}.uncut.parquet"),
        ranks=results("evaluation/predictions/{method}.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.retrieval.held_out", "gofer.evaluation.cafa_parts"),
    log:
        results("logs/predict_texts_alone_{method}.log"),
    benchmark:
        results("benchmarks/predict_texts_alone_{method}.tsv")
    wildcard_constraints:
        method="|".join(TOWERS),
    threads: 2
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/predict_texts_alone.py"


rule choose_judged:
    """Read the vocabulary evaluation.terms and the sets evaluation.protein_sets; with inputs.splits.later test, tell what was
    known of each test protein before."""
    message:
        "Choosing what is judged apart"
    input:
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        listed=listed(config["evaluation"]["terms"]),
        sets=[source["path"] for source in protein_sets(config)],
    output:
        judged_terms=results("evaluation/judged/terms.parquet"),
        judged_proteins=results("evaluation/judged/proteins.parquet"),
        knowledge=results("evaluation/judged/knowledge.parquet"),
        known=results("evaluation/judged/known.parquet"),
    params:
        settings={"limits": config["inputs"]["limits"]},
        terms=listed(config["evaluation"]["terms"]) or None,
        protein_sets=protein_sets(config),
        known_before=KNOWN_BEFORE,
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.knowledge", "gofer.inputs.term_lists", "gofer.inputs.schemas"),
    log:
        results("logs/choose_judged.log"),
    benchmark:
        results("benchmarks/choose_judged.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/choose_judged.py"


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
        judged_terms=results("evaluation/judged/terms.parquet"),
        judged_proteins=results("evaluation/judged/proteins.parquet"),
        knowledge=results("evaluation/judged/knowledge.parquet"),
        known=results("evaluation/judged/known.parquet"),
    output:
        result=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
    params:
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.evaluator", "gofer.evaluation.truth"),
    log:
        results("logs/run_cafaeval_{method}.log"),
    benchmark:
        results("benchmarks/run_cafaeval_{method}.tsv")
    wildcard_constraints:
        method="|".join(map(re.escape, METHODS)),
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
        uncut=branch(lambda wildcards: wildcards.method in UNCUT, results("evaluation/predictions/{method}.uncut.parquet")),
        ranks=branch(lambda wildcards: wildcards.method in UNCUT, results("evaluation/predictions/{method}.ranks.parquet")),
        cafaeval=results("evaluation/cafaeval/{method}/evaluation_all.tsv"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        judged_terms=results("evaluation/judged/terms.parquet"),
        judged_proteins=results("evaluation/judged/proteins.parquet"),
        knowledge=results("evaluation/judged/knowledge.parquet"),
        known=results("evaluation/judged/known.parquet"),
    output:
        measures=results("evaluation/measures/{method}.parquet"),
    params:
        settings=EVALUATION,
        seed=config["seed"],
        relations=config["inputs"]["relations"],
        code=code("gofer.evaluation.apart"),
    log:
        results("logs/measure_predictions_{method}.log"),
    benchmark:
        results("benchmarks/measure_predictions_{method}.tsv")
    wildcard_constraints:
        method="|".join(map(re.escape, METHODS)),
    conda:
        "../envs/evaluation.yaml"
    script:
        "../workflow/scripts/measure_predictions.py"


rule check_leaks:
    """Repeat the leak checks of inputs on what training read and what is evaluated; a leak ends the evaluation."""
    message:
        "Checking that what is evaluated is new to training"
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
        measures=expand(results("evaluation/measures/{method}.parquet"), method=METHODS),
        leaks=results("evaluation/leaks.tsv"),  # none, or nothing is collected
    output:
        metrics=report(results("evaluation/metrics.tsv"), caption="../workflow/report/metrics.rst", category="Evaluation"),
        differences=results("evaluation/differences.tsv"),
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
