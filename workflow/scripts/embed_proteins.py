"""Rule embed_proteins: the vector of every protein of the run, by the last stage's model."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import ProteinEmbDataset
from gofer.training.validation import protein_vectors
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files = snakemake.input
    manifest = agreed_files(*files)
    model, _ = read_checkpoint(files.checkpoint)
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"]).merge(
        read_table(files.splits, ["protein_id", "split"]), on="protein_id", validate="one_to_one"
    )
    dataset = ProteinEmbDataset(ESMResidueStore(files.residues), proteins)
    vectors = ProteinVectors(dataset.protein_ids, proteins["split"].to_numpy(str), protein_vectors(model, dataset))
    vectors.write(snakemake.output.vectors, manifest)
    logger.info("%d proteins", len(dataset))
