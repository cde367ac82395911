# Mining: the index in which training searches for hard negatives.
#
# Inputs:   inputs/{terms,term_sets}.parquet, embeddings/go/phase-<P>.parquet
#           training/stage-<S>/model.safetensors     the checkpoint that the phase's stage starts from (none for stage A)
# Outputs:  mining/phase-<P>.faiss, with mining/phase-<P>.faiss.json, its description
# Steps:    build_index


rule build_index:
    """Index the training terms' vectors of a stage: the texts for stage A, their projections for later stages."""
    message:
        "Building the term index of phase {wildcards.phase}"
    input:
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        texts=lambda wildcards: results(f"embeddings/go/phase-{text_phase(wildcards.phase)}.parquet"),
        checkpoint=previous_checkpoint,
    output:
        index=results("mining/phase-{phase}.faiss"),
        about=results("mining/phase-{phase}.faiss.json"),
    params:
        relations=config["inputs"]["relations"],
        kind=config["mining"]["index"],
        shortlist=longest_shortlist,
        code=code("gofer.mining.faiss_index", "gofer.training.encode", "gofer.mining.vocabulary"),
    log:
        results("logs/build_index_{phase}.log"),
    benchmark:
        results("benchmarks/build_index_{phase}.tsv")
    wildcard_constraints:
        phase="[A-D]",
    conda:
        environment("mining")
    priority: 1  # what takes longest waits for it
    script:
        "../workflow/scripts/build_index.py"
