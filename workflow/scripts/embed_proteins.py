"""Rule embed_proteins: every protein's vector, by the last stage's model, and a summary of its residues."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.inputs.splits.representatives import embedded
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files = snakemake.input
    manifest = agreed_files(*files)
    model, _ = read_checkpoint(files.checkpoint)
    splits = read_table(files.splits, ["protein_id", "split"])
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"])
    proteins = proteins.merge(splits[embedded(splits)], on="protein_id", validate="one_to_one")
    dataset = ProteinEmbDataset(ESMResidueStore(files.residues), proteins)
    vectors = ProteinVectors.of_model(model, dataset, proteins["split"].to_numpy(str))
    vectors.write(snakemake.output.vectors, manifest)
    logger.info("%d proteins", len(dataset))
