"""Terms that cannot be true of the proteins of a taxon: their predictions are removed, counted and listed.

Scores of other terms stay as they are, those of terms above a removed one too. Shapes: T terms.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError
from gofer.inputs.ontology.taxon_constraints import Lineage, TaxonConstraints
from gofer.retrieval.trained_model import TrainedModel


@dataclass(frozen=True, eq=False)
class ImpossibleTerms:
    """The terms of a model that cannot be true in a taxon.

    Attributes:
        taxon: Its id in NCBI's taxonomy.
        why_T: Why each term cannot be true, "" where it can.
        undefined: Unions of taxa that no file defines: their constraints were passed over.
    """

    taxon: int
    why_T: NDArray[np.object_]
    undefined: Sequence[str]

    @classmethod
    def of_model(
        cls, model: TrainedModel, taxon: str, lineage: Path | str | None = None, constraints: Sequence[Path | str] = ()
    ) -> "ImpossibleTerms":
        """From the constraints of the model's ontology, or those of files.

        Args:
            model: The model.
            taxon: An id of NCBI's taxonomy, or its whole lineage with commas.
            lineage: nodes.dmp or a table of taxon and parent; None where `taxon` is the lineage.
            constraints: OBO files that replace the model's constraints; definitions of unions may be a separate file.

        Raises:
            GoferError: There is no constraint, the taxon is none, or a file is at fault.
        """
        found, where = TaxonConstraints.read(constraints), Lineage.of(taxon, lineage)
        if found.table.empty:
            found = TaxonConstraints(model.taxon_constraints, found.unions)
        if not found.table["go_id"].isin(model.terms["go_id"]).any():
            what = (
                f"the model {model.name} has no taxon constraint, since its ontology has none (go-basic.obo never has)"
            )
            if not found.table.empty:
                what = f"no taxon constraint of {constraints[0]} is about a term of the model {model.name}"
            help = "name an ontology file that has them, as go.obo of current releases: --constraints go.obo"
            raise GoferError(what, help=help)
        why = found.impossible(where, model.terms)
        why_T = np.array([why.get(go_id, "") for go_id in model.terms["go_id"]], object)
        return cls(where.taxon, why_T, found.undefined())

    @classmethod
    def of_settings(cls, model: TrainedModel, settings: Mapping[str, Any]) -> "ImpossibleTerms | None":
        """From `config.files.taxon_settings`; None where it names no taxon."""
        if settings["id"] is None:
            return None
        return cls.of_model(model, settings["id"], settings["lineage"], settings["constraints"])

    @cached_property
    def is_impossible_T(self) -> NDArray[np.bool_]:
        """Which terms cannot be true."""
        return self.why_T != ""

    @property
    def digest(self) -> str:
        """Changes with the terms that are removed."""
        return hashlib.sha256(json.dumps([self.taxon, self.why_T.tolist()]).encode()).hexdigest()

    def removed(self, protein_id: str, scores_T: NDArray[np.float32], terms: pd.DataFrame, min_score: float) -> list:
        """Rows (protein_id, go_id, name, score, why) of a protein's predictions that are removed, best first."""
        rows = np.flatnonzero(self.is_impossible_T & (scores_T >= min_score))
        rows = rows[np.lexsort((rows, -scores_T[rows]))]
        ids, names = terms["go_id"].to_numpy(object), terms["name"].to_numpy(object)
        return [(protein_id, ids[row], names[row], float(scores_T[row]), self.why_T[row]) for row in rows]
