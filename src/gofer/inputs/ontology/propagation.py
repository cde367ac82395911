"""Labels along the ontology: propagation to all ancestors, training counts, information accretion.

Shapes: N proteins, T terms (rows of the ontology table).
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph, is_root

PROTEINS_AT_ONCE = 4096


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
    used = sorted(stated["go_id"].unique())
    graph = GoGraph.of_terms(terms, relations)
    reached = pd.DataFrame(
        [(go_id, ancestor, hops) for go_id in used for ancestor, hops in graph.ancestors([go_id]).items()],
        columns=["stated", "go_id", "hops"],
    ).astype({"hops": "int16"})
    pairs = stated[["protein_id", "go_id"]].rename(columns={"go_id": "stated"}).merge(reached, on="stated")
    nearest = pairs.groupby(["protein_id", "go_id"], as_index=False, sort=True)["hops"].min()
    return nearest.merge(stated, on=["protein_id", "go_id"], how="left", validate="one_to_one")


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
