"""Rule predict_held_out: the model's predictions for validation and test proteins, over all terms."""

from gofer.artefacts import agreed_files, read_json, read_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.evaluation.held_out_predictions import write_held_out
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.ensemble import Mixture
from gofer.retrieval.label_model import LabelHead
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.term_space import TermSpace
from gofer.training.checkpoint import read_checkpoint
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings = snakemake.input, snakemake.params.settings
    manifest = agreed_files(*files)
    model, _ = read_checkpoint(files.checkpoint)
    space = TermSpace.of_model(
        model, read_table(files.terms), GoLookupCache.read(files.texts, expected=manifest), snakemake.params.relations
    )
    proteins = ProteinVectors.read(files.vectors)
    fitted = read_json(files.calibration)
    head, mixture = LabelHead.read(files.head), Mixture.from_json(fitted["mixture"])
    scorer = Scorer(space, Calibration.from_json(fitted), head, mixture)
    sequences = read_table(files.proteins, ["protein_id", "sequence"]).set_index("protein_id")["sequence"].to_dict()
    write_held_out(
        scorer,
        proteins.of_splits("val", "test"),
        sequences,
        read_table(files.annotations, ["protein_id", "go_id"]),
        snakemake.params.relations,
        snakemake.output,
        manifest.told(method="gofer", settings=settings),
        min_score=settings["min_score"],
    )
