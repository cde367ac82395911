"""Rule calibrate_scores: texts and labels of similar proteins become a probability, fitted on validation proteins."""

from gofer.artefacts import agreed_files, read_table, write_json
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.retrieval.label_model import LabelHead
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
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
    sequence_of = read_table(files.proteins, ["protein_id", "sequence"]).set_index("protein_id")["sequence"].to_dict()
    scorer = Scorer.fit(
        space,
        LabelHead.read(files.head),
        val.described(sequence_of),
        labels_BT,
        snakemake.params.relations,
    )
    told = {**scorer.calibration.to_json(), "mixture": scorer.mixture.to_json()}
    write_json(snakemake.output.calibration, told, manifest.told(proteins=len(val.protein_ids)))
    logger.info("calibration of the text: %s", scorer.calibration.weights)
    logger.info("share of labels: %s", {aspect: own.share for aspect, own in scorer.mixture.aspects.items()})
    logger.info("trust in alignments: %s", {aspect: own.trust for aspect, own in scorer.mixture.aspects.items()})
