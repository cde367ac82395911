"""Rule fit_label_model: regress labels of the training proteins, or of all, on their vectors and sequences."""

from gofer.artefacts import agreed_files, read_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.kernel_ridge import KernelWeights
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(*files)
    terms = read_table(files.terms)
    seen = terms[seen_in_training(terms)]
    known = ProteinVectors.read(files.vectors).known(snakemake.wildcards.known)
    annotations = read_table(files.annotations, ["protein_id", "go_id"], where={"protein_id": known.protein_ids})
    label_model = LabelModel.fit(
        known.described(read_sequences(files.proteins)),
        label_matrix(annotations, known.protein_ids, seen["go_id"]),
        seen["go_id"].tolist(),
        seen["aspect"].to_numpy(str),
        KernelWeights.from_config(params.settings),
        aligned=params.settings["aligned"],
        seed=params.seed,
    )
    label_model.write(
        snakemake.output.label_model, manifest.with_facts(settings=params.settings, proteins=len(known.protein_ids))
    )
    landmarks, n_terms = label_model.regression.weight_MT.shape
    logger.info("%d proteins, %d landmarks, %d terms", len(known.protein_ids), landmarks, n_terms)
