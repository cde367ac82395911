"""Rule extract_residues: the residue embeddings of one shard's sequences, from the cache or computed."""

from pathlib import Path

from gofer.artefacts import Manifest, agreed_files, read_table, write_tsv
from gofer.embeddings.residues.embed_shard import Extraction
from gofer.embeddings.residues.residue_cache import ResidueCache
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.shards import sequences_of_shard, write_shard
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings = snakemake.input, snakemake.params.settings
    # These settings change no vector, so they are not parameters of the rule.
    how = snakemake.config["embeddings"]["residues"]
    agreed_files(files.proteins, files.plan)
    proteins = read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"])
    sequences = sequences_of_shard(proteins, read_table(files.plan), snakemake.wildcards.shard)
    encoder = ResidueEncoder.load(
        settings["model"],
        settings["layer"],
        device=how["device"],
        precision=settings["precision"],
        store=settings["store"],
        offline=how["offline"],
    )
    overlap = settings["window_overlap"]
    cache = ResidueCache(how["cache"], encoder=encoder.name, form=encoder.form, window_overlap=overlap)
    longest = max(sequences["length"], default=0)
    batch = encoder.batch_that_fits(how["batch_residues"], memory_gib=how["memory_gib"], longest=longest)
    facts = (encoder.name, len(sequences), sequences["length"].sum(), batch)
    logger.info("%s: %d sequences, %d residues, at most %d tokens at a time", *facts)
    extraction = Extraction(sequences, encoder, cache, batch, overlap)
    manifest = Manifest({"residue_encoder": encoder.name}, {"window_overlap": overlap})
    write_shard(snakemake.output.shard, extraction.rows(), sequences, form=encoder.form, manifest=manifest)
    cache.add(Path(snakemake.output.shard))
    # In the logs, because cache hits depend on earlier runs, while outputs are always the same.
    write_tsv(snakemake.log.accounting, extraction.accounting().table())
    logger.info("%s", extraction.accounting().table().to_string(index=False))
