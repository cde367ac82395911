"""Rule read_annotations: annotations of the run's proteins, with all ancestors of their terms."""

from gofer.artefacts import agreed_files, read_table, write_batches, write_table
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.annotations.judged import with_judged
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagated_batches
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
    rules, roots = AnnotationRules.from_config(settings), root_ids(terms)
    stated, accounting = read_annotations(paths, ProteinNames.of_table(proteins), terms, obsolete, rules)
    if snakemake.params.days:
        stated = known_in_time(stated, proteins, roots, accounting, **snakemake.params.days)
    if files.get("judged"):
        judged = read_table(files.judged)
        stated, older_stated = with_judged(stated, judged, roots)
        accounting.add("annotations of judged proteins", "older, in own_annotations", len(older_stated))
        accounting.add("annotations of judged proteins", "that judge", len(judged))
        older = propagated_batches(older_stated, terms, rules.relations)
        write_batches(output.own_annotations, ANNOTATIONS, older, lambda: manifest)
    counted = accounting.counting("annotations after propagation", propagated_batches(stated, terms, rules.relations))
    write_batches(output.annotations, ANNOTATIONS, counted, lambda: manifest)
    accounting.add("proteins without annotation", count=len(proteins) - stated["protein_id"].nunique())
    write_table(output.accounting, typed(accounting.table(), ACCOUNTING), manifest)
    logger.info("%s", accounting.table().to_string(index=False))
