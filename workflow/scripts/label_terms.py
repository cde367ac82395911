"""Rule label_terms: sets of terms, the terms table with training counts, and the labels that training may see."""

import pandas as pd

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import terms_table
from gofer.inputs.schemas import ACCOUNTING, PID2POS, TERM_SETS, TERMS, typed
from gofer.inputs.splits.expansion import (
    ExpansionConfig,
    dropped_ancestors,
    expand,
    label_accounting,
    positives_by_protein,
)
from gofer.inputs.splits.label_checks import check_labels
from gofer.inputs.splits.term_lists import read_terms
from gofer.inputs.splits.term_sets import FewZeroConfig, TermCounts, TermSources, make_term_sets
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    manifest = agreed_files(files.ontology, files.annotations, files.splits)
    terms, annotations, splits = (read_table(files[name]) for name in ("ontology", "annotations", "splits"))
    train_NT, test_NT = (
        label_matrix(annotations, splits.loc[splits["split"] == split, "protein_id"], terms["go_id"])
        for split in ("train", "test")
    )
    config = FewZeroConfig.from_config(params.settings["term_sets"], params.seed)
    counts = TermCounts(train_NT.sum(axis=0), test_NT.sum(axis=0))
    previous = read_table(files.previous_terms, ["go_id"])["go_id"] if files.get("previous_terms") else None
    sources = TermSources(files.get("zero_list"), files.get("few_list"), annotations, previous)
    sets, set_accounting = make_term_sets(terms, counts, config, params.relations, sources)
    held_out_T = sets["held_out"].to_numpy(bool)
    table = terms_table(terms, train_NT, held_out_T, params.relations)
    labels = expand(
        annotations,
        splits,
        table,
        set(sets.loc[held_out_T, "go_id"]),
        ExpansionConfig.from_config(params.settings),
        params.relations,
        stoplist=read_terms(files.stoplist, terms) if files.get("stoplist") else (),
    )
    pid2pos = positives_by_protein(labels)
    check_labels(pid2pos, sets, table)
    accounting = pd.concat([set_accounting.table(), label_accounting(labels, splits).table()], ignore_index=True)
    manifest = manifest.with_facts(settings=params.settings["term_sets"])
    write_table(output.term_sets, typed(sets, TERM_SETS), manifest)
    write_table(output.terms, typed(table, TERMS), manifest)
    manifest = manifest.with_facts(labels=params.settings["labels"], dropped_ancestors=dropped_ancestors(labels))
    write_table(output.pid2pos, typed(pid2pos, PID2POS), manifest)
    write_table(output.accounting, typed(accounting, ACCOUNTING), manifest)
    logger.info("%s", accounting.to_string(index=False))
