"""Rule label_terms: sets of terms, the terms table with training counts, and the labels that training may see."""

import pandas as pd

from gofer.artefacts import agreed_files, read_batches, read_groups, read_table, write_batches, write_table
from gofer.inputs.label_matrix import label_matrices
from gofer.inputs.ontology.propagation import terms_table
from gofer.inputs.schemas import ACCOUNTING, PID2POS, TERM_SETS, TERMS, typed
from gofer.inputs.splits.expansion import ExpansionConfig
from gofer.inputs.splits.label_tables import LabelTable
from gofer.inputs.splits.term_lists import read_terms
from gofer.inputs.splits.term_sets import FewZeroConfig, TermCounts, TermSources, make_term_sets
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    manifest = agreed_files(files.ontology, files.annotations, files.splits)
    terms, splits = read_table(files.ontology), read_table(files.splits, ["protein_id", "split"])
    train_NT, test_NT = label_matrices(
        read_batches(files.annotations, ["protein_id", "go_id"]),
        [splits.loc[splits["split"] == split, "protein_id"].tolist() for split in ("train", "test")],
        terms["go_id"].tolist(),
    )
    config = FewZeroConfig.from_config(params.settings["term_sets"], params.seed)
    counts = TermCounts(train_NT.sum(axis=0), test_NT.sum(axis=0))
    previous = read_table(files.previous_terms, ["go_id"])["go_id"] if files.get("previous_terms") else None
    annotations = read_table(files.annotations) if config.needs_annotations else None
    sources = TermSources(files.get("zero_list"), files.get("few_list"), annotations, previous)
    sets, set_accounting = make_term_sets(terms, counts, config, params.relations, sources)
    table = terms_table(terms, train_NT, sets["held_out"].to_numpy(bool), params.relations)
    stoplist = read_terms(files.stoplist, terms) if files.get("stoplist") else ()
    expansion = ExpansionConfig.from_config(params.settings)
    labels = LabelTable(splits, table, sets, expansion, params.relations, stoplist=stoplist)
    manifest = manifest.with_facts(settings=params.settings["term_sets"])
    write_table(output.term_sets, typed(sets, TERM_SETS), manifest)
    write_table(output.terms, typed(table, TERMS), manifest)
    manifest = manifest.with_facts(labels=params.settings["labels"])
    pid2pos = labels.batches(read_groups(files.annotations))
    dropped = labels.counts.dropped_in_order  # known once the last batch is through
    write_batches(output.pid2pos, PID2POS, pid2pos, lambda: manifest.with_facts(dropped_ancestors=dropped()))
    accounting = pd.concat([set_accounting.table(), labels.counts.accounting(splits).table()], ignore_index=True)
    write_table(output.accounting, typed(accounting, ACCOUNTING), manifest)
    logger.info("%s", accounting.to_string(index=False))
