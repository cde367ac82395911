"""Rule choose_judged: what a benchmark has judged beside all terms and all test proteins."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.benchmark_subsets import (
    KNOWLEDGE,
    KNOWN,
    PROTEINS,
    TERMS,
    Judged,
    knowledge_before,
    read_protein_sets,
)
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.schemas import typed
from gofer.inputs.splits.term_lists import read_vocabulary
from gofer.names import ASPECTS
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    manifest = agreed_files(files.ontology, files.obsolete, files.annotations, files.splits)
    manifest = manifest.told(terms=params.terms, protein_sets=params.protein_sets, known_before=params.known_before)
    ontology, splits = read_table(files.ontology), read_table(files.splits)
    tested = splits.loc[splits["split"] == "test", "protein_id"]
    judged = Judged(proteins=read_protein_sets(params.protein_sets, tested, ASPECTS))
    terms, knowledge, known = judged.terms, judged.knowledge, judged.known
    if params.terms:
        ids = TermIds.of_tables(ontology, read_table(files.obsolete))
        listed, gone = read_vocabulary(params.terms, ids)
        terms = pd.DataFrame({"go_id": listed})
        logger.info("%d terms; obsolete without one replacement: %s", len(listed), ", ".join(gone) or "none")
    if params.known_before:
        annotations = read_table(files.annotations)
        knowledge, known = knowledge_before(annotations, splits, ontology, params.relations, params.known_before)
    for table, name in ((judged.proteins, "protein_set"), (knowledge, "knowledge")):
        if len(table):
            logger.info("test proteins by %s and aspect:\n%s", name, table.groupby([name, "aspect"]).size().to_string())
    write_table(output.judged_terms, typed(terms, TERMS), manifest)
    write_table(output.judged_proteins, typed(judged.proteins, PROTEINS), manifest)
    write_table(output.knowledge, typed(knowledge, KNOWLEDGE), manifest)
    write_table(output.known, typed(known, KNOWN), manifest)
