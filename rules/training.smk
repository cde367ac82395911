# Training: stages A to D, each a separate job that starts from the checkpoint of the previous stage.
#
# Inputs:   inputs/{proteins,terms,term_sets,pid2pos}.parquet, the residue shards, embeddings/go/phase-<P>.parquet,
#           mining/phase-<S>.faiss
# Outputs:  training/curriculum.tsv, curriculum.png      the plan before training: stage, step, knob, value
#           training/stage-<S>/model.safetensors     the best epoch by validation Fmax
#           training/stage-<S>/metrics.tsv           stage, epoch, step, split, metric, value
#           training/wandb/                          not an output: the W&B run of all stages, one folder for each try of a stage
#           training/stage-<S>/resume/               not an output: the state of a stopped stage, deleted when it is done
#           training/bce_twin/model.safetensors      with evaluation.bce_twin: the same stages with binary cross-entropy
#           training/ablation/ablation.tsv, .png     by name only: training without one part at a time
# Steps:    plan_curriculum; train_stage A, then B, C, D; train_twin; ablate -> ablation


rule plan_curriculum:
    """Tabulate and plot, before any training, the hardness of the negatives at each step of each stage."""
    message:
        "Planning the curriculum"
    input:
        pid2pos=results("inputs/pid2pos.parquet"),
    output:
        table=results("training/curriculum.tsv"),
        picture=report(
            results("training/curriculum.png"),
            caption="../workflow/report/curriculum.rst",
            category="Training",
            labels={"stage": "all", "what": "plan of the curriculum"},
        ),
    params:
        training=config["training"],
        code=code("gofer.mining.curriculum", "gofer.training.settings", "gofer.training.shuffled_rows", "gofer.report.plots"),
    log:
        results("logs/plan_curriculum.log"),
    benchmark:
        results("benchmarks/plan_curriculum.tsv")
    conda:
        "../envs/report.yaml"
    script:
        "../workflow/scripts/plan_curriculum.py"


rule train_stage:
    """Train one stage with the settings of training.stages.<stage>; hard negatives are mined with the model's vectors.
    Its state is kept every training.checkpoint_minutes; a stopped stage resumes from it and gives the same bytes.
    """
    message:
        "Training stage {wildcards.stage}"
    input:
        proteins=results("inputs/proteins.parquet"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        residues=RESIDUE_MANIFEST,
        texts=lambda wildcards: results(f"embeddings/go/phase-{text_phase(wildcards.stage)}.parquet"),
        index=results("mining/phase-{stage}.faiss"),
        checkpoint=previous_checkpoint,
    output:
        model=results("training/stage-{stage}/model.safetensors"),
        metrics=report(
            results("training/stage-{stage}/metrics.tsv"),
            caption="../workflow/report/stage.rst",
            category="Training",
            labels={"stage": "{stage}", "what": "metrics by epoch"},
        ),
    params:
        training=stage_settings,
        mining=config["mining"],
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        run=config["run"],
        epochs_before=lambda wildcards: sum(
            config["training"]["stages"][name]["epochs"] for name in STAGES if name < wildcards.stage
        ),
        code=code("gofer.training.launch"),
    log:
        results("logs/train_stage_{stage}.log"),
        costs=results("logs/train_stage_{stage}.costs.tsv"),
    benchmark:
        results("benchmarks/train_stage_{stage}.tsv")
    wildcard_constraints:
        stage="[A-D]",
    threads: config["training"]["processes"]  # one each: a second one saved nothing at these sizes, and the weights depend on the number; see set-threads in profiles
    conda:
        environment("training")
    priority: 1  # what takes longest waits for it
    script:
        "../workflow/scripts/train_stage.py"


rule train_twin:
    """Train stages A to D again with binary cross-entropy over all training terms, for comparison. A stopped job starts
    again from stage A."""
    message:
        "Training the BCE twin"
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
        model=results("training/bce_twin/model.safetensors"),
    params:
        training={key: value for key, value in config["training"].items() if key not in ("checkpoint_minutes", "wandb")},
        mining=config["mining"],
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        phases=list(STAGES),
        code=code("gofer.training.variants"),
    log:
        results("logs/train_twin.log"),
    benchmark:
        results("benchmarks/train_twin.tsv")
    threads: 1
    conda:
        environment("training")
    script:
        "../workflow/scripts/train_twin.py"


ABLATED = ["full", *config["ablation"]["parts"]]
ABLATION_SEEDS = range(config["seed"], config["seed"] + config["ablation"]["seeds"])


rule ablate:
    """Train stages A to D without one part, for a share of their epochs, and score the towers on validation proteins."""
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
        figures=results("training/ablation/{part}-{seed}.tsv"),
    params:
        training={key: value for key, value in config["training"].items() if key not in ("checkpoint_minutes", "wandb")},
        mining=config["mining"],
        relations=config["inputs"]["relations"],
        share=config["ablation"]["epochs"],
        phases=list(STAGES),
        code=code("gofer.training.variants"),
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
    """Compare each variant with the full model, seed by seed: a table with intervals and a plot."""
    message:
        "Comparing the variants of training"
    input:
        figures=expand(results("training/ablation/{part}-{seed}.tsv"), part=ABLATED, seed=ABLATION_SEEDS),
    output:
        table=results("training/ablation/ablation.tsv"),
        picture=results("training/ablation/ablation.png"),
    params:
        code=code("gofer.report.ablation_section"),
    log:
        results("logs/ablation.log"),
    benchmark:
        results("benchmarks/ablation.tsv")
    conda:
        "../envs/report.yaml"
    script:
        "../workflow/scripts/ablation.py"
