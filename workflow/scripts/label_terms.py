"""Rule label_terms: sets of terms, the terms table with training counts, and the positives that training may see."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.inputs.labels import information_accretion, label_accounting, label_matrix, positives, training_counts
from gofer.inputs.schemas import ACCOUNTING, PID2POS, TERM_SETS, TERMS, typed
from gofer.inputs.term_sets import FewZeroConfig, TermCounts, make_term_sets
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    manifest = agreed_files(files.ontology, files.annotations, files.splits)
    terms, annotations, splits = (read_table(files[name]) for name in ("ontology", "annotations", "splits"))
    train_NT, test_NT = (
        label_matrix(annotations, splits.loc[splits["split"] == split, "protein_id"].tolist(), terms["go_id"].tolist())
        for split in ("train", "test")
    )
    config = FewZeroConfig.from_config(params.settings, params.seed)
    counts = TermCounts(train_NT.sum(axis=0), test_NT.sum(axis=0))
    sets = make_term_sets(terms, counts, config, params.relations, zero_list=files.get("zero_list") or None)
    held_out_T = sets["held_out"].to_numpy(bool)
    table = terms.drop(columns="alt_ids").assign(
        row=range(len(terms)),
        information_accretion=information_accretion(train_NT, terms, params.relations),
        training_count=training_counts(train_NT, held_out_T),
    )
    pid2pos = positives(annotations, splits, terms, set(sets.loc[held_out_T, "go_id"]))
    accounting = label_accounting(sets, splits, pid2pos).table()
    manifest = manifest.told(settings=params.settings)
    write_table(output.term_sets, typed(sets, TERM_SETS), manifest)
    write_table(output.terms, typed(table, TERMS), manifest)
    write_table(output.pid2pos, typed(pid2pos, PID2POS), manifest)
    write_table(output.accounting, typed(accounting, ACCOUNTING), manifest)
    logger.info("%s", accounting.to_string(index=False))
