"""Random ontologies and annotations, and their closure computed the slow way."""

import pandas as pd
from hypothesis import strategies as st

from gofer.inputs.ontology.go_graph import GoGraph

RELATIONS = ["is_a", "part_of"]
PROTEINS = ["P1", "P2", "P3"]


def stated_table(pairs) -> pd.DataFrame:
    """Annotations as they are read, each pair once."""
    table = pd.DataFrame(sorted(set(pairs)), columns=["protein_id", "go_id"])
    return table.assign(evidence="IDA", date=None, source=None)


@st.composite
def worlds(draw):
    """A DAG whose parents come before their children, in two aspects, and some annotations."""
    n = draw(st.integers(2, 12))
    ids = [f"GO:{i:07d}" for i in range(n)]
    aspect = ["MFO" if i % 2 == 0 else "BPO" for i in range(n)]
    is_a, part_of = [[], []], [[], []]
    for i in range(2, n):
        same_aspect = [ids[j] for j in range(i) if aspect[j] == aspect[i]]
        is_a.append(sorted(draw(st.sets(st.sampled_from(same_aspect), min_size=1, max_size=3))))
        part_of.append(sorted(draw(st.sets(st.sampled_from(ids[:i]), max_size=2))))
    terms = pd.DataFrame({"go_id": ids, "aspect": aspect, "is_a": is_a[:n], "part_of": part_of[:n]})
    depth_T = GoGraph.of_terms(terms, within_aspect=True).depth_T
    terms = terms.assign(alt_ids=[[] for _ in ids], depth=depth_T)
    pairs = draw(st.lists(st.tuples(st.sampled_from(PROTEINS), st.sampled_from(ids)), min_size=1, max_size=8))
    return terms, stated_table(pairs)


def ways_up(terms: pd.DataFrame, go_id: str) -> dict[str, int]:
    """All ancestors with hops, found the slow way."""
    rows = terms.set_index("go_id")
    best = {go_id: 0}
    for _ in range(len(terms)):
        for here, hops in list(best.items()):
            for parent in [*rows.loc[here, "is_a"], *rows.loc[here, "part_of"]]:
                best[parent] = min(best.get(parent, 99), hops + 1)
    return best


def closure(terms: pd.DataFrame, stated: pd.DataFrame) -> dict[str, dict[str, int]]:
    """By protein, {term: fewest hops from a stated one}, found the slow way."""
    found: dict[str, dict[str, int]] = {}
    for protein, go_id in zip(stated["protein_id"], stated["go_id"], strict=True):
        hops_of = found.setdefault(protein, {})
        for ancestor, hops in ways_up(terms, go_id).items():
            hops_of[ancestor] = min(hops, hops_of.get(ancestor, 99))
    return found
