"""Rule gather_predictions: the predictions for a query in every form, from the chunks that its parts have made."""

from pathlib import Path

from gofer.retrieval.impossible_terms import ImpossibleTerms
from gofer.retrieval.prediction_run import PredictionRun
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_annotations import QueryAnnotations
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, folder = snakemake.input, Path(snakemake.params.folder)
    model, device = TrainedModel(files.model), snakemake.config["embeddings"]["residues"]["device"]
    predictor = Predictor(model, device=device, impossible=ImpossibleTerms.of_settings(model, snakemake.params.taxon))
    known = QueryAnnotations.read(list(files.annotations), files.query, model)
    run = PredictionRun(predictor, QueryFile.read(files.query), folder, known)
    run.predict(threads=snakemake.threads)  # nothing, unless a chunk is missing
    summary = run.finish()
    if summary["warning"]:
        logger.warning("%s", summary["warning"])
    if "taxon" in summary:
        logger.info("%(removed_predictions)d predictions that cannot be true in taxon %(taxon)d were removed", summary)
    logger.info("%(recommended)d recommended of %(predictions)d predictions for %(proteins)d proteins", summary)
