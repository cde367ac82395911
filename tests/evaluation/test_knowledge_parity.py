"""No, limited and partial knowledge: gofer's figures are those of cafaeval with `-prop fill` and steps of .001.

cafaeval 1.3.0 has no `-known`. All proteins of partial knowledge here know the same terms, so these can be taken out of
the ontology, and the terms below them put below the root: what is left counts as with `-known`.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.evaluation.cafaeval import read_figures, run_cafaeval
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.subset_metrics import measure_subsets
from gofer.inputs.benchmark_subsets import Judged, knowledge_before
from gofer.inputs.held_out import HeldOut
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.inputs.ontology.propagation import propagate
from gofer.metrics.bootstrap import Bootstrap

RELATIONS = ("is_a", "part_of")
TERMS = ["mf", *(f"m{n}" for n in range(1, 16)), "bp", "b1", "b2"]
PARENTS = {
    "mf": [], **{f"m{n}": ["mf"] if n < 4 else [f"m{n // 3}"] for n in range(1, 16)},
    "bp": [], "b1": ["bp"], "b2": ["b1"],
}  # fmt: skip
KNOWN = ["m1", "m4"]  # m4 is below m1
KINDS = ("no_knowledge", "limited_knowledge", "partial_knowledge")
BEFORE, AFTER, DAY = "2013-01-01", "2020-01-01", "2014-01-01"
ROUNDED = 5.1e-4  # cafaeval writes three decimals
STRICT = ["-prop", "fill", "-th_step", "0.001"]


@pytest.fixture(scope="module")
def made_up():
    """Truth of 45 proteins, a third of each kind of knowledge, and scores that no child's exceed."""
    rng = np.random.default_rng(3)
    terms = terms_table(PARENTS, information_accretion=[0.0, *rng.uniform(0.2, 4, 15), 0.0, 1.0, 1.0])
    terms = terms.assign(
        aspect=["MFO"] * 16 + ["BPO"] * 3, depth=[0] + [1] * 15 + [0, 1, 2], training_count=[9] * len(TERMS)
    )
    rows = []
    for number in range(45):
        protein, kind = f"P{number:02d}", number % 3
        rows += [(protein, term, AFTER) for term in rng.choice(TERMS[2:16], 3, replace=False) if term not in KNOWN]
        rows += [(protein, "m9", AFTER)]
        rows += [[], [(protein, "b2", BEFORE)], [(protein, "m4", BEFORE)]][kind]
    stated = pd.DataFrame(rows, columns=["protein_id", "go_id", "date"]).drop_duplicates(["protein_id", "go_id"])
    annotations = propagate(stated.assign(evidence="IDA", source="x"), terms, RELATIONS)
    ids = sorted(stated["protein_id"].unique())
    splits = pd.DataFrame({"protein_id": ids, "split": "test"})
    judged = Judged(
        **dict(zip(("knowledge", "known"), knowledge_before(annotations, splits, terms, RELATIONS, DAY), strict=True))
    )
    held_out = HeldOut.of_tables(terms, terms[["go_id"]].assign(term_set="common"), annotations, splits, RELATIONS)
    raw = rng.integers(1, 99, (len(ids), len(TERMS))) / 100 + 0.005  # between thresholds of either step
    scores_BT = hierarchy_consistent(raw * (rng.random(raw.shape) < 0.4), GoGraph.of_terms(terms, within_aspect=True))
    row, column = np.nonzero(scores_BT)
    below = ~np.isin(column, [0, 16])
    scores = pd.DataFrame(
        {
            "protein_id": np.array(ids)[row[below]],
            "go_id": np.array(TERMS)[column[below]],
            "score": scores_BT[row[below], column[below]].round(3),
        }
    )
    return terms, held_out, judged, scores


def without_known(terms):
    kept = terms[~terms["go_id"].isin(KNOWN)].copy()
    kept["is_a"] = [["mf" if parent in KNOWN else parent for parent in parents] for parents in kept["is_a"]]
    return kept.reset_index(drop=True)


@pytest.mark.parametrize("kind", KINDS)
def test_figures_by_prior_knowledge_are_those_of_cafaeval(made_up, kind, tmp_path):
    terms, held_out, judged, scores = made_up
    table = measure_subsets("m", Predicted(scores), held_out, judged, Bootstrap(resamples=2, seed=1))
    ours = table[(table["split"] == f"test_{kind}") & (table["aspect"] == "MFO")].set_index("metric")
    known = judged.knowledge
    ids = known.loc[(known["knowledge"] == kind) & (known["aspect"] == "MFO"), "protein_id"]
    assert ours["n"]["fmax"] == len(ids) == 15
    truth = held_out.truth[held_out.truth["protein_id"].isin(ids)]
    if kind == KINDS[2]:
        terms = without_known(terms)
    truth, scores = (part[part["go_id"].isin(terms["go_id"])] for part in (truth, scores))
    run_cafaeval(scores, truth=truth, terms=terms, out=tmp_path, relations=RELATIONS)
    files = [str(tmp_path / name) for name in ("ontology.obo", "predictions", "truth.tsv")]
    options = ["-ia", str(tmp_path / "accretion.tsv"), "-no_orphans", "-out_dir", str(tmp_path / "strict")]
    subprocess.run([sys.executable, "-m", "cafaeval", *files, *options, *STRICT], check=True, capture_output=True)
    for result in (tmp_path, tmp_path / "strict"):
        theirs = read_figures(result / "evaluation_all.tsv")["MFO"]
        for metric in ("fmax", "weighted_fmax", "smin", "coverage"):
            assert ours["value"][metric] == pytest.approx(getattr(theirs, metric), abs=ROUNDED), metric
