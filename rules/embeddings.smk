# Embeddings: residues of proteins by an ESM model, texts of GO terms by a sentence encoder.
#
# Inputs:   inputs/proteins.parquet, inputs/terms.parquet
# Outputs:  embeddings/plan.parquet                        which sequence is in which shard
#           embeddings/<model>/shard-<NNNNN>.parquet       residue embeddings, one row per distinct sequence
#           embeddings/<model>/manifest.parquet            where each sequence is
#           embeddings/go/phase-<P>.parquet                unit vectors of the terms' texts
#           embeddings.texts.cache, of all runs            the same by text, so only new texts are embedded
#           embeddings/pretraining/esm.safetensors         by name only: an ESM-2 trained on the run's proteins
#           embeddings/pretraining/pretraining.tsv         its learning curve, and n-gram baselines
# Steps:    plan_shards -> extract_residues -> collect_residues; embed_texts; pretrain_esm (by name only)

from gofer.config import residue_shards
from gofer.embeddings.encoder_names import residue_folder, shard_names, weights_mark

RESIDUE_SETTINGS = config["embeddings"]["residues"]
RESIDUES = residue_folder(RESIDUE_SETTINGS["model"], RESIDUE_SETTINGS["layer"])
# Settings that change a vector. How it is computed (device, memory, batches, cache) changes none and reruns nothing.
RESIDUE_VECTORS = {key: RESIDUE_SETTINGS[key] for key in ("model", "layer", "precision", "store", "window_overlap")}
SHARDS = shard_names(residue_shards(config))
TEXT_SETTINGS = config["embeddings"]["texts"]
RESIDUE_MANIFEST = results(f"embeddings/{RESIDUES}/manifest.parquet")


rule plan_shards:
    """Distribute the distinct sequences over the shards, each with about as many residues (embeddings.residues.shards); with
    inputs.splits.train_identity or train_most, only those of proteins that train or are held out."""
    message:
        "Planning the shards"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=(
            results("inputs/splits.parquet") if any(SPLIT_SETTINGS[key] for key in ("train_identity", "train_most")) else []
        ),
    output:
        plan=results("embeddings/plan.parquet"),
    params:
        shards=len(SHARDS),
        code=code("gofer.embeddings.residues.shards", "gofer.inputs.splits.representatives"),
    log:
        results("logs/plan_shards.log"),
    benchmark:
        results("benchmarks/plan_shards.tsv")
    conda:
        "../envs/embeddings.yaml"
    script:
        "../workflow/scripts/plan_shards.py"


rule extract_residues:
    """Embed the residues of one shard with embeddings.residues.model, except sequences in embeddings.residues.cache.
    Proteins longer than the model takes are read in windows."""
    message:
        "Embedding residues, shard {wildcards.shard}"
    input:
        proteins=results("inputs/proteins.parquet"),
        plan=results("embeddings/plan.parquet"),
    output:
        shard=results(f"embeddings/{RESIDUES}/shard-{{shard}}.parquet"),
    params:
        settings=RESIDUE_VECTORS,
        weights=weights_mark(RESIDUE_SETTINGS["model"]),
        code=code("gofer.embeddings.residues.embed_shard"),
    log:
        results("logs/extract_residues_{shard}.log"),
        accounting=results("logs/extract_residues_{shard}.accounting.tsv"),
    benchmark:
        results("benchmarks/extract_residues_{shard}.tsv")
    wildcard_constraints:
        shard=r"\d{5}",
    conda:
        environment("embeddings")
    script:
        "../workflow/scripts/extract_residues.py"


rule collect_residues:
    """Write where each sequence's embeddings are, and refuse shards of different encoders or other sequences."""
    message:
        "Collecting the shards"
    input:
        shards=expand(results(f"embeddings/{RESIDUES}/shard-{{shard}}.parquet"), shard=SHARDS),
        plan=results("embeddings/plan.parquet"),
    output:
        manifest=RESIDUE_MANIFEST,
    params:
        code=code("gofer.embeddings.residues.shards"),
    log:
        results("logs/collect_residues.log"),
    benchmark:
        results("benchmarks/collect_residues.tsv")
    conda:
        "../envs/embeddings.yaml"
    script:
        "../workflow/scripts/collect_residues.py"


rule embed_texts:
    """Embed the terms' texts of one phase, each of at most embeddings.texts.max_tokens: training's terms for A to C, all for D."""
    message:
        "Embedding GO texts of phase {wildcards.phase}"
    input:
        terms=results("inputs/terms.parquet"),
    output:
        vectors=results("embeddings/go/phase-{phase}.parquet"),
    params:
        settings={key: value for key, value in TEXT_SETTINGS.items() if key != "cache"},
        weights=weights_mark(f"{TEXT_SETTINGS['encoder']}/model.safetensors"),
        code=code(
            "gofer.embeddings.texts.text_budget", "gofer.embeddings.texts.text_encoder", "gofer.embeddings.texts.go_lookup"
        ),
    log:
        results("logs/embed_texts_{phase}.log"),
    benchmark:
        results("benchmarks/embed_texts_{phase}.tsv")
    wildcard_constraints:
        phase="[A-D]",
    threads: up_to(2)
    conda:
        environment("embeddings")
    priority: lambda wildcards: wildcards.phase == text_phase("A")  # the first stage of training waits for it
    script:
        "../workflow/scripts/embed_texts.py"


rule pretrain_esm:
    """Train an ESM-2 of embeddings.pretraining on the run's proteins; run by name only. A killed run resumes."""
    message:
        "Pre-training an ESM-2"
    input:
        proteins=results("inputs/proteins.parquet"),
    output:
        model=results("embeddings/pretraining/esm.safetensors"),
        metrics=results("embeddings/pretraining/pretraining.tsv"),
    params:
        pretraining=config["embeddings"]["pretraining"],
        identity=SPLIT_SETTINGS["identity"],
        seed=config["seed"],
        code=code("gofer.embeddings.pretraining.pretrain", "gofer.embeddings.pretraining.ngrams"),
    log:
        results("logs/pretrain_esm.log"),
    benchmark:
        results("benchmarks/pretrain_esm.tsv")
    threads: 1  # the weights depend on the number
    conda:
        environment("embeddings")
    script:
        "../workflow/scripts/pretrain_esm.py"
