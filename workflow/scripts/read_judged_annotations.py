"""Rule read_judged_annotations: the stated annotations that val and test proteins are judged by."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.schemas import ACCOUNTING, STATED, typed
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, settings = snakemake.input, snakemake.output, snakemake.params.settings
    paths = [files.annotations] if isinstance(files.annotations, str) else list(files.annotations)
    manifest = agreed_files(files.proteins, files.ontology, files.obsolete)
    manifest = manifest.with_facts(sources=[str(path) for path in paths], settings=settings)
    names = ProteinNames.of_table(read_table(files.proteins, ["protein_id", "aliases"]))
    terms, obsolete = read_table(files.ontology), read_table(files.obsolete)
    stated, accounting = read_annotations(paths, names, terms, obsolete, AnnotationRules.from_config(settings))
    write_table(output.annotations, typed(stated, STATED), manifest)
    write_table(output.accounting, typed(accounting.table(), ACCOUNTING), manifest)
    logger.info("%s", accounting.table().to_string(index=False))
