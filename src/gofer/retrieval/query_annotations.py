"""What a user's annotation files state of the proteins of a query: every evidence code counts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_intake import DROPPED
from gofer.inputs.annotations.annotation_line import GO_CODES
from gofer.inputs.annotations.annotation_table import UNMAPPED
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import ProteinReader
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.trained_model import TrainedModel

NO_DATA = "ND"  # says that nothing is known


@dataclass(frozen=True, eq=False)
class QueryAnnotations:
    """The annotations of a query's proteins.

    Attributes:
        stated: What they state.
        digest: SHA-256 of it, hexadecimal.
        annotations: How many pairs of protein and term are stated.
        accounting: What became of the lines.
        is_used: Whether the model has a fitted trust in them; without, they change no score.
    """

    stated: StatedTerms
    digest: str
    annotations: int
    accounting: Accounting
    is_used: bool

    @classmethod
    def read(cls, paths: Sequence[Path | str], fasta: Path | str, model: TrainedModel) -> "QueryAnnotations | None":
        """Read annotation files; None where there is none.

        Args:
            paths: GAFs, GPADs, tables, UniProt entries or tables, results of InterProScan, with interpro2go or not.
            fasta: The query.
            model: Its terms are those that count; older ids are followed.

        Raises:
            InputError: A fault in a file, or it names no protein of the query.
            ProblemsError: Several faults.
        """
        if not paths:
            return None
        batches = [batch.select(["protein_id", "aliases"]).to_pandas() for batch in ProteinReader([fasta]).batches()]
        terms, obsolete = model.term_tables
        relations = tuple(model.settings["relations"])
        rules = AnnotationRules(frozenset(GO_CODES.values()) - {NO_DATA}, 1.0, relations)
        table, accounting = read_annotations(paths, ProteinNames.of_table(pd.concat(batches)), terms, obsolete, rules)
        table = table[["protein_id", "go_id", "evidence"]]
        digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
        stated = StatedTerms.of_table(table, model.terms, relations)
        return cls(stated, digest, len(table), accounting, model.scorer.own is not None)

    @property
    def proteins(self) -> int:
        """How many proteins have one."""
        return len(self.stated.protein_ids)

    def sentence(self, model: str) -> str:
        """What was read and what was not used, for a user."""
        lost = self.facts()["dropped"]
        without = f" Not used: {'; '.join(f'{count:,} {reason}' for reason, count in lost.items())}." if lost else ""
        unfitted = "" if self.is_used else f" The model {model} has no trust in them fitted: they change no score."
        return f"{self.annotations:,} annotations of {self.proteins:,} proteins of the query.{without}{unfitted}"

    def facts(self) -> dict[str, Any]:
        """As the summary of a prediction holds them: proteins, annotations, and every line that was not used, why."""
        table = self.accounting.table()
        dropped = table[table["item"] == DROPPED]
        unmapped = table.loc[table["item"] == UNMAPPED]
        lines = f"lines with {len(unmapped)} {UNMAPPED}"
        return {
            "proteins": self.proteins,
            "annotations": self.annotations,
            "dropped": {
                **dict(zip(dropped["reason"], dropped["count"].tolist(), strict=True)),
                **({lines: int(unmapped["count"].sum())} if len(unmapped) else {}),
            },
            "used_in_scores": self.is_used,
        }
