"""A learned blend takes the formula's place where it is better for proteins that it was not fitted on."""

import copy

import numpy as np
import pandas as pd
import pytest
from retrieval.tiny_model import make_model
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.metrics.fmax import fmax
from gofer.retrieval import learned_blend
from gofer.retrieval.ensemble import Ensemble, Expected
from gofer.retrieval.ensemble_fit import Validation
from gofer.retrieval.learned_blend import FEATURES, LEAST, LEAST_LEAF, BoostedTrees, LearnedBlend
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel

TERMS = 40
RARE = np.arange(TERMS) % 2 == 0
TABLE = pd.DataFrame(
    {
        "go_id": [f"GO:{i:07d}" for i in range(TERMS)],
        "aspect": ["MFO"] * 20 + ["BPO"] * 20,
        "is_a": [[]] * TERMS,
        "training_count": np.where(RARE, 5, 5000),
        "information_accretion": 1.0,
        "depth": 1,
    }
)
FLAT = GoGraph.of_terms(TABLE, ["is_a"])


def world(n=400, seed=0, *, both=False):
    """Text, expected, truth; the regression is right about rare terms and the text about others, or both about all."""
    rng = np.random.default_rng(seed)
    honest, noise = rng.beta(0.5, 3, size=(n, TERMS)), rng.beta(0.5, 3, size=(n, TERMS))
    truth = rng.random((n, TERMS)) < honest
    regressed = np.where(RARE | both, honest, noise).astype(np.float32)
    text = np.where(~RARE | both, honest, noise).astype(np.float32)
    none = dict.fromkeys(("MFO", "BPO"), np.zeros(n, np.float32))
    return text, Expected(regressed, np.zeros_like(regressed), none), truth


def fitted(text, expected, truth):
    validation = Validation(expected, truth, TABLE, FLAT)
    return validation.fit_blends(text, validation.fit_shares(text, validation.fit_trust(text)))


@pytest.fixture(scope="module")
def ensemble():
    return fitted(*world())[0]


def test_where_the_formula_is_wrong_a_blend_orders_new_proteins_better(ensemble):
    assert all(fit.blend for fit in ensemble.aspects.values())
    text, expected, truth = world(seed=1)
    validation = Validation(*world()[1:], TABLE, FLAT)
    formula = validation.fit_shares(world()[0], validation.fit_trust(world()[0]))
    blended, plain = (each.apply(text, expected, TABLE) for each in (ensemble, formula))
    assert fmax(blended, truth) > fmax(plain, truth) + 0.05


def test_where_the_formula_is_right_it_stays():
    assert not any(fit.blend for fit in fitted(*world(both=True))[0].aspects.values())


def test_few_validation_proteins_leave_the_formula():
    assert not any(fit.blend for fit in fitted(*world(60))[0].aspects.values())


def test_estimates_that_are_never_high_enough_leave_the_formula():
    text, expected, truth = world()
    low, zero = np.full_like(text, 1e-3), np.zeros_like(text)
    ensemble, _ = fitted(low, Expected(zero, zero, expected.similarity), truth)
    assert set(ensemble.aspects) == {"MFO", "BPO"}
    assert not any(fit.blend for fit in ensemble.aspects.values())


def test_a_blended_score_says_how_often_it_is_right(ensemble):
    text, expected, truth = world(2000, seed=2)
    scores = ensemble.apply(text, expected, TABLE)
    for low in (0.0, 0.1, 0.3):
        inside = (scores >= low) & (scores < low + 0.2)
        assert scores[inside].mean() == pytest.approx(truth[inside].mean(), abs=0.06)
    assert scores.min() > 0
    assert scores.max() <= 1


def test_scores_that_others_fitted_know_nothing_of_a_proteins_own_labels():
    text, expected, _ = world()
    unrelated = np.random.default_rng(3).random((400, TERMS)) < 0.2
    _, crossed = fitted(text, expected, unrelated)
    assert np.corrcoef(crossed.ravel(), unrelated.ravel())[0, 1] < 0.02


def test_terms_of_equal_estimates_score_as_often_as_validation_proteins_have_them():
    rng = np.random.default_rng(4)
    text, expected, _ = world(600, both=True)
    text[:] = expected.regressed_BT[:] = 0.1
    often = np.where(np.arange(TERMS) % 4 < 2, 0.3, 0.05)
    ensemble, _ = fitted(text, expected, rng.random((600, TERMS)) < often)
    scores = ensemble.apply(text[:1], expected.rows(np.arange(1)), TABLE)[0]
    np.testing.assert_allclose(scores, often, atol=0.06)


def test_trees_predict_what_scikit_learn_predicts():
    rng = np.random.default_rng(5)
    features = rng.normal(size=(5000, len(FEATURES))).astype(np.float32)
    truth = rng.random(5000) < expit(features[:, 0] * features[:, 1] + np.where(features[:, 2] > 1, 3, 0))
    model = HistGradientBoostingClassifier(
        max_iter=learned_blend.TREES, max_depth=learned_blend.DEPTH, max_leaf_nodes=None, min_samples_leaf=LEAST_LEAF,
        l2_regularization=1.0, early_stopping=False, random_state=0,
    ).fit(features, truth)  # fmt: skip
    odds = BoostedTrees.fit(features, truth).odds(np.ascontiguousarray(features.T))
    np.testing.assert_allclose(odds, model.decision_function(features), atol=1e-4)


def test_an_ensemble_with_blends_comes_back_from_json(ensemble):
    text, expected, _ = world(seed=6)
    again = Ensemble.from_json(ensemble.to_json())
    assert again.to_json() == ensemble.to_json()
    np.testing.assert_array_equal(again.apply(text, expected, TABLE), ensemble.apply(text, expected, TABLE))


def _with(content, path, value):
    content = copy.deepcopy(content)
    here = content
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("features",), ["average", "text"]),
        (("feature", 0, 0), len(FEATURES)),
        (("feature", 0, 0), -1),
        (("feature", 0), [0, 1]),
        (("threshold", 0, 0), float("nan")),
        (("leaf", 0, 0), float("inf")),
        (("leaf",), [[0.0]]),
        (("counts",), {"GO:0000001": "many"}),
        (("start",), None),
    ],
    ids=str,
)
def test_a_damaged_blend_is_named_and_not_used(ensemble, path, value):
    with pytest.raises(ArtefactError, match="no ensemble of scores"):
        Ensemble.from_json(_with(ensemble.to_json(), ("MFO", "blend", *path), value))


@pytest.mark.parametrize("small", [False, True], ids=["whole", "small"])
def test_a_model_file_predicts_by_its_blend(tmp_path, small):
    half = BoostedTrees(0.0, np.array([[0]]), np.float32([[0]]), np.float32([[-1, 1]]))  # by the average alone
    tiny = make_model(tmp_path, small=small, blend=LearnedBlend(half, 10, {}))
    proteins = [*QueryFile.read(tiny.fasta(tmp_path / "q.fasta", slice(0, 4)))]
    table = Predictor(TrainedModel(tiny.path), device="cpu").of_chunk(proteins).table
    seen = (table["aspect"] == "MFO") & (table["term_set"] != "zero")
    scores = table.loc[seen, "score"].to_numpy(float)
    by_the_blend = np.isclose(scores, expit(1), atol=1e-6) | np.isclose(scores, expit(-1), atol=1e-6)
    assert by_the_blend.any()
    assert (by_the_blend | (scores < LEAST) | (scores == 1)).all()
