"""Rule fit_label_head: regress the labels of the training proteins on their vectors and sequences."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.go_text import seen_in_training
from gofer.evaluation.label_regression import KernelWeights
from gofer.retrieval.label_head import LabelHead
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.training.dataset import truth_matrix
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(*files)
    terms = read_table(files.terms)
    seen = terms[seen_in_training(terms)]
    train = ProteinVectors.read(files.vectors).of_splits("train")
    sequence_of = read_table(files.proteins, ["protein_id", "sequence"]).set_index("protein_id")["sequence"]
    head = LabelHead.fit(
        train.vectors_ND,
        sequence_of.loc[train.protein_ids].tolist(),
        truth_matrix(read_table(files.pid2pos), train.protein_ids, seen["go_id"].tolist()).toarray(),
        seen["go_id"].tolist(),
        seen["aspect"].to_numpy(str),
        KernelWeights.from_config(params.settings),
        seed=params.seed,
    )
    head.write(snakemake.output.head, manifest.told(settings=params.settings, proteins=len(train.protein_ids)))
    landmarks, n_terms = head.regression.weight_MT.shape
    logger.info("%d training proteins, %d landmarks, %d terms", len(train.protein_ids), landmarks, n_terms)
