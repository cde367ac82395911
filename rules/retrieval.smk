# Retrieval: every protein against every term of the release, terms never seen in training included.
#
# Inputs:   training/stage-D/model.safetensors, embeddings/go/phase-D.parquet, the residue shards, inputs/*.parquet,
#           and the FASTA file of the config key query
# Outputs:  retrieval/protein_vectors.parquet        the run's proteins in the shared space
#           retrieval/label_model-train.safetensors  what labels of similar training proteins say of a protein
#           retrieval/label_model-all.safetensors    the same of all annotated proteins, for queries
#           retrieval/calibration.json              from text and labels to a probability, fitted on validation proteins
#           retrieval/<query>/predictions.tsv, predictions.cafa.tsv, predictions.gaf
# Steps:    embed_proteins -> fit_label_model (train) -> calibrate_scores ;
#           read_query -> plan_query -> extract_query -> collect_query -> predict_query

MODEL = results("training/stage-D/model.safetensors")
ALL_TEXTS = results("embeddings/go/phase-D.parquet")
QUERY_FOLDER = "retrieval/{query}"
KNOWN = config["retrieval"]["labels"]["known"]
# A query is small beside a run of 10,000 shards: cut into as many, it would be 10,000 more jobs of a few sequences each.
MOST_QUERY_SHARDS = 16
QUERY_SHARDS = SHARDS[:MOST_QUERY_SHARDS]


rule embed_proteins:
    """Compute the vector of every protein of the run with the last stage's model."""
    message:
        "Embedding the run's proteins in the shared space"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
        residues=RESIDUE_MANIFEST,
        checkpoint=MODEL,
    output:
        vectors=results("retrieval/protein_vectors.parquet"),
    params:
        code=code("gofer.retrieval.protein_vectors", "gofer.training.encode"),
    log:
        results("logs/embed_proteins.log"),
    benchmark:
        results("benchmarks/embed_proteins.tsv")
    threads: 2
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/embed_proteins.py"


rule fit_label_model:
    """Regress labels on vectors and sequences, with the kernel of retrieval.labels: those of the training proteins, by which
    held-out ones are judged, or those of all annotated proteins, for a query."""
    message:
        "Fitting what labels of similar proteins say ({wildcards.known})"
    input:
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        terms=results("inputs/terms.parquet"),
        annotations=results("inputs/annotations.parquet"),
    output:
        label_model=results("retrieval/label_model-{known}.safetensors"),
    params:
        settings={key: value for key, value in config["retrieval"]["labels"].items() if key != "known"},
        seed=config["seed"],
        code=code("gofer.retrieval.label_model", "gofer.retrieval.protein_vectors"),
    log:
        results("logs/fit_label_model_{known}.log"),
    benchmark:
        results("benchmarks/fit_label_model_{known}.tsv")
    wildcard_constraints:
        known="train|all",
    threads: 1  # the last bits of the weights depend on the number
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/fit_label_model.py"


rule calibrate_scores:
    """Fit, per aspect, how text, base rate and labels of similar proteins become a probability; on validation proteins."""
    message:
        "Calibrating the scores on validation proteins"
    input:
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        label_model=results("retrieval/label_model-train.safetensors"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        texts=ALL_TEXTS,
        checkpoint=MODEL,
    output:
        calibration=results("retrieval/calibration.json"),
    params:
        relations=config["inputs"]["relations"],
        code=code("gofer.retrieval.scorer"),
    log:
        results("logs/calibrate_scores.log"),
    benchmark:
        results("benchmarks/calibrate_scores.tsv")
    threads: 2
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/calibrate_scores.py"


use rule read_proteins as read_query with:
    message:
        "Reading the query's proteins"
    input:
        fasta=QUERY or [],
    output:
        proteins=results(f"{QUERY_FOLDER}/inputs/proteins.parquet"),
        accounting=results(f"{QUERY_FOLDER}/inputs/accounting-proteins.parquet"),
    log:
        results("logs/read_query_{query}.log"),
    benchmark:
        results("benchmarks/read_query_{query}.tsv")


use rule plan_shards as plan_query with:
    message:
        "Planning the query's shards"
    input:
        proteins=results(f"{QUERY_FOLDER}/inputs/proteins.parquet"),
    output:
        plan=results(f"{QUERY_FOLDER}/embeddings/plan.parquet"),
    params:
        shards=len(QUERY_SHARDS),
    log:
        results("logs/plan_query_{query}.log"),
    benchmark:
        results("benchmarks/plan_query_{query}.tsv")


use rule extract_residues as extract_query with:
    message:
        "Embedding the query's residues, shard {wildcards.shard}"
    input:
        proteins=results(f"{QUERY_FOLDER}/inputs/proteins.parquet"),
        plan=results(f"{QUERY_FOLDER}/embeddings/plan.parquet"),
    output:
        shard=results(f"{QUERY_FOLDER}/embeddings/{RESIDUES}/shard-{{shard}}.parquet"),
    log:
        results("logs/extract_query_{query}_{shard}.log"),
        accounting=results("logs/extract_query_{query}_{shard}.accounting.tsv"),
    benchmark:
        results("benchmarks/extract_query_{query}_{shard}.tsv")


use rule collect_residues as collect_query with:
    message:
        "Collecting the query's shards"
    input:
        shards=expand(
            results(f"{QUERY_FOLDER}/embeddings/{RESIDUES}/shard-{{shard}}.parquet"), shard=QUERY_SHARDS, allow_missing=True
        ),
        plan=results(f"{QUERY_FOLDER}/embeddings/plan.parquet"),
    output:
        manifest=results(f"{QUERY_FOLDER}/embeddings/{RESIDUES}/manifest.parquet"),
    log:
        results("logs/collect_query_{query}.log"),
    benchmark:
        results("benchmarks/collect_query_{query}.tsv")


rule predict_query:
    """Predict for the query: at most retrieval.max_terms terms per protein, none below retrieval.min_score."""
    message:
        "Predicting for the proteins of {wildcards.query}"
    input:
        query=results(f"{QUERY_FOLDER}/inputs/proteins.parquet"),
        residues=results(f"{QUERY_FOLDER}/embeddings/{RESIDUES}/manifest.parquet"),
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        label_model=results(f"retrieval/label_model-{KNOWN}.safetensors"),
        calibration=results("retrieval/calibration.json"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        annotations=results("inputs/annotations.parquet"),
        texts=ALL_TEXTS,
        checkpoint=MODEL,
    output:
        table=report(
            results(f"{QUERY_FOLDER}/predictions.tsv"),
            caption="../workflow/report/predictions.rst",
            category="Predictions",
            labels={"query": "{query}"},
        ),
        cafa=results(f"{QUERY_FOLDER}/predictions.cafa.tsv"),
        cafa_status=results(f"{QUERY_FOLDER}/predictions.cafa.tsv.json"),
        gaf=results(f"{QUERY_FOLDER}/predictions.gaf"),
    params:
        run=config["run"],
        known=KNOWN,
        settings={key: value for key, value in config["retrieval"].items() if key != "labels"},
        relations=config["inputs"]["relations"],
        code=code("gofer.retrieval.query", "gofer.retrieval.gaf_writer", "gofer.retrieval.cafa_format"),
    log:
        results("logs/predict_query_{query}.log"),
    benchmark:
        results("benchmarks/predict_query_{query}.tsv")
    threads: 2
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/predict_query.py"
