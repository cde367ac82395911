"""Rule extract_residues: the residue embeddings of one shard's sequences."""

from gofer.artefacts import Manifest, agreed_files, read_table
from gofer.embeddings.residue_encoder import ResidueEncoder
from gofer.embeddings.shards import embedded_sequences, sequences_of_shard, write_shard
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings = snakemake.input, snakemake.params.settings
    agreed_files(files.proteins, files.plan)
    proteins = read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"])
    own = sequences_of_shard(proteins, read_table(files.plan), snakemake.wildcards.shard)
    encoder = ResidueEncoder.load(settings["model"], settings["layer"])
    logger.info("%s: %d sequences, %d residues", encoder.name, len(own), own["length"].sum())
    vectors = encoder.embed(
        own["sequence"].tolist(),
        batch_residues=settings["batch_residues"],
        window_overlap=settings["window_overlap"],
    )
    write_shard(
        snakemake.output.shard,
        embedded_sequences(own, vectors),
        own,
        width=encoder.width,
        manifest=Manifest({"residue_encoder": encoder.name}, dict(settings)),
    )
