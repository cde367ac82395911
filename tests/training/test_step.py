"""The loss of one batch: its parts, and that it is finite for any batch."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from training.tiny_world import CURRICULUM, TRAINING

from gofer.mining.curriculum import CurriculumConfig
from gofer.training.dataset import ContrastiveEmbCollator
from gofer.training.settings import Weights
from gofer.training.step import Stepper


def stepper_of(world, **changed):
    model, data, miner, _, config = world.begin(training={**TRAINING, **changed})
    return Stepper.of(model.eval(), data.vocabulary, miner, config, np.random.default_rng(1)), data


def batch_of(data, rows):
    collate = ContrastiveEmbCollator(data.train.hops_NT, data.train.truth_NT, 8, 4)
    return collate([data.train.proteins[row] for row in rows])


def loss_of(stepper, batch, lambda_attr=0.1, **knobs):
    curriculum = CurriculumConfig.from_config(CURRICULUM)
    weights = Weights(con=1.0, attr=lambda_attr, dag=0.1)
    return stepper.loss(batch, dataclasses.replace(curriculum.at(0, 2), **knobs), weights)


def finite(result, model):
    result.total.backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    return torch.isfinite(result.total) and gradients and all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.fault(59)
@pytest.mark.parametrize("objective", ["infonce", "sigmoid", "bce"])
@pytest.mark.parametrize("rows", [[0], [0, 0, 0], [0, 6, 12], list(range(16))])
def test_the_loss_and_its_gradient_are_finite_for_every_batch(world, objective, rows):
    stepper, data = stepper_of(world, objective=objective)
    assert finite(loss_of(stepper, batch_of(data, rows)), stepper.model)


def test_a_batch_without_negatives_is_finite(world):
    stepper, data = stepper_of(world)
    batch = batch_of(data, [0, 1])
    result = loss_of(stepper, batch, k_hard=0, random_k=0, inbatch_easy=0.0)
    assert finite(result, stepper.model)
    assert result.figures["negatives"] == 0


def test_a_batch_without_positives_is_finite(world):
    stepper, data = stepper_of(world)
    batch = batch_of(data, [0, 1])
    blank = dataclasses.replace(batch, hops_BT=(batch.hops_BT * 0).tocsr())
    blank.hops_BT.eliminate_zeros()
    result = loss_of(stepper, blank)
    assert torch.isfinite(result.total)
    assert result.figures["con"] == 0


@pytest.mark.parametrize("objective", ["infonce", "sigmoid", "bce"])
def test_true_terms_that_are_not_positives_are_left_out_of_the_loss(world, objective):
    stepper, data = stepper_of(world, objective=objective)
    batch = batch_of(data, [0, 1])
    everything = dataclasses.replace(batch, truth_BT=sp.csr_array(np.ones(batch.truth_BT.shape, bool)))
    result = loss_of(stepper, everything, random_k=99)
    assert result.figures["negatives"] == 0
    if objective == "infonce":  # with nothing to contrast with, in neither direction
        assert result.figures["con"] == 0


def test_the_plain_classifier_uses_every_term_and_mines_nothing(world):
    stepper, data = stepper_of(world, objective="bce")
    batch = batch_of(data, [0, 1, 2])
    hidden = batch.truth_BT.toarray()
    hidden[0] = True  # all else true of the first protein: none of its terms is a negative
    result = loss_of(stepper, dataclasses.replace(batch, truth_BT=sp.csr_array(hidden)), hard_frac=1.0, k_hard=1)
    assert result.figures["negatives"] == pytest.approx((~hidden).sum() / 3)
    assert stepper.miner.seconds == 0
    gentle = loss_of(stepper, batch, k_hard=0, random_k=0, inbatch_easy=0.0)
    assert gentle.figures["con"] == loss_of(stepper, batch).figures["con"]


def test_without_go_to_protein_info_nce_contrasts_terms_of_a_protein_only(world):
    both, one = ((stepper_of(world, go_to_protein=way)) for way in (True, False))
    single = loss_of(one[0], batch_of(one[1], [0]))  # no other protein: nothing to contrast a term with
    assert loss_of(both[0], batch_of(both[1], [0])).figures["con"] == pytest.approx(single.figures["con"] / 2)
    assert (
        loss_of(both[0], batch_of(both[1], [0, 1, 2])).figures["con"]
        != loss_of(one[0], batch_of(one[1], [0, 1, 2])).figures["con"]
    )


def test_the_total_is_the_weighted_sum_of_its_parts(world):
    stepper, data = stepper_of(world, dag_margin=0.99)
    figures = loss_of(stepper, batch_of(data, [0, 1, 2, 3]), lambda_attr=0.7).figures
    wanted = figures["con"] + 0.1 * figures["dag"] + 0.7 * figures["attr"]
    assert figures["loss"] == pytest.approx(wanted, rel=1e-5)
    assert figures["dag"] > 0
    assert loss_of(stepper, batch_of(data, [0, 1]), lambda_attr=0.0).figures["attr"] == 0


def test_dag_pairs_are_parents_and_children_among_the_candidates(world):
    stepper, data = stepper_of(world, dag_margin=0.99)
    result = loss_of(stepper, batch_of(data, [0, 3, 6]), random_k=99)
    with torch.no_grad():
        z_TD = stepper.model.project_terms(stepper.terms.text_TG, torch.arange(len(data.vocabulary.go_ids)))
    edges = data.vocabulary.graph.within_aspects.edges_E2
    cosines = (z_TD[edges[:, 0]] * z_TD[edges[:, 1]]).sum(1).numpy()
    assert result.figures["dag"] == pytest.approx(np.maximum(0.99 - cosines, 0).mean(), abs=1e-5)


def test_attribution_uses_as_many_stated_positives_as_the_config_says(world):
    stepper, data = stepper_of(world, attr_pairs=5)
    batch = batch_of(data, [0, 1, 2])
    hops_BC = batch.hops_BT.toarray() - 1
    candidates = type("C", (), {"hops_BC": hops_BC})
    protein_P, place_P = stepper._stated_pairs(candidates)
    assert (hops_BC[protein_P, place_P] == 0).all()
    assert len(protein_P) == (hops_BC == 0).sum()
    one, _ = stepper_of(world, attr_pairs=1)
    assert one._stated_pairs(candidates)[0].tolist() == [0, 1, 2]


def test_few_shot_terms_reach_their_share(world):
    stepper, data = stepper_of(world, fs_target_ratio=0.3)
    shares = [loss_of(stepper, batch_of(data, [row, row + 1, row + 2])).figures["few_share"] for row in range(0, 12, 3)]
    assert all(share >= 0.3 - 1e-6 for share in shares)


def test_in_bfloat16_the_loss_is_near_and_its_gradient_finite_but_weights_stay_float32(world):
    parts = {}
    for precision in ("float32", "bfloat16"):
        stepper, data = stepper_of(world, precision=precision)
        result = loss_of(stepper, batch_of(data, list(range(16))))
        assert finite(result, stepper.model)
        assert {weight.grad.dtype for weight in stepper.model.parameters() if weight.grad is not None} == {
            torch.float32
        }
        parts[precision] = result.figures["loss"]
    assert parts["bfloat16"] != parts["float32"]
    assert parts["bfloat16"] == pytest.approx(parts["float32"], rel=0.03)
