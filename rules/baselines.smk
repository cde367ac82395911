# Baselines: what any method must beat, on the same validation and test proteins.
#
# Inputs:   inputs/{proteins,terms,splits,annotations,pid2pos}.parquet, the residue shards, embeddings/go/phase-D.parquet
# Outputs:  baselines/{naive,ridge,diamond,neighbours,text}.tsv with their .tsv.json
#           baselines/text.{unthresholded,ranks}.parquet     scores without a lower cutoff
#           baselines/neighbours.parquet             training proteins nearest by mean residue vectors, untrained
# Steps:    predict_naive, predict_ridge, predict_diamond, find_neighbours -> predict_neighbours -> predict_text

BASELINES = ["naive", "ridge", "diamond", "neighbours", "text"]


rule predict_naive:
    """Predict each term with its frequency among the training proteins; terms rarer than min_score are left out."""
    message:
        "Predicting from term frequencies alone"
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
        predictions=results("baselines/ridge.tsv"),
        status=results("baselines/ridge.tsv.json"),
    params:
        settings=EVALUATION,
        labels=config["retrieval"]["labels"],
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        code=code("gofer.baselines.kmer_ridge", "gofer.inputs.ontology.propagation"),
    log:
        results("logs/predict_ridge.log"),
    benchmark:
        results("benchmarks/predict_ridge.tsv")
    threads: 2
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_ridge.py"


rule predict_diamond:
    """Transfer labels from all training proteins that DIAMOND finds similar, weighted by bit score."""
    message:
        "Predicting from similar training proteins (DIAMOND)"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("baselines/diamond.tsv"),
        status=results("baselines/diamond.tsv.json"),
    params:
        settings=EVALUATION,
        code=code("gofer.baselines.diamond", "gofer.inputs.held_out"),
    log:
        results("logs/predict_diamond.log"),
    benchmark:
        results("benchmarks/predict_diamond.tsv")
    threads: 4
    conda:
        "../envs/diamond.yaml"
    script:
        "../workflow/scripts/predict_diamond.py"


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


rule predict_neighbours:
    """Carry labels over from the k nearest training proteins, weighted by cosine; k is chosen on validation proteins."""
    message:
        "Predicting from the nearest training proteins"
    input:
        neighbours=results("baselines/neighbours.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        predictions=results("baselines/neighbours.tsv"),
        status=results("baselines/neighbours.tsv.json"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.baselines.embedding_neighbours", "gofer.inputs.held_out"),
    log:
        results("logs/predict_neighbours.log"),
    benchmark:
        results("benchmarks/predict_neighbours.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_neighbours.py"


rule predict_text:
    """Score every term by the cosine of its text with the texts of the labels of a protein's nearest training proteins."""
    message:
        "Predicting from texts alone"
    input:
        neighbours=results("baselines/neighbours.parquet"),
        chosen=results("baselines/neighbours.tsv.json"),
        terms=results("inputs/terms.parquet"),
        splits=results("inputs/splits.parquet"),
        annotations=results("inputs/annotations.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        texts=results("embeddings/go/phase-D.parquet"),
    output:
        predictions=results("baselines/text.tsv"),
        status=results("baselines/text.tsv.json"),
        unthresholded=results("baselines/text.unthresholded.parquet"),
        ranks=results("baselines/text.ranks.parquet"),
    params:
        settings=EVALUATION,
        relations=config["inputs"]["relations"],
        code=code("gofer.baselines.text_cosine", "gofer.inputs.held_out", "gofer.embeddings.texts.go_lookup"),
    log:
        results("logs/predict_text.log"),
    benchmark:
        results("benchmarks/predict_text.tsv")
    conda:
        "../envs/baselines.yaml"
    script:
        "../workflow/scripts/predict_text.py"
