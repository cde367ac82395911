"""Rule find_neighbours: the training proteins nearest to each held-out one in the residue encoder's space."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.baselines.embedding_neighbours import mean_pooled, nearest
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files = snakemake.input
    labelled = read_table(files.pid2pos, ["protein_id"])["protein_id"]
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"])
    proteins = proteins.merge(read_table(files.splits, ["protein_id", "split"]), on="protein_id")
    store = ESMResidueStore(files.residues)
    train = proteins[(proteins["split"] == "train") & proteins["protein_id"].isin(labelled)]
    held_out = proteins[proteins["split"].isin(["val", "test"])]
    table = nearest(
        (held_out["protein_id"].tolist(), mean_pooled(store, held_out["sequence_sha256"])),
        (train["protein_id"].tolist(), mean_pooled(store, train["sequence_sha256"])),
    )
    write_table(snakemake.output.neighbours, table, agreed_files(*files))
