# Ablation: does each part of training earn its place? Only on demand: snakemake ablation
#
# Inputs:   inputs/{proteins,terms,term_sets,pid2pos,annotations,splits}.parquet, the residue shards,
#           embeddings/go/phase-<P>.parquet
# Outputs:  ablation/<part>-<seed>.tsv         part, seed, metric, value: figures on validation proteins
#           ablation/ablation.tsv, ablation.png      part, metric, value, compared_with, difference, low, high, seeds
# Steps:    ablate -> ablation

ABLATED = ["full", *config["ablation"]["parts"]]
ABLATION_SEEDS = range(config["seed"], config["seed"] + config["ablation"]["seeds"])


rule ablate:
    """Train stages A to D without one part, for a share of their epochs; judge by what texts say of validation proteins."""
    message:
        "Training without: {wildcards.part}, seed {wildcards.seed}"
    input:
        proteins=results("inputs/proteins.parquet"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        residues=RESIDUE_MANIFEST,
        texts=expand(results("embeddings/go/phase-{phase}.parquet"), phase=list(STAGES)),
    output:
        figures=results("ablation/{part}-{seed}.tsv"),
    params:
        training={key: value for key, value in config["training"].items() if key not in ("checkpoint_minutes", "wandb")},
        mining=config["mining"],
        relations=config["inputs"]["relations"],
        share=config["ablation"]["epochs"],
        phases=list(STAGES),
        code=code("gofer.training.ablation"),
    log:
        results("logs/ablate_{part}_{seed}.log"),
    benchmark:
        results("benchmarks/ablate_{part}_{seed}.tsv")
    wildcard_constraints:
        part="[a-z_]+",
        seed="[0-9]+",
    threads: 1
    conda:
        "../envs/training.yaml"
    script:
        "../workflow/scripts/ablate.py"


rule ablation:
    """Hold every part's figures against those of the full model, seed by seed: a table with intervals and a picture."""
    message:
        "Comparing trainings without one part each"
    input:
        figures=expand(results("ablation/{part}-{seed}.tsv"), part=ABLATED, seed=ABLATION_SEEDS),
    output:
        table=results("ablation/ablation.tsv"),
        picture=results("ablation/ablation.png"),
    params:
        code=code("gofer.report.ablation"),
    log:
        results("logs/ablation.log"),
    benchmark:
        results("benchmarks/ablation.tsv")
    conda:
        "../envs/report.yaml"
    script:
        "../workflow/scripts/ablation.py"
