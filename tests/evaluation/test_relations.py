"""join_predictions, metric_rows and cafaeval propagate along the relations of the run's annotations."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import random_ontology, random_predictions, terms_table

from gofer.evaluation.cafaeval import read_figures, run_cafaeval, with_ancestors, write_ontology
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.metric_rows import measure
from gofer.inputs.held_out import HeldOut
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import propagate
from gofer.metrics.bootstrap import Bootstrap
from gofer.retrieval.cafa_format import read_cafa, write_cafa

CHOICES = [["is_a"], ["is_a", "part_of"], ["is_a", "regulates"], ["is_a", "part_of", "regulates"]]


def edges(graph):
    return {(graph.go_ids[child], graph.go_ids[parent]) for child, parent in zip(
        graph.child_E, graph.parent_E, strict=True)}  # fmt: skip


@pytest.fixture
def terms():
    table = terms_table({"GO:0": [], "GO:1": ["GO:0"], "GO:2": ["GO:0"], "GO:3": ["GO:0"]})
    return table.assign(
        part_of=[[], [], [], ["GO:1"]],
        regulates=[[], [], [], ["GO:2"]],
        information_accretion=[0.0, 1.0, 1.0, 1.0],
        training_count=[9, 3, 3, 1],
    )


@pytest.mark.parametrize("relations", CHOICES)
def test_only_the_relations_that_are_asked_for_lead_to_parents(terms, relations, tmp_path):
    wanted = {"GO:0", *(["GO:1"] if "part_of" in relations else []), *(["GO:2"] if "regulates" in relations else [])}
    found = {parent for child, parent in edges(GoGraph.of_terms(terms, relations)) if child == "GO:3"}
    assert found == wanted
    assert set(with_ancestors(terms, ["GO:3"], relations)["go_id"]) == {"GO:3", *wanted}
    assert GoGraph.of_terms(terms, relations).is_root_T.tolist() == [True, False, False, False]
    write_ontology(tmp_path / "o.obo", terms, relations)
    lines = (tmp_path / "o.obo").read_text().splitlines()
    written = [line.split()[-1] for line in lines[lines.index("id: GO:3") + 1 :] if line.startswith(("is_a", "rel"))]
    assert set(written) == wanted
    assert not any("regulates" in line for line in lines)


@pytest.mark.parametrize("relations", CHOICES)
def test_cafaeval_and_gofer_agree_with_any_relations(tmp_path, relations):
    rng = np.random.default_rng(3)
    terms = random_ontology(rng, n_terms=16).assign(training_count=5)
    for column in ("part_of", "regulates"):
        terms[column] = [
            [str(terms["go_id"][rng.integers(1, i)])] if i > 1 and i % 2 else [] for i in range(len(terms))
        ]
    proteins = [f"P{i:02d}" for i in range(20)]
    stated = pd.DataFrame({"protein_id": proteins, "go_id": rng.choice(terms["go_id"][1:], len(proteins))})
    stated = stated.assign(evidence=None, date=None, source=None)
    splits = pd.DataFrame({"protein_id": proteins, "split": ["val"] * 6 + ["test"] * 14})
    predictions = random_predictions(rng, terms, proteins=proteins)
    write_cafa(tmp_path / "p.tsv", predictions["protein_id"], predictions["go_id"], predictions["score"])
    held_out = HeldOut.of_tables(
        terms, terms[["go_id"]].assign(term_set="few"), propagate(stated, terms, relations), splits, relations
    )
    read, truth = read_cafa(tmp_path / "p.tsv"), held_out.of_split("test")
    assert run_cafaeval(read, truth=truth, terms=terms, out=tmp_path, relations=relations)
    figures = read_figures(tmp_path / "evaluation_all.tsv")
    table = measure("m", Predicted(read), held_out, figures, Bootstrap(resamples=3))  # an error where the two disagree
    fmax = table[(table["metric"] == "fmax") & (table["aspect"] == "MFO") & (table["term_set"] == "all")]
    assert fmax["value"].iloc[0] == figures["MFO"].fmax > 0
