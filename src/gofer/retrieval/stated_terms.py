"""The terms that annotations state of proteins, with all ancestors, by the evidence code of the annotations.

Shapes: B proteins, T terms, K terms of one protein.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, is_root
from gofer.inputs.ontology.propagation import with_ancestors

NO_CODE = ""  # of a table without evidence codes
EXPERIMENT = "experiment"
GROUP_OF = {
    **dict.fromkeys("EXP IDA IPI IMP IGI IEP HTP HDA HMP HGI HEP".split(), EXPERIMENT),
    **dict.fromkeys("ISS ISO ISA ISM IGC IBA IBD IKR IRD RCA TAS NAS IC".split(), "curated"),
    "IEA": "electronic",
}  # after http://geneontology.org/docs/guide-go-evidence-codes/; a code that is not listed has no group


@dataclass(frozen=True, eq=False)
class StatedTerms:
    """What is stated of some proteins; columns are the terms of a model, roots left out.

    Attributes:
        protein_ids: Proteins with a statement; the matrices have one row more, without any.
        direct: By evidence code, whether the protein has an annotation with the term, bool.
        implied: The same of the term or any term below it.
    """

    protein_ids: pd.Index
    direct: Mapping[str, sp.csr_array]
    implied: Mapping[str, sp.csr_array]

    @classmethod
    def of_table(cls, stated: pd.DataFrame, terms: pd.DataFrame, relations: Iterable[str]) -> "StatedTerms":
        """From annotations.

        Args:
            stated: Columns protein_id, go_id, evidence (codes joined by |, missing where none is given).
            terms: The terms table; other terms are left out.
            relations: Along which annotations propagate, across aspects too.
        """
        graph, below_T = GoGraph.of_terms(terms, relations), sp.diags_array((~is_root(terms)).astype(bool), dtype=bool)
        protein_ids = pd.Index(sorted(stated["protein_id"].unique()), dtype="str")
        rows = pd.Index([*protein_ids, ""])
        codes = stated.assign(code=stated["evidence"].fillna(NO_CODE).astype(str).str.split("|")).explode("code")
        direct, implied = {}, {}
        for code, of_code in codes.groupby("code", sort=True):
            direct[str(code)] = label_matrix(of_code, rows, terms["go_id"])
            implied[str(code)] = sp.csr_array(with_ancestors(direct[str(code)], graph) @ below_T)
        return cls(protein_ids, direct, implied)

    @classmethod
    def read(cls, path: Path | str, terms: pd.DataFrame, relations: Iterable[str]) -> "StatedTerms":
        """From a table of propagated annotations, such as inputs/own_annotations.parquet of a run."""
        table = read_table(path, ["protein_id", "go_id", "hops", "evidence"])
        return cls.of_table(table[table["hops"] == 0], terms, relations)

    def of_proteins(self, protein_ids: Sequence[str]) -> "StatedTerms":
        """Of these proteins, in this order; some may have no statement."""
        rows = np.append(self.protein_ids.get_indexer(pd.Index(protein_ids)), -1)
        direct, implied = (
            {code: sp.csr_array(matrix[rows]) for code, matrix in matrices.items()}
            for matrices in (self.direct, self.implied)
        )
        return StatedTerms(pd.Index(protein_ids), direct, implied)

    def columns(self, chosen: NDArray) -> "StatedTerms":
        """Some of the terms."""
        direct, implied = (
            {code: sp.csr_array(matrix[:, chosen]) for code, matrix in matrices.items()}
            for matrices in (self.direct, self.implied)
        )
        return StatedTerms(self.protein_ids, direct, implied)

    @cached_property
    def groups(self) -> dict[str, sp.csr_array]:
        """By group of evidence, whether a term is stated or implied, (B, T); `NO_CODE`: by a code without a group."""
        found: dict[str, sp.csr_array] = {}
        for code, matrix in self.implied.items():
            group = GROUP_OF.get(code, NO_CODE)
            found[group] = matrix[:-1] if group not in found else sp.csr_array(found[group] + matrix[:-1])
        return found

    @cached_property
    def any(self) -> sp.csr_array:
        """Whether a term is stated or implied by any evidence, (B, T), bool."""
        matrices = list(self.groups.values())
        return sp.csr_array(sum(matrices[1:], matrices[0]) if matrices else (len(self.protein_ids), 0), dtype=bool)

    def notes(self, row: int, terms_K: NDArray[np.int64]) -> list[str]:
        """Of one protein's terms, which annotations state each, in words; "" where none does."""
        direct, implied = (
            {code: _columns(matrix, row) for code, matrix in matrices.items()}
            for matrices in (self.direct, self.implied)
        )
        return [_note(_codes(direct, term), _codes(implied, term)) for term in terms_K.tolist()]


def _columns(matrix: sp.csr_array, row: int) -> set[int]:
    return set(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist())


def _codes(terms_of: Mapping[str, set[int]], term: int) -> list[str]:
    return [code for code, terms in terms_of.items() if term in terms]


def _note(direct: list[str], implied: list[str]) -> str:
    if not implied:
        return ""
    known = "known by experiment, " if any(GROUP_OF.get(code) == EXPERIMENT for code in implied) else ""
    how, codes = ("stated", direct) if direct else ("implied", implied)
    named = "".join(f"{code} " for code in [", ".join(filter(None, codes))] if code)
    return f"{known}{how} by {named}annotation of this protein"
