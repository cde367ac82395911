"""Rule train_twin: the stages A to D again, with binary cross-entropy over all training terms as the loss."""

from gofer.artefacts import agreed_files
from gofer.training.checkpoint import write_checkpoint
from gofer.training.variants import VariantInputs, train_variant
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(files.proteins, files.terms, files.pid2pos, files.residues, *files.texts)
    inputs = VariantInputs.read(files, manifest, params.phases, params.relations)
    model = train_variant("bce", inputs, params.training, params.mining, seed=params.seed, share=1.0)
    write_checkpoint(
        snakemake.output.model, model, manifest.with_facts(training={**params.training, "objective": "bce"})
    )
    logger.info("%d training terms", len(model.seen_go_ids))
