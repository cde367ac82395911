# Baselines: simple methods that gofer must beat, on the same validation and test proteins. gofer.methods describes them.
#
# Inputs:   inputs/{proteins,terms,splits,annotations,pid2pos}.parquet, the residue shards, embeddings/go/phase-D.parquet
# Outputs:  baselines/{naive,kmer_ridge,diamond,embedding_neighbours,text_cosine}.tsv with their .tsv.json
#           baselines/own_annotations.tsv            with judged_annotations: the proteins' older annotations
#           baselines/text_cosine.{unthresholded,ranks}.parquet     scores without a lower cutoff
#           baselines/neighbours.parquet             training proteins nearest by mean residue vectors, untrained
# Steps:    predict_naive, predict_kmer_ridge, predict_diamond, predict_own_annotations, find_neighbours -> predict_embedding_neighbours -> predict_text_cosine

BASELINES = [
    name for name, method in METHODS.items() if method.baseline and (config["judged_annotations"] or not method.judged_only)
]


rule predict_naive:
    """Predict each term with its frequency among the training proteins; terms rarer than min_score are left out."""
    message:
        "Predicting from term frequencies"
    input:
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        predictions=results("baselines/naive.tsv"),
        status=results("baselines/naive.tsv.json"),
    params:
        settings=EVALUATION,
        code=code("gofer.baselines.naive"),
    log:
        results("logs/predict_naive.log"),
    benchmark:
        results("benchmarks/predict_naive.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_naive.py"


rule predict_kmer_ridge:
    """Kernel ridge regression of labels on k-mers and composition (settings: retrieval.labels); it needs no model."""
    message:
        "Predicting from k-mers (kernel ridge regression)"
    input:
        proteins=results("inputs/proteins.parquet"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("baselines/kmer_ridge.tsv"),
        status=results("baselines/kmer_ridge.tsv.json"),
    params:
        settings=EVALUATION,
        labels=config["retrieval"]["labels"],
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        code=code("gofer.baselines.kmer_ridge", "gofer.inputs.ontology.propagation"),
    log:
        results("logs/predict_kmer_ridge.log"),
    benchmark:
        results("benchmarks/predict_kmer_ridge.tsv")
    threads: up_to(2)
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_kmer_ridge.py"


rule predict_diamond:
    """Transfer labels from all training proteins that DIAMOND finds similar, weighted by bit score."""
    message:
        "Predicting from similar training proteins (DIAMOND)"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        known_hits=results("inputs/known_hits.parquet"),
    output:
        predictions=results("baselines/diamond.tsv"),
        status=results("baselines/diamond.tsv.json"),
    params:
        settings=EVALUATION,
        code=code("gofer.baselines.diamond", "gofer.inputs.held_out", "gofer.inputs.proteins.known_hits"),
    log:
        results("logs/predict_diamond.log"),
    benchmark:
        results("benchmarks/predict_diamond.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_diamond.py"


if config["judged_annotations"]:

    rule predict_own_annotations:
        """Predict the older annotations of each judged protein, propagated, with the score 1."""
        message:
            "Predicting the proteins' older annotations"
        input:
            own_annotations=results("inputs/own_annotations.parquet"),
            terms=results("inputs/terms.parquet"),
        output:
            predictions=results("baselines/own_annotations.tsv"),
            status=results("baselines/own_annotations.tsv.json"),
        params:
            code=code("gofer.retrieval.cafa_format", "gofer.inputs.ontology.go_graph"),
        log:
            results("logs/predict_own_annotations.log"),
        benchmark:
            results("benchmarks/predict_own_annotations.tsv")
        conda:
            "../envs/baselines.yaml"
        script:
            "../workflow/scripts/predict_own_annotations.py"


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
        neighbours=results("baselines/neighbours.parquet"),
    params:
        code=code("gofer.baselines.embedding_neighbours"),
    log:
        results("logs/find_neighbours.log"),
    benchmark:
        results("benchmarks/find_neighbours.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/find_neighbours.py"


rule predict_embedding_neighbours:
    """Transfer labels from the k nearest training proteins, weighted by cosine; k is chosen on validation proteins."""
    message:
        "Predicting from the nearest training proteins (mean residue vectors)"
    input:
        neighbours=results("baselines/neighbours.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("baselines/embedding_neighbours.tsv"),
        status=results("baselines/embedding_neighbours.tsv.json"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.baselines.embedding_neighbours", "gofer.inputs.held_out"),
    log:
        results("logs/predict_embedding_neighbours.log"),
    benchmark:
        results("benchmarks/predict_embedding_neighbours.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_embedding_neighbours.py"


rule predict_text_cosine:
    """Score every term by the cosine of its text with the texts of the labels of a protein's nearest training proteins."""
    message:
        "Predicting from texts (cosine)"
    input:
        neighbours=results("baselines/neighbours.parquet"),
        chosen=results("baselines/embedding_neighbours.tsv.json"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        annotations=results("inputs/annotations.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        texts=results("embeddings/go/phase-D.parquet"),
    output:
        predictions=results("baselines/text_cosine.tsv"),
        status=results("baselines/text_cosine.tsv.json"),
        unthresholded=results("baselines/text_cosine.unthresholded.parquet"),
        ranks=results("baselines/text_cosine.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.baselines.text_cosine", "gofer.inputs.held_out", "gofer.embeddings.texts.go_lookup"),
    log:
        results("logs/predict_text_cosine.log"),
    benchmark:
        results("benchmarks/predict_text_cosine.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_text_cosine.py"
