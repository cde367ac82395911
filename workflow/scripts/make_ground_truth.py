"""Rule make_ground_truth: the labels that predictions are compared with, and the subsets that a benchmark reports."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.benchmark_subsets import Judged, knowledge_before, read_protein_sets
from gofer.inputs.ground_truth import LABELS, TERMS, ground_truth
from gofer.inputs.held_out import HeldOut, read_annotations_of
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.schemas import typed
from gofer.inputs.splits.term_lists import read_vocabulary
from gofer.names import ASPECTS, HELD_OUT
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    names = ("ontology", "obsolete", "splits", "terms", "term_sets")
    manifest = agreed_files(files.annotations, *(files[name] for name in names))
    manifest = manifest.with_facts(
        terms=params.terms, protein_sets=params.protein_sets, known_before=params.known_before
    )
    ontology, obsolete, splits, terms, term_sets = (read_table(files[name]) for name in names)
    annotations = read_annotations_of(files.annotations, splits, *HELD_OUT)
    tested = splits.loc[splits["split"] == "test", "protein_id"]
    tables = {"proteins": read_protein_sets(params.protein_sets, tested, ASPECTS)}
    if params.terms:
        listed, gone = read_vocabulary(params.terms, TermIds.of_tables(ontology, obsolete))
        tables["terms"] = pd.DataFrame({"go_id": listed})
        logger.info("%d terms; obsolete without one replacement: %s", len(listed), ", ".join(gone) or "none")
    if params.known_before:
        tables["knowledge"], tables["known"] = knowledge_before(
            annotations, splits, ontology, params.relations, params.known_before
        )
    judged = Judged(**tables)
    for table, name in ((judged.proteins, "protein_set"), (judged.knowledge, "knowledge")):
        if len(table):
            logger.info("test proteins by %s and aspect:\n%s", name, table.groupby([name, "aspect"]).size().to_string())
    separate = None if params.whole else judged  # of judged proteins, known terms stay in the main test
    held_out = HeldOut.of_tables(terms, term_sets, annotations, splits, params.relations, separate)
    labels, terms = ground_truth(held_out, judged, splits)
    write_table(output.truth_labels, typed(labels, LABELS), manifest)
    write_table(output.truth_terms, typed(terms, TERMS), manifest)
