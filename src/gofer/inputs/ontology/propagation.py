"""Labels along the ontology: propagation to all ancestors, training counts, information accretion.

Shapes: N proteins, T terms (rows of the ontology table).
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph, is_root
from gofer.inputs.schemas import ANNOTATIONS, text_array

PROTEINS_AT_ONCE = 4096
PAIRS_AT_ONCE = 1 << 17
MOST_HOPS = 1 << 10  # longer than any way up the ontology


def propagate(stated: pd.DataFrame, terms: pd.DataFrame, relations: Iterable[str]) -> pd.DataFrame:
    """Annotations with all ancestors of their terms.

    Args:
        stated: Columns protein_id, go_id (each pair once), evidence, date, source.
        terms: The ontology table; every stated term is in it.
        relations: Relations along which an annotation holds, of is_a and part_of.

    Returns:
        protein_id, go_id, hops (fewest from a stated term, 0 = stated; int16), evidence, date, source (null unless
        stated), sorted by protein and term.
    """
    return pa.Table.from_batches(propagated_batches(stated, terms, relations), ANNOTATIONS).to_pandas()


def propagated_batches(
    stated: pd.DataFrame, terms: pd.DataFrame, relations: Iterable[str], *, pairs_at_once: int = PAIRS_AT_ONCE
) -> Iterator[pa.RecordBatch]:
    """`propagate` in batches of whole proteins, so that memory does not grow with the ancestors.

    Args:
        stated: As of `propagate`.
        terms: As of `propagate`.
        relations: As of `propagate`.
        pairs_at_once: Stated pairs of a batch, about.
    """
    stated = stated.sort_values(["protein_id", "go_id"], ignore_index=True)
    go_ids = np.unique(terms["go_id"].to_numpy(str))  # in the order of the output
    above = _Above.of(GoGraph.of_terms(terms, relations), go_ids, stated["go_id"].unique())
    term_S = above.place_of(stated["go_id"])
    first_P = np.flatnonzero(~stated["protein_id"].duplicated().to_numpy())  # the first row of each protein
    cuts = np.unique(np.searchsorted(first_P, np.arange(pairs_at_once, len(stated), pairs_at_once)))
    ends = [*(int(first_P[cut]) for cut in cuts if 0 < cut < len(first_P)), len(stated)]
    names = pa.array(go_ids.tolist(), pa.string())
    for start, end in itertools.pairwise([0, *ends]):
        part = stated[start:end]
        protein_S, protein_ids = pd.factorize(part["protein_id"])
        protein, term, hops = above.nearest(protein_S, term_S[start:end])
        row = np.where(hops == 0, np.cumsum(hops == 0) - 1, -1)  # stated pairs come in their order
        said = pa.array(row, mask=row < 0)
        columns = [
            text_array(pd.Series(protein_ids, dtype="str")).take(pa.array(protein)),
            names.take(pa.array(term)),
            pa.array(hops, pa.int16()),
            *(text_array(part[name]).take(said) for name in ("evidence", "date", "source")),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=ANNOTATIONS)


def with_ancestors(labels_NT: sp.csr_array, graph: GoGraph) -> sp.csr_array:
    """Labels with all ancestors of their terms, bool (N, T), as `propagate`, by numbers: for millions of labels.

    Args:
        labels_NT: True where a protein has a term.
        graph: Parents of each term; its rows are the columns.
    """
    above_TT = graph.ancestors_TT(int(graph.height_T.max(initial=0))).astype(bool)
    starts = range(0, max(labels_NT.shape[0], 1), PROTEINS_AT_ONCE)
    parts = [labels_NT[start : start + PROTEINS_AT_ONCE].astype(bool) @ above_TT for start in starts]
    whole_NT = sp.csr_array(sp.vstack(parts, format="csr"))
    whole_NT.sort_indices()
    return whole_NT


@dataclass(frozen=True, eq=False)
class _Above:
    """The ancestors of some terms and the terms, with the fewest hops to each. Numbers are places in `go_ids`."""

    go_ids: NDArray
    start_T: NDArray[np.int64]
    ancestor_A: NDArray[np.int64]
    hops_A: NDArray[np.int64]

    @classmethod
    def of(cls, graph: GoGraph, go_ids: NDArray, used: Iterable[str]) -> "_Above":
        place = {go_id: number for number, go_id in enumerate(go_ids.tolist())}
        count_T = np.zeros(len(go_ids), dtype=np.int64)
        found: list[tuple[int, int]] = []
        for go_id in sorted(used):
            ancestors = graph.ancestors([go_id])
            count_T[place[go_id]] = len(ancestors)
            found += [(place[ancestor], hops) for ancestor, hops in ancestors.items()]
        ancestor_A, hops_A = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return cls(go_ids, np.append(0, np.cumsum(count_T)), ancestor_A, hops_A)

    def place_of(self, go_ids: pd.Series) -> NDArray[np.int64]:
        return pd.Index(self.go_ids, dtype="str").get_indexer(go_ids)

    def nearest(self, protein_S: NDArray[np.int64], term_S: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
        """Protein, ancestor and fewest hops, of each pair once, sorted by protein and ancestor."""
        count_S = self.start_T[term_S + 1] - self.start_T[term_S]
        offset = np.arange(count_S.sum()) - np.repeat(np.cumsum(count_S) - count_S, count_S)
        at = np.repeat(self.start_T[term_S], count_S) + offset
        pair = np.repeat(protein_S, count_S) * len(self.go_ids) + self.ancestor_A[at]
        pair_and_hops = np.sort(pair * MOST_HOPS + self.hops_A[at])
        pair, hops = np.divmod(pair_and_hops, MOST_HOPS)
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        protein, term = np.divmod(pair[first], len(self.go_ids))
        return protein, term, hops[first]


def information_accretion(
    labels_NT: sp.csr_array, terms: pd.DataFrame, relations: Iterable[str]
) -> NDArray[np.float64]:
    """IA(t) = -log2(n(t) / n(all parents of t)) in bits, float64 (T).

    From Clark and Radivojac 2013, doi:10.1093/bioinformatics/btt228. n counts proteins. Parents are those within the
    aspect; roots have 0. A term that no protein has gets the value of 1 / (n(parents) + 1) instead of infinity.

    Args:
        labels_NT: Propagated labels of the training proteins, nothing masked.
        terms: The ontology table, in the columns' order.
        relations: Relations that lead to parents.
    """
    graph = GoGraph.of_terms(terms, relations, within_aspect=True)
    below_TT = sp.csr_array(graph.parents_TT.T, dtype=np.int32)
    parents_T = graph.parents_TT.sum(axis=1)
    together_T = np.zeros(len(terms))
    for start in range(0, labels_NT.shape[0], PROTEINS_AT_ONCE):
        present = (labels_NT[start : start + PROTEINS_AT_ONCE] @ below_TT).tocoo()
        all_there = present.data == parents_T[present.col]
        together_T += np.bincount(present.col[all_there], minlength=len(terms))
    count_T = labels_NT.sum(axis=0).astype(float)
    share_T = np.where(count_T > 0, count_T / np.maximum(together_T, 1), 1 / (together_T + 1))
    return np.where(parents_T > 0, np.abs(np.log2(share_T)), 0.0)


def training_counts(labels_NT: sp.csr_array, held_out_T: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Training proteins with each term that training may see, int64 (T); 0 for terms held out."""
    return np.where(held_out_T, 0, labels_NT.sum(axis=0)).astype(np.int64)


def terms_table(
    ontology: pd.DataFrame, labels_NT: sp.csr_array, held_out_T: NDArray[np.bool_], relations: Iterable[str]
) -> pd.DataFrame:
    """The ontology table with row, information_accretion and training_count, without alternative ids.

    Args:
        ontology: The ontology table.
        labels_NT: Propagated labels of the training proteins, nothing masked.
        held_out_T: Terms masked on purpose.
        relations: Relations that lead to parents.
    """
    return ontology.drop(columns="alt_ids").assign(
        row=range(len(ontology)),
        information_accretion=information_accretion(labels_NT, ontology, relations),
        training_count=training_counts(labels_NT, held_out_T),
    )


def seen_in_training(terms: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of the terms table training knows: with a training protein that it may see, and not a root (T)."""
    return (terms["training_count"] > 0).to_numpy(bool) & ~is_root(terms)
