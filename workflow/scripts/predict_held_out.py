"""Rule predict_held_out: the model's predictions for validation and test proteins, over all terms."""

from pathlib import Path

from gofer.artefacts import agreed_files, read_json, read_table
from gofer.embeddings.go_cache import GoLookupCache
from gofer.evaluation.cafa_parts import write_cafa_parts
from gofer.evaluation.calibration import Calibration
from gofer.evaluation.mixture import Mixture
from gofer.evaluation.uncut import UncutWriter
from gofer.retrieval.held_out import predict_held_out
from gofer.retrieval.label_head import LabelHead
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
    held_out, test = proteins.of_splits("val", "test"), set(proteins.of_splits("test").protein_ids)
    annotations = read_table(files.annotations, ["protein_id", "go_id"])
    labels = annotations[annotations["protein_id"].isin(test)]
    manifest = manifest.told(method="gofer", settings=settings)
    with UncutWriter(Path(snakemake.output.uncut).parent, space.terms, labels, snakemake.params.relations) as uncut:
        tables = predict_held_out(scorer, held_out, sequences, min_score=settings["min_score"], uncut=uncut, test=test)
        write_cafa_parts(snakemake.output.predictions, tables, manifest)
        uncut.write(snakemake.output.uncut, snakemake.output.ranks, manifest)
