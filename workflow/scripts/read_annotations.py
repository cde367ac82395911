"""Rule read_annotations: annotations of the run's proteins, with all ancestors of their terms."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.schemas import ACCOUNTING, ANNOTATIONS, typed
from gofer.inputs.splits.split_dates import known_in_time
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, settings = snakemake.input, snakemake.output, snakemake.params.settings
    paths = [files.annotations] if isinstance(files.annotations, str) else list(files.annotations)
    manifest = agreed_files(files.proteins, files.ontology, files.obsolete)
    manifest = manifest.with_facts(sources=[str(path) for path in paths], settings=settings)
    proteins = read_table(files.proteins, ["protein_id", "aliases", "sequence_sha256"])
    terms, obsolete = read_table(files.ontology), read_table(files.obsolete)
    rules = AnnotationRules.from_config(settings)
    stated, accounting = read_annotations(paths, ProteinNames.of_table(proteins), terms, obsolete, rules)
    if snakemake.params.days:
        roots = root_ids(terms)
        stated = known_in_time(stated, proteins, roots, accounting, **snakemake.params.days)
    annotations = propagate(stated, terms, rules.relations)
    accounting.add("annotations after propagation", count=len(annotations))
    accounting.add("proteins without annotation", count=len(proteins) - annotations["protein_id"].nunique())
    write_table(output.annotations, typed(annotations, ANNOTATIONS), manifest)
    write_table(output.accounting, typed(accounting.table(), ACCOUNTING), manifest)
    logger.info("%s", accounting.table().to_string(index=False))
