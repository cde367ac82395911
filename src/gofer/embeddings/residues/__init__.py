"""From protein sequences to residue embeddings: any fair-esm model, long proteins in windows, shards on disk.

What enters: sequences, each once, and the name or file of a model. What leaves: parquet shards of residues, as float16
or int8.

- `residue_encoder.ResidueEncoder`: sequences to arrays; behind it `esm`, `packed_esm`, `long_proteins`, `weights`;
- `shards`, `embed_shard`, `residue_cache`: which sequence goes where, and embeddings of earlier runs;
- `residue_form.ResidueForm`: what a number takes on disk, and what a reader gets;
- `residue_store.ESMResidueStore`: reads the residues of any protein from the shards.
"""
