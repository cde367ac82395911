"""Rule fit_label_model: regress labels of the training proteins, or of all, on their vectors and sequences."""

from gofer.artefacts import agreed_files, read_batches, read_table
from gofer.inputs.label_matrix import label_matrices
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.names import KNOWN
from gofer.retrieval.kernel_ridge import KernelWeights
from gofer.retrieval.label_model import LabelledSequences, LabelModel
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(*files)
    terms = read_table(files.terms)
    seen = terms[seen_in_training(terms)]
    known = ProteinVectors.read(files.vectors).known(snakemake.wildcards.known)
    sequence_of = read_sequences(files.proteins)
    others = read_table(files.splits, ["protein_id"], where={"split": [KNOWN]})["protein_id"].tolist()
    pairs = read_batches(files.annotations, ["protein_id", "go_id"])
    labels_NT, other_labels_NT = label_matrices(pairs, [known.protein_ids, others], seen["go_id"].tolist())
    label_model = LabelModel.fit(
        known.described(sequence_of),
        labels_NT,
        seen["go_id"].tolist(),
        seen["aspect"].to_numpy(str),
        KernelWeights.from_config(params.settings),
        aligned=params.settings["aligned"],
        seed=params.seed,
        others=LabelledSequences([sequence_of[protein_id] for protein_id in others], other_labels_NT),
    )
    label_model.write(
        snakemake.output.label_model, manifest.with_facts(settings=params.settings, proteins=len(known.protein_ids))
    )
    landmarks, n_terms = label_model.regression.weight_MT.shape
    counted = len(known.protein_ids), landmarks, n_terms, len(others)
    logger.info("%d proteins, %d landmarks, %d terms; labels of %d more by alignment only", *counted)
