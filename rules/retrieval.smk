# Retrieval: every protein against every term of the release, including terms never seen in training.
#
# Inputs:   training/stage-D/model.safetensors, embeddings/go/phase-D.parquet, the residue shards, inputs/*.parquet,
#           and the files of the config keys query and query_annotations
# Outputs:  retrieval/protein_vectors.parquet        the run's proteins in the shared space
#           retrieval/label_model-train.safetensors  label transfer from the training proteins
#           retrieval/label_model-all.safetensors    label transfer from all annotated proteins, for queries
#           retrieval/calibration.json              from text and labels to a probability, fitted on validation proteins
#           model/<run>.gofer                       all that a prediction needs, in one file
#           retrieval/<query>/                      predictions.tsv, .cafa.tsv, .gaf and other forms, index.html, not_predicted.tsv,
#                                                   summary.json; impossible_in_taxon.tsv with the config key retrieval.taxon
# Steps:    embed_proteins -> fit_label_model (train) -> calibrate_scores -> pack_model ;
#           predict_part (from a model file only, chunk by chunk) -> gather_predictions

MODEL = results("training/stage-D/model.safetensors")
ALL_TEXTS = results("embeddings/go/phase-D.parquet")
KNOWN = config["retrieval"]["labels"]["known"]
TAXON = taxon_settings(config)
OWN_ANNOTATIONS = results("inputs/own_annotations.parquet") if config["judged_annotations"] else []


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
    threads: up_to(2)
    conda:
        "../envs/retrieval.yaml"
    priority: 1  # what takes longest waits for it
    script:
        "../workflow/scripts/embed_proteins.py"


rule fit_label_model:
    """Regress labels on vectors and sequences, with the kernel of retrieval.labels: those of the training proteins, to evaluate
    held-out ones, or those of all annotated proteins, for a query."""
    message:
        "Fitting label transfer ({wildcards.known})"
    input:
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        terms=results("inputs/terms.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
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
    """Fit the probability as a function of text, base rate and labels of similar proteins, per aspect, on validation proteins; where
    their older annotations are known, the trust in such statements too."""
    message:
        "Calibrating the scores on validation proteins"
    input:
        proteins=results("inputs/proteins.parquet"),
        vectors=results("retrieval/protein_vectors.parquet"),
        label_model=results("retrieval/label_model-train.safetensors"),
        known_hits=results("inputs/known_hits.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        own_annotations=OWN_ANNOTATIONS,
        texts=ALL_TEXTS,
        checkpoint=MODEL,
    output:
        calibration=results("retrieval/calibration.json"),
    params:
        relations=config["inputs"]["relations"],
        code=code("gofer.retrieval.scorer", "gofer.inputs.proteins.known_hits"),
    log:
        results("logs/calibrate_scores.log"),
    benchmark:
        results("benchmarks/calibrate_scores.tsv")
    threads: up_to(2)
    conda:
        "../envs/retrieval.yaml"
    script:
        "../workflow/scripts/calibrate_scores.py"


if config["model"] is None:

    rule pack_model:
        """Put all that a prediction needs into one file, with cutoffs at stated precision on validation proteins."""
        message:
            "Packing the model"
        input:
            proteins=results("inputs/proteins.parquet"),
            splits=results("inputs/splits.parquet"),
            ontology=results("inputs/ontology.parquet"),
            obsolete=results("inputs/obsolete.parquet"),
            terms=results("inputs/terms.parquet"),
            taxon_constraints=results("inputs/taxon_constraints.parquet"),
            term_sets=results("inputs/term_sets.parquet"),
            annotations=results("inputs/annotations.parquet"),
            pid2pos=results("inputs/pid2pos.parquet"),
            texts=ALL_TEXTS,
            residues=RESIDUE_MANIFEST,
            checkpoint=MODEL,
            vectors=results("retrieval/protein_vectors.parquet"),
            known_hits=results("inputs/known_hits.parquet"),
            judging_labels=results("retrieval/label_model-train.safetensors"),
            label_model=results(f"retrieval/label_model-{KNOWN}.safetensors"),
            calibration=results("retrieval/calibration.json"),
        output:
            model=OWN_MODEL,
        params:
            run=config["run"],
            known=KNOWN,
            synthetic="demo" in config,
            reported={key: config["retrieval"][key] for key in ("min_score", "max_terms", "evidence_windows")},
            encoder={**RESIDUE_VECTORS, "offline": RESIDUE_SETTINGS["offline"]},
            code=code("gofer.retrieval.pack_run"),
        log:
            results("logs/pack_model.log"),
        benchmark:
            results("benchmarks/pack_model.tsv")
        threads: up_to(2)
        conda:
            "../envs/retrieval.yaml"
        script:
            "../workflow/scripts/pack_model.py"


rule predict_part:
    """Predict for some of the query's proteins; how they are divided over jobs changes no prediction."""
    message:
        "Predicting for the proteins of {wildcards.query}, part {wildcards.part} of {params.parts}"
    input:
        query=QUERY or [],
        model=MODEL_FILE,
        annotations=QUERY_ANNOTATIONS,
        taxonomy=[*filter(None, [TAXON["lineage"]]), *TAXON["constraints"]],
    output:
        done=f"{PREDICTION_FOLDER}/parts/{{part}}.txt",
    params:
        read=read(QUERY, MODEL_FILE, *QUERY_ANNOTATIONS),
        folder=lambda wildcards: PREDICTION_FOLDER.format(query=wildcards.query),
        taxon=TAXON,
        parts=QUERY_PARTS,
        code=code("gofer.retrieval.prediction_run"),
    log:
        f"results/{MODEL_NAME}/logs/predict_part_{{query}}_{{part}}.log",
    benchmark:
        f"results/{MODEL_NAME}/benchmarks/predict_part_{{query}}_{{part}}.tsv"
    wildcard_constraints:
        part=r"\d+",
    threads: up_to(2)
    conda:
        environment("retrieval")
    priority: 1  # what takes longest waits for it
    script:
        "../workflow/scripts/predict_part.py"


rule gather_predictions:
    """Write the query's predictions in every form; what a part has made and is gone is made again."""
    message:
        "Writing the predictions for {wildcards.query}"
    input:
        parts=expand(f"{PREDICTION_FOLDER}/parts/{{part}}.txt", part=range(QUERY_PARTS), allow_missing=True),
        query=QUERY or [],
        model=MODEL_FILE,
        annotations=QUERY_ANNOTATIONS,
        taxonomy=[*filter(None, [TAXON["lineage"]]), *TAXON["constraints"]],
    output:
        **{form: f"{PREDICTION_FOLDER}/{name}" for form, name in PREDICTION_FILES.items() if form != "tsv"},
        **({"impossible": f"{PREDICTION_FOLDER}/{IMPOSSIBLE_IN_TAXON}"} if TAXON["id"] else {}),
        tsv=report(
            f"{PREDICTION_FOLDER}/{PREDICTION_FILES['tsv']}",
            caption="../workflow/report/predictions.rst",
            category="Predictions",
            labels={"query": "{query}"},
        ),
        cafa_status=f"{PREDICTION_FOLDER}/{PREDICTION_FILES['cafa']}.json",
        without=f"{PREDICTION_FOLDER}/{WITHOUT_PREDICTION}",
        summary=f"{PREDICTION_FOLDER}/{PREDICTION_SUMMARY}",
    params:
        folder=lambda wildcards: PREDICTION_FOLDER.format(query=wildcards.query),
        taxon=TAXON,
        code=code("gofer.retrieval.prediction_run"),
    log:
        f"results/{MODEL_NAME}/logs/gather_predictions_{{query}}.log",
    benchmark:
        f"results/{MODEL_NAME}/benchmarks/gather_predictions_{{query}}.tsv"
    threads: up_to(2)
    conda:
        environment("retrieval")
    priority: 1  # what takes longest waits for it
    script:
        "../workflow/scripts/gather_predictions.py"
