"""`snakemake check`: what would go wrong, before any job.

Reads the input files as the rules do; looks for models, disk space and programs. The config itself has been checked by
then (`gofer.config`).
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from gofer.config import (
    annotation_files,
    input_path,
    judged_annotation_files,
    protein_files,
    protein_sets,
    query_path,
    split_lists,
)
from gofer.embeddings.encoder_names import (
    has_published_weights,
    hub_file,
    is_checkpoint_file,
    missing_weights,
    refuse_missing_file,
    refuse_missing_text_model,
    residue_width,
)
from gofer.embeddings.expected_costs import embedding_bytes, expected_costs
from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_intake import DROPPED, READ
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.ontology.releases import is_older, known_ids
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.ontology.term_table import Ontology, read_ontology
from gofer.inputs.proteins.protein_lists import read_marked
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits, splits_of_lists
from gofer.inputs.splits.split_dates import TEST, first_days, known_in_time
from gofer.inputs.splits.term_history import refuse_undated
from gofer.inputs.splits.term_lists import FEW_SHOT, ZERO_SHOT, read_terms, read_vocabulary
from gofer.inputs.splits.term_sets import FewZeroConfig, TermCounts, TermSources, make_term_sets
from gofer.inputs.text_files import read_ids

SPARE = 1.2  # for what else a run writes
NOT_IN_FASTA = "not in the FASTA"
MANY_LOST = 0.2  # of the annotations, for one reason: more are worth a note
MANY_HELD_OUT = 0.05
FEW_PROTEINS = 1000  # are divided in seconds
WORTH_TRAINING = 1000  # annotated proteins; with 300 gofer was no better than term frequencies

Read = TypeVar("Read")


@dataclass
class Findings:
    """What a check found.

    Attributes:
        problems: Faults that would end a run.
        notes: Things to know that would not end it.
        facts: What was read.
    """

    problems: list[GoferError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def attempt(self, read: Callable[[], Read]) -> Read | None:
        """What `read` returns; None where it fails, with its fault added to the problems."""
        try:
            return read()
        except GoferError as error:
            self.problems.append(error)
            return None


def check_run(config: Mapping[str, Any]) -> Findings:
    """Read every input of a run, and look for its models, its disk and its programs.

    Args:
        config: A config that `gofer.config.check_config` has accepted.
    """
    found = Findings()
    proteins = _check_proteins(config, found)
    ontology = _check_ontology(config, found)
    stated = None
    if proteins is not None and ontology is not None:
        stated = _check_annotations(config, proteins, ontology, found)
    _check_protein_lists(config, found)
    held_out = 0
    if stated is not None and proteins is not None and ontology is not None:
        held_out = _check_splits(config, stated, proteins, ontology, found)
    if ontology is not None:
        _check_term_lists(config, ontology, found)
    if stated is not None and ontology is not None and not found.problems:
        found.attempt(partial(_held_out, config, stated, ontology, found))
    query = _check_query(config, found)
    residues = sum(int(table["length"].sum()) for table in (proteins, query) if table is not None)
    if stated is not None and ontology is not None:
        training = stated["protein_id"].nunique() - held_out
        costs = {"residues": residues, "terms": len(ontology.terms), "training": training, "held_out": held_out}
        found.facts.append(expected_costs(config, **costs))
    found.problems += [*_disk(config, residues), *_models(config)]
    found.attempt(partial(refuse_missing_file, config["embeddings"]["residues"]["model"]))
    found.attempt(partial(refuse_missing_text_model, config["embeddings"]["texts"]["encoder"]))
    found.notes += [*_programs(config), *_downloads(config)]
    return found


def _check_proteins(config: Mapping[str, Any], found: Findings) -> pd.DataFrame | None:
    keep_ids, leave_out_ids = (
        input_path(config, config["inputs"][key]) if config["inputs"][key] else None
        for key in ("keep_ids", "leave_out_ids")
    )
    read = found.attempt(lambda: read_proteins(protein_files(config), keep_ids=keep_ids, leave_out_ids=leave_out_ids))
    if read is None:
        return None
    proteins, _ = read
    found.facts.append(f"proteins: {len(proteins):,}, {int(proteins['length'].sum()):,} residues")
    return proteins


def _check_ontology(config: Mapping[str, Any], found: Findings) -> Ontology | None:
    inputs, previous = config["inputs"], config["previous_ontology"]
    path = input_path(config, config["ontology"])
    ontology = found.attempt(lambda: read_ontology(path, inputs["relations"], across_aspects=inputs["across_aspects"]))
    if ontology is not None:
        found.facts.append(f"ontology: {len(ontology.terms):,} live terms of GO {ontology.release}")
    older = found.attempt(lambda: read_ontology(input_path(config, previous))) if previous else None
    if older is not None:
        found.facts.append(f"previous ontology: {len(older.terms):,} live terms of GO {older.release}")
        if ontology is not None and is_older(older.release, ontology.release) is False:
            found.notes.append(f"previous_ontology is GO {older.release}, which is not older than {ontology.release}")
    return ontology


def _check_annotations(
    config: Mapping[str, Any], proteins: pd.DataFrame, ontology: Ontology, found: Findings
) -> pd.DataFrame | None:
    paths, names = annotation_files(config), ProteinNames.of_table(proteins)
    rules = AnnotationRules.from_config(config["inputs"])
    if judging := judged_annotation_files(config):
        judged = found.attempt(lambda: read_annotations(judging, names, ontology.terms, ontology.obsolete, rules))
        if judged is not None:
            of_proteins = judged[0]["protein_id"].nunique()
            found.facts.append(f"judged annotations: {len(judged[0]):,} of {of_proteins:,} proteins")
    read = found.attempt(lambda: read_annotations(paths, names, ontology.terms, ontology.obsolete, rules))
    if read is not None:
        stated, accounting = read
        if config["inputs"]["splits"]["method"] == "date":
            _check_days(config, stated, proteins, ontology, found)
        found.facts += _annotation_facts(stated, accounting, len(proteins))
        found.notes += _lost(accounting)
        annotated = stated["protein_id"].nunique()
        if annotated < WORTH_TRAINING:
            found.notes.append(
                f"{annotated:,} annotated proteins are few: with 300, gofer was no better than term frequencies; a "
                "thousand or more are worth it"
            )
        if config["inputs"]["term_sets"]["zero_method"] == "time":
            found.attempt(partial(refuse_undated, stated))
        return stated
    return None


def _annotation_facts(stated: pd.DataFrame, accounting: Accounting, proteins: int) -> Iterator[str]:
    annotated = stated["protein_id"].nunique()
    yield (
        f"annotations: {accounting.count(READ):,} read, {len(stated):,} used (each protein and term once), "
        f"of {annotated:,} of {proteins:,} proteins"
    )
    table = accounting.table()
    for row in table[table["item"] == DROPPED].itertuples():
        yield f"annotations not used: {row.count:,}, {row.reason}"


def _lost(accounting: Accounting) -> Iterator[str]:
    read, table = accounting.count(READ), accounting.table()
    for row in table[(table["item"] == DROPPED) & (table["count"] >= MANY_LOST * read)].itertuples():
        what = f"{row.count:,} of {read:,} annotations ({row.count / read:.0%}) are "
        if NOT_IN_FASTA in row.reason:
            yield (
                f"{what}of proteins not in the FASTA{row.reason.partition(NOT_IN_FASTA)[2]}; "
                "right where the file covers more proteins, wrong where the ids differ"
            )
        else:
            yield f"{what}not used, {row.reason}"


def _held_out(config: Mapping[str, Any], stated: pd.DataFrame, ontology: Ontology, found: Findings) -> None:
    # As label_terms does, but of all annotated proteins: to divide them takes too long here.
    sets, terms, relations = config["inputs"]["term_sets"], ontology.terms, config["inputs"]["relations"]
    if sets["zero_method"] == "none":
        found.facts.append("terms held out of training: none")
        return
    annotations = propagate(stated, terms, relations)
    proteins, go_ids = sorted(stated["protein_id"].unique()), terms["go_id"].tolist()
    count_T = label_matrix(annotations, proteins, go_ids).sum(axis=0)
    listed = input_path(config, sets["zero_list"]) if sets["zero_method"] == "list" else None
    previous = config["previous_ontology"]
    older = known_ids(read_ontology(input_path(config, previous))) if sets["zero_method"] == "release" else None
    sources = TermSources(zero_list=listed, annotations=annotations, previous=older)
    made, _ = make_term_sets(
        terms, TermCounts(count_T, count_T), FewZeroConfig.from_config(sets, config["seed"]), relations, sources
    )
    held_out = made.loc[made["held_out"], "go_id"]
    lost = int(stated["go_id"].isin(held_out).sum())
    by = f"inputs.term_sets.zero_method: {sets['zero_method']}"
    found.facts.append(f"terms held out of training: {len(held_out):,}, with those below them ({by})")
    if lost >= MANY_HELD_OUT * len(stated):
        found.notes.append(
            f"about {lost:,} of your {len(stated):,} annotations ({lost / len(stated):.0%}) are held out of training "
            f"({by}); to predict for your own proteins use zero_method: none"
        )


def _check_days(
    config: Mapping[str, Any], stated: pd.DataFrame, proteins: pd.DataFrame, ontology: Ontology, found: Findings
) -> None:
    settings = SplitConfig.from_config(config["inputs"]["splits"], config["seed"])
    roots = root_ids(ontology.terms)
    closing = {"val_from": str(settings.val_from), "test_from": str(settings.test_from)}
    later = config["inputs"]["splits"]["later"]
    known = found.attempt(lambda: known_in_time(stated, proteins, roots, Accounting(), **closing, later=later))
    if known is not None:
        days = first_days(known, proteins, roots, again_from=closing["test_from"] if later == TEST else None)
        found.attempt(lambda: make_splits(proteins, days.index, settings, days=days))


def _check_splits(
    config: Mapping[str, Any], stated: pd.DataFrame, proteins: pd.DataFrame, ontology: Ontology, found: Findings
) -> int:
    # As the rule does it; how many proteins are held out, 0 where that is not known. Clusters of many proteins take too
    # long here: then only the lists are looked up.
    lists = {split: paths for split, paths in split_lists(config).items() if paths}
    settings = SplitConfig.from_config(config["inputs"]["splits"], config["seed"])
    if settings.method in ("date", "judged"):
        return 0
    annotated = set(stated.loc[~stated["go_id"].isin(root_ids(ontology.terms)), "protein_id"])
    if len(proteins) <= FEW_PROTEINS:
        settings = replace(settings, train_identity=None, train_most=None)
        made = found.attempt(lambda: make_splits(proteins, annotated, settings, lists=lists))
        counts = made[0]["split"].value_counts() if made is not None else {}
        about, val, test = "", int(counts.get("val", 0)), int(counts.get("test", 0))
    elif lists:
        split_N = found.attempt(lambda: splits_of_lists(proteins["protein_id"], lists))
        about, val, test = "", *(0 if split_N is None else int((split_N == name).sum()) for name in ("val", "test"))
    else:
        about, val, test = "about ", *(round(share * len(annotated)) for share in (settings.val, settings.test))
    found.facts.append(
        f"proteins held out of training: {about}{val:,} for validation, {about}{test:,} for the test "
        f"(inputs.splits.method: {settings.method})"
    )
    return val + test


def _check_protein_lists(config: Mapping[str, Any], found: Findings) -> None:
    named: list[tuple[str, str | None]] = [(path, None) for paths in split_lists(config).values() for path in paths]
    named += [(str(source["path"]), source["column"]) for source in protein_sets(config)]
    for path, column in dict.fromkeys(named):
        found.attempt(partial(read_marked, path, column) if column else partial(read_ids, path))


def _check_term_lists(config: Mapping[str, Any], ontology: Ontology, found: Findings) -> None:
    sets, stoplist = config["inputs"]["term_sets"], config["inputs"]["labels"]["stoplist"]
    named = [(stoplist, ""), (sets["few_list"], FEW_SHOT)]
    if sets["zero_method"] == "list":
        named.append((sets["zero_list"], ZERO_SHOT))
    for name, why_no_root in named:
        if name is not None:
            found.attempt(partial(read_terms, input_path(config, name), ontology.terms, why_no_root=why_no_root))
    if listed := config["evaluation"]["terms"]:
        ids = TermIds.of_tables(ontology.terms, ontology.obsolete)
        found.attempt(partial(read_vocabulary, input_path(config, listed), ids))


def _check_query(config: Mapping[str, Any], found: Findings) -> pd.DataFrame | None:
    path = query_path(config)
    read = found.attempt(lambda: read_proteins([path])) if path else None
    if read is None:
        return None
    found.facts.append(f"query: {len(read[0]):,} proteins in {path}")
    return read[0]


def _disk(config: Mapping[str, Any], residues: int) -> Iterator[GoferError]:
    free = shutil.disk_usage(Path.cwd()).free
    needed = round(embedding_bytes(config, residues) * SPARE)
    if needed > free:
        yield GoferError(
            f"residue embeddings take about {needed / 1e9:,.1f} GB, but {free / 1e9:,.1f} GB are free here",
            help="make room, or run with --directory on a larger disk",
        )


def _models(config: Mapping[str, Any]) -> Iterator[GoferError]:
    model = config["embeddings"]["residues"]["model"]
    if not is_checkpoint_file(model) and residue_width(model) is None:
        yield GoferError(
            f"embeddings.residues.model {model} is not known",
            help="mini, a fair-esm name such as esm2_t6_8M_UR50D, a .pt or .safetensors file, or untrained_t4_d96_h8",
        )
    if _lacks_weights(model) and config["embeddings"]["residues"]["offline"]:
        yield missing_weights(model, "and embeddings.residues.offline is true")
    if config["training"]["wandb"] == "online" and not os.environ.get("WANDB_API_KEY"):
        yield GoferError(
            "training.wandb is online, but the environment holds no WANDB_API_KEY",
            help="set it in the environment (never in a config), or use wandb: offline",
        )


def _lacks_weights(model: str) -> bool:
    return has_published_weights(model) and not hub_file(model).is_file()


def _downloads(config: Mapping[str, Any]) -> Iterator[str]:
    settings = config["embeddings"]["residues"]
    if _lacks_weights(settings["model"]) and not settings["offline"]:
        yield f"the weights of {settings['model']} will be downloaded to {hub_file(settings['model'])}"


def _programs(config: Mapping[str, Any]) -> Iterator[str]:
    if not shutil.which("diamond"):
        yield "DIAMOND is not on the PATH: without it (or --use-conda) its baseline is left out"
    splits = config["inputs"]["splits"]
    clustered = splits["method"] in ("identity", "judged") or splits["train_identity"] is not None
    if clustered and splits["clusterer"] == "mmseqs" and not shutil.which("mmseqs"):
        yield "MMseqs2 is not on the PATH: install it, or set inputs.splits.clusterer to kmers"
