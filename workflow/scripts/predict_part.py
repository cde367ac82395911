"""Rule predict_part: predictions for some chunks of the query; a chunk that is there already is kept."""

from pathlib import Path

from gofer.artefacts import write_text
from gofer.retrieval.impossible_terms import ImpossibleTerms
from gofer.retrieval.prediction_run import PredictionRun
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_annotations import QueryAnnotations
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    model, device = TrainedModel(files.model), snakemake.config["embeddings"]["residues"]["device"]
    predictor = Predictor(model, device=device, impossible=ImpossibleTerms.of_settings(model, snakemake.params.taxon))
    known = QueryAnnotations.read(list(files.annotations), files.query, model)
    run = PredictionRun(predictor, QueryFile.read(files.query), Path(params.folder), known)
    if known is not None:
        logger.info("%s", known.sentence(model.name))
    for item in run.query.accounting.table().itertuples():
        logger.info("%s %s: %d", item.item, item.reason, item.count)
    run.predict(part=int(snakemake.wildcards.part), parts=params.parts, threads=snakemake.threads)
    write_text(snakemake.output.done, run.key)
