"""Rule read_proteins: the checked proteins of one or more FASTA files."""

from gofer.artefacts import write_batches, write_table
from gofer.inputs.proteins.protein_table import ProteinReader
from gofer.inputs.schemas import ACCOUNTING, PROTEINS, typed
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output
    reader = ProteinReader(
        [files.fasta] if isinstance(files.fasta, str) else files.fasta,
        keep_ids=files.get("keep_ids") or None,
        leave_out_ids=files.get("leave_out_ids") or None,
    )
    write_batches(output.proteins, PROTEINS, reader.batches(), reader.manifest)
    accounting = reader.accounting.table()
    write_table(output.accounting, typed(accounting, ACCOUNTING), reader.manifest())
    logger.info("%s", accounting.to_string(index=False))
