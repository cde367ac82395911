"""Rule compare_releases: what changed since an older release of the ontology, and the ids that it knew."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_table, write_tsv
from gofer.inputs.ontology.releases import compare_releases, known_ids, release_accounting
from gofer.inputs.ontology.term_table import Ontology, read_ontology
from gofer.inputs.schemas import ACCOUNTING, PREVIOUS_TERMS, RELEASE_CHANGES, typed
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output
    manifest = agreed_files(files.ontology, files.obsolete)
    before = read_ontology(files.previous)
    after = Ontology(manifest.release["go_release"], read_table(files.ontology), read_table(files.obsolete))
    changes = compare_releases(before, after)
    accounting = release_accounting(before, after, changes).table()
    manifest = manifest.with_release(previous_go_release=before.release).with_facts(source=str(files.previous))
    write_table(output.changes, typed(changes, RELEASE_CHANGES), manifest)
    write_tsv(output.readable, changes)
    write_table(output.previous_terms, typed(pd.DataFrame({"go_id": known_ids(before)}), PREVIOUS_TERMS), manifest)
    write_table(output.accounting, typed(accounting, ACCOUNTING), manifest)
    logger.info("GO %s\n%s", before.release, before.accounting().table().to_string(index=False))
    logger.info("from GO %s to %s\n%s", before.release, after.release, accounting.to_string(index=False))
