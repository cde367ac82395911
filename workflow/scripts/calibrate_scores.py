"""Rule calibrate_scores: from evidence and base rate to a probability, fitted on the validation proteins."""

from gofer.artefacts import agreed_files, read_table, write_json
from gofer.embeddings.go_cache import GoLookupCache
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.term_space import TermSpace
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import truth_matrix
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files = snakemake.input
    manifest = agreed_files(*files)
    model, _ = read_checkpoint(files.checkpoint)
    space = TermSpace.of_model(
        model, read_table(files.terms), GoLookupCache.read(files.texts, expected=manifest), snakemake.params.relations
    )
    val = ProteinVectors.read(files.vectors).of_splits("val")
    labels_BT = truth_matrix(read_table(files.pid2pos), val.protein_ids, space.go_ids).toarray()
    calibration = space.calibrate(val.vectors_ND, labels_BT)
    write_json(snakemake.output.calibration, calibration.to_json(), manifest.told(proteins=len(val.protein_ids)))
    logger.info("calibration: %s", calibration.weights)
