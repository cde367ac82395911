"""Rule calibrate_scores: texts and labels of similar proteins to probabilities, fitted on validation proteins."""

from gofer.artefacts import agreed_files, read_table, write_json
from gofer.inputs.proteins.known_hits import read_hits
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.term_space import TermSpace
from gofer.training.dataset import truth_matrix
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, relations = snakemake.input, snakemake.params.relations
    manifest = agreed_files(*files)
    space = TermSpace.read(files, relations, expected=manifest)
    val = ProteinVectors.read(files.vectors).of_splits("val")
    pid2pos = read_table(files.pid2pos, where={"split": ["val"]})
    truth_BT = truth_matrix(pid2pos, val.protein_ids, space.go_ids).toarray()
    sequence_of = read_sequences(files.proteins)
    label_model = LabelModel.read(files.label_model).with_hits(read_hits(files.known_hits), sequence_of)
    own = files.get("own_annotations")  # of judged proteins only
    stated = StatedTerms.read(own, space.terms, relations).of_proteins(val.protein_ids) if own else None
    scorer = Scorer.fit(space, label_model, val.described(sequence_of), truth_BT, relations, stated=stated)
    write_json(snakemake.output.calibration, scorer.fitted(), manifest.with_facts(proteins=len(val.protein_ids)))
    logger.info("calibration of the text: %s", scorer.calibration.weights)
    for aspect, ensemble in scorer.ensemble.aspects.items():
        joined = "a learned blend" if ensemble.blend else "the average"
        logger.info(
            "%s: share of labels %g, trust in alignments %g, scored by %s",
            aspect,
            ensemble.share,
            ensemble.trust,
            joined,
        )
    for aspect, trust in scorer.own.aspects.items() if scorer.own else ():
        logger.info("%s: weight of own annotations %g, true of them %s", aspect, trust.weight, dict(trust.shares))
