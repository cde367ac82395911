"""Small ontologies and predictions for the tests of evaluation."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from gofer.inputs.ontology.go_graph import GoGraph


def terms_table(parents: dict[str, list[str]], *, aspect: str | dict[str, str] = "MFO", **columns) -> pd.DataFrame:
    """A terms table from the is_a parents of each term; further columns as they are given."""
    go_ids = list(parents)
    aspects = [aspect if isinstance(aspect, str) else aspect[go_id] for go_id in go_ids]
    table = pd.DataFrame(
        {
            "go_id": go_ids,
            "name": [f"name of {go_id}" for go_id in go_ids],
            "aspect": aspects,
            "is_a": list(parents.values()),
            "part_of": [[] for _ in go_ids],
            "depth": [0 if not above else 1 for above in parents.values()],
        }
    )
    return table.assign(**columns)


@st.composite
def hierarchies(draw, most_terms: int = 9):
    """Hierarchies whose parents have lower rows, so that there is no cycle."""
    n_terms = draw(st.integers(1, most_terms))
    pairs = [(child, parent) for child in range(n_terms) for parent in range(child)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    child_E, parent_E = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return GoGraph(n_terms, child_E, parent_E)


def random_ontology(rng: np.random.Generator, *, n_terms: int, aspect: str = "MFO", prefix: str = "1") -> pd.DataFrame:
    """One root; every other term has one or two parents among those before it."""
    go_ids = [f"GO:{prefix}{i:06d}" for i in range(n_terms)]
    parents = {go_ids[0]: []}
    for i in range(1, n_terms):
        above = rng.choice(i, size=min(i, int(rng.integers(1, 3))), replace=False)
        parents[go_ids[i]] = [go_ids[row] for row in sorted(above)]
    accretion = np.r_[0.0, rng.uniform(0, 6, n_terms - 1).round(6)]
    return terms_table(parents, aspect=aspect, information_accretion=accretion)


def random_predictions(
    rng: np.random.Generator, terms: pd.DataFrame, *, proteins: list[str], share: float = 0.3
) -> pd.DataFrame:
    """Scores of two decimals, so that many equal a threshold."""
    below = terms.loc[terms["is_a"].map(len) > 0, "go_id"].to_numpy(str)
    protein_P, term_P = np.nonzero(rng.random((len(proteins), len(below))) < share)
    scores = rng.integers(1, 101, len(protein_P)) / 100
    return pd.DataFrame({"protein_id": np.array(proteins)[protein_P], "go_id": below[term_P], "score": scores})


def random_truth(rng: np.random.Generator, terms: pd.DataFrame, *, proteins: list[str]) -> pd.DataFrame:
    """One to three terms per protein, with their ancestors, the root left out."""
    parents = dict(zip(terms["go_id"], terms["is_a"], strict=True))
    below = [go_id for go_id, above in parents.items() if above]
    rows = set()
    for protein in proteins:
        todo = list(rng.choice(below, size=int(rng.integers(1, 4))))
        while todo:
            go_id = str(todo.pop())
            if parents[go_id]:
                rows.add((protein, go_id))
                todo.extend(parents[go_id])
    return pd.DataFrame(sorted(rows), columns=["protein_id", "go_id"])


def read_sample_obo(path: Path) -> pd.DataFrame:
    """The terms of cafaeval's sample ontology, which knows is_a and part_of alone."""
    rows = []
    for stanza in path.read_text().split("[Term]")[1:]:
        rows.append(
            {
                "go_id": re.search(r"^id: (\S+)", stanza, re.M)[1],
                "name": re.search(r"^name: (.+)", stanza, re.M)[1],
                "aspect": re.search(r"^namespace: (\S+)", stanza, re.M)[1],
                "is_a": re.findall(r"^is_a: (\S+)", stanza, re.M),
                "part_of": re.findall(r"^relationship: part_of (\S+)", stanza, re.M),
                "information_accretion": 1.0,
            }
        )
    return pd.DataFrame(rows)
