"""Rule read_ontology: the live terms of an OBO file as a table, and the obsolete ones as another."""

from gofer.artefacts import Manifest, write_table
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.schemas import ACCOUNTING, OBSOLETE, ONTOLOGY, TAXON_CONSTRAINTS, typed
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    output, settings = snakemake.output, snakemake.params.settings
    ontology = read_ontology(snakemake.input.obo, settings["relations"], across_aspects=settings["across_aspects"])
    accounting = ontology.accounting().table()
    manifest = Manifest({"go_release": ontology.release}).with_facts(source=str(snakemake.input.obo), settings=settings)
    write_table(output.ontology, typed(ontology.terms, ONTOLOGY), manifest)
    write_table(output.obsolete, typed(ontology.obsolete, OBSOLETE), manifest)
    write_table(output.taxon_constraints, typed(ontology.taxa, TAXON_CONSTRAINTS), manifest)
    write_table(output.accounting, typed(accounting, ACCOUNTING), manifest)
    logger.info("GO %s\n%s", ontology.release, accounting.to_string(index=False))
