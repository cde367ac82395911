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

from gofer.config import input_path, protein_files, query_path
from gofer.embeddings.names import is_checkpoint_file, refuse_missing_file, residue_width
from gofer.errors import GoferError
from gofer.inputs.annotations import AnnotationRules, read_annotations
from gofer.inputs.compressed import read_ids
from gofer.inputs.ontology import Ontology, read_ontology
from gofer.inputs.proteins import read_proteins

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
    ontology = found.attempt(lambda: read_ontology(input_path(config, config["ontology"])))
    if ontology is not None:
        found.facts.append(f"ontology: {len(ontology.terms):,} live terms of GO {ontology.release}")
    if proteins is not None and ontology is not None:
        _check_annotations(config, proteins, ontology, found)
    _check_lists(config, found)
    query = _check_query(config, found)
    residues = sum(int(table["length"].sum()) for table in (proteins, query) if table is not None)
    found.problems += [*_disk(config, residues), *_models(config)]
    found.attempt(partial(refuse_missing_file, config["embeddings"]["residues"]["model"]))
    found.notes += _programs(config)
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


def _check_annotations(config: Mapping[str, Any], proteins: pd.DataFrame, ontology: Ontology, found: Findings) -> None:
    path = input_path(config, config["annotations"])
    rules = AnnotationRules.from_config(config["inputs"])
    ids = set(proteins["protein_id"])
    read = found.attempt(lambda: read_annotations(path, ids, ontology.terms, ontology.obsolete, rules))
    if read is not None:
        stated, _ = read
        found.facts.append(f"annotations: {len(stated):,} of {stated['protein_id'].nunique():,} proteins")


def _check_lists(config: Mapping[str, Any], found: Findings) -> None:
    splits, sets = config["inputs"]["splits"], config["inputs"]["term_sets"]
    names = [splits["val_ids"], splits["test_ids"]] if splits["method"] == "lists" else []
    if sets["zero_method"] == "list":
        names.append(sets["zero_list"])
    for name in names:
        found.attempt(partial(read_ids, input_path(config, name)))


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
    if config["training"]["wandb"] == "online" and not os.environ.get("WANDB_API_KEY"):
        yield GoferError(
            "training.wandb is online, but the environment holds no WANDB_API_KEY",
            help="set it in the environment (never in a config), or use wandb: offline",
        )


def _programs(config: Mapping[str, Any]) -> Iterator[str]:
    if not shutil.which("diamond"):
        yield "DIAMOND is not on the PATH: without it (or --use-conda) its baseline will say n/a"
    splits = config["inputs"]["splits"]
    if splits["method"] == "identity" and splits["clusterer"] == "mmseqs" and not shutil.which("mmseqs"):
        yield "MMseqs2 is not on the PATH: install it, or set inputs.splits.clusterer to kmers"
