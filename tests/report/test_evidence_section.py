import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from gofer.report.evidence_section import Example, agreements, auroc, choose_shown, inside, ranges_text, read_ranges


def example(number: int, planted: str, impact: np.ndarray, attention: np.ndarray, evidence: str = "2-5") -> Example:
    ranges = read_ranges(planted)
    return Example(f"P{number}", "GO:1", "t", 0.5, len(impact), read_ranges(evidence), ranges, attention, impact)


def test_ranges_are_read_and_written_back():
    assert read_ranges("12-40,80-90") == [(12, 40), (80, 90)]
    assert read_ranges("") == []
    assert ranges_text([(12, 40), (80, 90)]) == "12–40, 80–90"


def test_ranges_count_from_1_and_hold_both_ends():
    np.testing.assert_array_equal(inside([(2, 3), (5, 5)], 5), [False, True, True, False, True])


@pytest.mark.parametrize("seed", range(5))
def test_auroc_equals_sklearn_with_ties(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, 40).astype(float)
    truth = rng.random(40) < 0.3
    assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def test_auroc_of_one_kind_of_residues_is_not_defined():
    assert np.isnan(auroc(np.arange(3.0), np.ones(3, bool)))


def test_agreement_is_the_mean_over_examples():
    rng = np.random.default_rng(1)
    examples = [example(i, "4-9", rng.random(20), rng.random(20)) for i in range(4)]
    impact, attention, found = agreements(examples)
    assert impact.value == pytest.approx(np.mean([roc_auc_score(e.truth, e.impact) for e in examples]))
    assert attention.value == pytest.approx(np.mean([roc_auc_score(e.truth, e.attention) for e in examples]))
    assert impact.low <= impact.value <= impact.high
    assert impact.n == 4
    assert impact.chance == 0.5
    assert found.value == pytest.approx(2 / 6)  # residues 4 and 5 of 4-9
    assert found.chance == pytest.approx(4 / 20)


def test_without_planted_residues_there_is_no_agreement():
    assert agreements([example(1, "", np.arange(5.0), np.arange(5.0))]) == []


def test_a_protein_planted_all_over_is_left_out():
    assert agreements([example(1, "1-5", np.arange(5.0), np.arange(5.0))]) == []


def test_the_examples_shown_run_from_the_best_to_the_worst():
    examples = [example(i, "1-2", np.roll(np.arange(10.0)[::-1], i), np.ones(10)) for i in range(9)]
    shown = choose_shown(examples, most=3)
    values = [auroc(e.impact, e.truth) for e in shown]
    everyone = [auroc(e.impact, e.truth) for e in examples]
    assert values == sorted(values, reverse=True)
    assert values[0] == max(everyone)
    assert values[-1] == min(everyone)
    assert len(choose_shown(examples[:1], most=3)) == 1
