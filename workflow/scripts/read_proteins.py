"""Rule read_proteins: the checked proteins of one or more FASTA files."""

from gofer.artefacts import Manifest, write_table
from gofer.inputs.proteins import proteins_digest, read_proteins
from gofer.inputs.schemas import ACCOUNTING, PROTEINS, typed
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output
    paths = [files.fasta] if isinstance(files.fasta, str) else list(files.fasta)
    proteins, accounting = read_proteins(paths, keep_ids=files.get("keep_ids") or None)
    manifest = Manifest({"proteins_sha256": proteins_digest(proteins)}).told(sources=[str(path) for path in paths])
    write_table(output.proteins, typed(proteins, PROTEINS), manifest)
    write_table(output.accounting, typed(accounting.table(), ACCOUNTING), manifest)
    logger.info("%s", accounting.table().to_string(index=False))
