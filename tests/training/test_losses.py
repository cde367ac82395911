"""The losses equal plain loops, have the right gradients, and are finite for every batch."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.training import losses
from gofer.training.losses import BCE, InfoNCE, SigmoidPairs, Targets

POSITIVE = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0]]).bool()
NEGATIVE = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 0]]).bool()
OBJECTIVES = [InfoNCE(go_to_protein=False), InfoNCE(), SigmoidPairs(), BCE()]


def batch(seed=0, n_proteins=3, n_terms=5):
    """Logits, weights of positives, and negatives that are no positives, in float64."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n_proteins, n_terms, generator=generator, dtype=torch.float64) * 3
    kind = torch.randint(0, 3, (n_proteins, n_terms), generator=generator)
    weight = torch.rand(n_proteins, n_terms, generator=generator, dtype=torch.float64) * (kind == 1)
    return logits, weight, kind == 2


def value_of(objective, logits, weight, negative, base_rate=None):
    """The loss of an objective; the negatives are the same in both directions."""
    base_rate = torch.zeros(logits.shape[1], dtype=logits.dtype) if base_rate is None else base_rate
    return objective(logits, base_rate, Targets(weight, negative, negative))


@pytest.mark.parametrize("seed", range(8))
def test_info_nce_is_the_sum_over_positives_each_against_the_negatives_of_its_row(seed):
    logits, weight, negative = batch(seed)
    above = below = 0.0
    for i, j in itertools.product(range(3), range(5)):
        against = [math.exp(logits[i, k]) for k in range(5) if negative[i, k]]
        if weight[i, j] > 0 and against:
            chance = math.exp(logits[i, j]) / (math.exp(logits[i, j]) + sum(against))
            above -= float(weight[i, j]) * math.log(chance)
            below += float(weight[i, j])
    value = float(value_of(InfoNCE(go_to_protein=False), logits, weight, negative))
    assert value == pytest.approx(above / below if below else 0, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_info_nce_in_both_directions_is_the_mean_over_rows_and_columns_of_scores_with_base_rates(seed):
    logits, weight, negative = batch(seed)
    base_rate = torch.randn(5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    score, one_way = logits + base_rate, InfoNCE(go_to_protein=False)
    wanted = value_of(one_way, score, weight, negative) + value_of(one_way, score.T, weight.T, negative.T)
    assert float(value_of(InfoNCE(), logits, weight, negative, base_rate)) == pytest.approx(float(wanted) / 2)


@pytest.mark.parametrize("seed", range(8))
def test_sigmoid_pairs_is_the_sum_over_pairs(seed):
    logits, weight, negative = batch(seed)
    total = 0.0
    for i, j in itertools.product(range(3), range(5)):
        chance = 1 / (1 + math.exp(-logits[i, j]))
        total -= float(weight[i, j]) * math.log(chance) + float(negative[i, j]) * math.log(1 - chance)
    wanted = total / float(weight.sum()) if weight.any() else 0
    assert float(value_of(SigmoidPairs(), logits, weight, negative)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_binary_cross_entropy_is_the_sum_over_known_pairs_per_positive(seed):
    logits, weight, negative = batch(seed)
    positive = weight > 0
    total = 0.0
    for i, j in itertools.product(range(3), range(5)):
        chance = 1 / (1 + math.exp(-logits[i, j]))
        total -= math.log(chance) if positive[i, j] else math.log(1 - chance) if negative[i, j] else 0.0
    wanted = total / int(positive.sum()) if positive.any() else 0
    assert float(value_of(BCE(), logits, weight, negative)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("objective", [SigmoidPairs(), BCE()])
def test_the_base_rate_is_added_to_the_score(objective):
    logits, weight, negative = batch()
    base_rate = torch.linspace(-2, 2, 5, dtype=torch.float64)
    value = value_of(objective, logits, weight, negative, base_rate)
    assert value == value_of(objective, logits + base_rate, weight, negative)


def test_dag_closeness_is_the_mean_shortfall_of_the_cosine():
    vectors = torch.nn.functional.normalize(torch.randn(6, 4, dtype=torch.float64), dim=1)
    child, parent = vectors[:3], vectors[3:]
    cosines = [float(c @ p) for c, p in zip(child, parent, strict=True)]
    wanted = np.mean([max(0, 0.4 - cosine) for cosine in cosines])
    assert float(losses.dag_closeness(child, parent, margin=0.4)) == pytest.approx(wanted)


def test_attribution_agreement_is_the_divergence_of_attention_from_impact():
    drop = torch.tensor([[0.3, -0.2, 0.1], [-1, -1, 0]], dtype=torch.float64)
    mass = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]], dtype=torch.float64)
    wanted = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(
        0.25 / 0.2
    )  # the second pair has no drop, and does not count
    assert float(losses.attribution_agreement(drop, mass)) == pytest.approx(wanted)
    assert float(losses.attribution_agreement(mass[:1], mass[:1])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_the_objectives_are_right(objective, seed):
    logits, weight, negative = batch(seed)
    assert torch.autograd.gradcheck(
        lambda scores: value_of(objective, scores, weight, negative), logits.requires_grad_()
    )


def test_gradients_of_dag_and_attribution_are_right():
    vectors = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: losses.dag_closeness(v[:3], v[3:], margin=0.4), vectors)
    drop, mass = torch.rand(3, 4, dtype=torch.float64), torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda m: losses.attribution_agreement(drop, m.softmax(1)), mass)


def test_no_gradient_flows_into_the_impact():
    drop, mass = torch.rand(2, 3, requires_grad=True), torch.rand(2, 3, requires_grad=True)
    losses.attribution_agreement(drop, mass).backward()
    assert drop.grad is None
    assert mass.grad is not None


DEGENERATE = {
    "one protein": (POSITIVE[:1], NEGATIVE[:1]),
    "one protein and one term": (torch.ones(1, 1).bool(), torch.zeros(1, 1).bool()),
    "no positive": (torch.zeros(2, 4).bool(), torch.ones(2, 4).bool()),
    "no negative": (torch.ones(2, 4).bool(), torch.zeros(2, 4).bool()),
    "neither": (torch.zeros(2, 4).bool(), torch.zeros(2, 4).bool()),
    "all of one term": (torch.ones(3, 1).bool(), torch.zeros(3, 1).bool()),
}


@pytest.mark.fault(59)
@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_degenerate_batches_have_a_finite_loss_and_gradient(case, scale, objective):
    positive, negative = DEGENERATE[case]
    logits = (torch.randn(positive.shape, generator=torch.Generator().manual_seed(1)) * scale).requires_grad_()
    value = value_of(objective, logits, positive.float(), negative)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    value = value.detach()
    nothing = not positive.any() or (isinstance(objective, InfoNCE) and not negative.any())
    if nothing:
        assert float(value) == 0
        assert not logits.grad.any()


def test_losses_without_any_pair_are_zero_and_differentiable():
    vectors = torch.zeros(0, 4, requires_grad=True)
    mass = torch.zeros(0, 3, requires_grad=True)
    for value in (
        losses.dag_closeness(vectors, vectors, margin=0.5),
        losses.attribution_agreement(torch.zeros(0, 3), mass),
        losses.attribution_agreement(-torch.ones(2, 3), torch.full((2, 3), 1 / 3, requires_grad=True)),
    ):
        assert float(value.detach()) == 0
        value.backward()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.9))
def test_few_shot_positives_reach_their_target_unless_that_takes_more_than_the_factor_allowed(seed, target):
    _, weight, _ = batch(seed, 4, 6)
    few = torch.randint(0, 2, (6,), generator=torch.Generator().manual_seed(seed)).bool()
    raised, share = losses.few_shot_weights(weight, few, target=target, most=10.0)
    before, after = float(weight[:, few].sum()), float(raised[:, few].sum())
    assert torch.equal(raised[:, ~few], weight[:, ~few])
    assert before - 1e-9 <= after <= 10 * before + 1e-9
    if weight.any():
        assert share == pytest.approx(after / float(raised.sum()))
    if before > 0 and float(weight[:, ~few].sum()) > 0:
        assert share >= target - 1e-9 or after == pytest.approx(10 * before)
        if before / float(weight.sum()) >= target:
            assert after == pytest.approx(before)  # what is there already is not lowered


def test_alignment_and_uniformity_equal_plain_loops():
    z = torch.nn.functional.normalize(torch.randn(4, 3, dtype=torch.float64), dim=1)
    positive = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0]]).bool()
    pairs = [float((z[i] - z[j]).square().sum()) for i, j in positive.nonzero()]
    assert float(losses.alignment(z[:2], z, positive)) == pytest.approx(np.mean(pairs))
    distances = [math.exp(-2 * float((z[i] - z[j]).square().sum())) for i, j in itertools.combinations(range(4), 2)]
    assert float(losses.uniformity(z)) == pytest.approx(math.log(np.mean(distances)))
    assert float(losses.uniformity(z[:1])) == 0
    assert float(losses.alignment(z[:1], z, torch.zeros(1, 4).bool())) == 0
