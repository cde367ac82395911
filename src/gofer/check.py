"""Everything that can be known to go wrong before any job: input files read as the rules would, models, disk, programs.

`snakemake check` runs it. The config itself has been checked by then (`gofer.config`).
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from gofer.config import annotation_files, input_path, protein_files, protein_sets, query_path, split_lists
from gofer.embeddings.encoder_names import (
    has_published_weights,
    hub_file,
    is_checkpoint_file,
    missing_weights,
    refuse_missing_file,
    refuse_missing_text_model,
    residue_width,
)
from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.releases import is_older
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.ontology.term_table import Ontology, read_ontology
from gofer.inputs.proteins.protein_lists import read_marked
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.inputs.splits.split_dates import TEST, first_days, known_in_time
from gofer.inputs.splits.term_history import refuse_undated
from gofer.inputs.splits.term_lists import FEW_SHOT, ZERO_SHOT, read_terms, read_vocabulary
from gofer.inputs.text_files import read_ids

BYTES_PER_NUMBER = 2  # residue embeddings are float16
SPARE = 1.2  # for what a run writes beside them

Read = TypeVar("Read")


@dataclass
class Findings:
    """What a check found.

    Attributes:
        problems: Faults that would end a run.
        notes: Things to know that would not.
        facts: What is as it should be.
    """

    problems: list[GoferError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def attempt(self, read: Callable[[], Read]) -> Read | None:
        """What `read` gives; None where it fails, its fault kept."""
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
    if proteins is not None and ontology is not None:
        _check_annotations(config, proteins, ontology, found)
    _check_protein_lists(config, found)
    if ontology is not None:
        _check_term_lists(config, ontology, found)
    query = _check_query(config, found)
    residues = sum(int(table["length"].sum()) for table in (proteins, query) if table is not None)
    found.problems += [*_disk(config, residues), *_models(config)]
    found.attempt(partial(refuse_missing_file, config["embeddings"]["residues"]["model"]))
    found.attempt(partial(refuse_missing_text_model, config["embeddings"]["texts"]["encoder"]))
    found.notes += [*_programs(config), *_downloads(config)]
    return found


def _check_proteins(config: Mapping[str, Any], found: Findings) -> pd.DataFrame | None:
    keep_ids = config["inputs"]["keep_ids"]
    path = input_path(config, keep_ids) if keep_ids else None
    read = found.attempt(lambda: read_proteins(protein_files(config), keep_ids=path))
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


def _check_annotations(config: Mapping[str, Any], proteins: pd.DataFrame, ontology: Ontology, found: Findings) -> None:
    paths, names = annotation_files(config), ProteinNames.of_table(proteins)
    rules = AnnotationRules.from_config(config["inputs"])
    read = found.attempt(lambda: read_annotations(paths, names, ontology.terms, ontology.obsolete, rules))
    if read is not None:
        stated, _ = read
        if config["inputs"]["splits"]["method"] == "date":
            _check_days(config, stated, proteins, ontology, found)
        found.facts.append(f"annotations: {len(stated):,} of {stated['protein_id'].nunique():,} proteins")
        if config["inputs"]["term_sets"]["zero_method"] == "time":
            found.attempt(partial(refuse_undated, stated))


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
    width = residue_width(config["embeddings"]["residues"]["model"])
    free = shutil.disk_usage(Path.cwd()).free
    needed = round(residues * (width or 0) * BYTES_PER_NUMBER * SPARE)
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
        yield "DIAMOND is not on the PATH: without it (or --use-conda) its baseline will say n/a"
    splits = config["inputs"]["splits"]
    if splits["method"] == "identity" and splits["clusterer"] == "mmseqs" and not shutil.which("mmseqs"):
        yield "MMseqs2 is not on the PATH: install it, or set inputs.splits.clusterer to kmers"
