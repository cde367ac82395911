"""The two towers: unit vectors, attention that sums to 1, a bounded temperature, masking without a second pass."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training.tiny_world import SIZES, random_model, random_residues

from gofer.training.attribution import can_be_masked, impact, masked_vectors
from gofer.training.model import GoferModel, bounded

LENGTHS = st.lists(st.integers(1, 45), min_size=1, max_size=4)
SHAPES = st.sampled_from([(8, 4), (8, 8), (9, 3), (8, 2), (5, 1), (None, 4)])
VARIANTS = st.sampled_from([{}, {"pooling": "mean"}, {"heads": 2}, {"heads": 5}, {"pooling": "mean", "heads": 2}])


def naive_protein(model, residues_LE, *, kept=None):
    """One protein's vector and residue attention, window by window; residues that are not kept are in no window."""
    sizes, pooling, length = model.sizes, model.pooling, len(residues_LE)
    kept = torch.ones(length, dtype=torch.bool) if kept is None else kept
    normed_LE = pooling.norm(residues_LE)
    exp_LH = bounded(pooling.residue_score(normed_LE)).exp()
    values = torch.nn.functional.gelu(pooling.value(normed_LE)).chunk(sizes.heads, dim=1)
    win_size, starts = sizes.win_size or length, [0]
    while starts[-1] + win_size < length:
        starts.append(starts[-1] + sizes.win_stride)
    means, scores, inside = [], [], []
    for start in starts:
        here = torch.zeros(length, dtype=torch.bool)
        here[start : start + win_size] = True
        here &= kept
        if here.any():
            share_LH = exp_LH * here[:, None] / (exp_LH * here[:, None]).sum(0)
            means.append(torch.cat([share_LH[:, head] @ value for head, value in enumerate(values)]))
            scores.append(bounded(pooling.window_score(means[-1])))
            inside.append(share_LH)
    beta_WH = torch.stack(scores).softmax(0)
    mean_WV = torch.stack(means).chunk(sizes.heads, dim=1)
    z_D = model.project_proteins(torch.cat([beta_WH[:, head] @ mean for head, mean in enumerate(mean_WV)]))
    return z_D, torch.einsum("wh,wlh->lh", beta_WH, torch.stack(inside)).mean(1)


def case(lengths, shape, seed=0, *, dtype=torch.float64, **variant):
    sizes = dataclasses.replace(SIZES, win_size=shape[0], win_stride=shape[1], **variant)
    model = random_model(seed, sizes, dtype=dtype)
    residues_RE, layout = random_residues(lengths, seed, win_size=shape[0], win_stride=shape[1], dtype=dtype)
    return model, residues_RE, layout


@settings(max_examples=40, deadline=None)
@given(LENGTHS, SHAPES, st.integers(0, 5), VARIANTS)
def test_vectors_and_attention_are_those_of_a_plain_loop_over_windows(lengths, shape, seed, variant):
    model, residues_RE, layout = case(lengths, shape, seed, **variant)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
        attention = pooled.residue_attention().split(lengths)
        for protein, residues_LE in enumerate(residues_RE.split(lengths)):
            z_D, attention_L = naive_protein(model, residues_LE)
            torch.testing.assert_close(pooled.z_BD[protein], z_D, atol=1e-9, rtol=0)
            torch.testing.assert_close(attention[protein], attention_L, atol=1e-9, rtol=0)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, SHAPES, st.integers(0, 5), VARIANTS)
def test_a_protein_without_a_window_is_the_protein_without_its_residues(lengths, shape, seed, variant):
    model, residues_RE, layout = case(lengths, shape, seed, **variant)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
        masked_BWD, possible_BW = masked_vectors(model, pooled), can_be_masked(pooled)
        for protein, residues_LE in enumerate(residues_RE.split(lengths)):
            windows = int(layout.window_mask_BW[protein].sum())
            assert possible_BW[protein].sum() == (windows if windows > 1 else 0)
            for window in range(windows if windows > 1 else 0):
                first, last = layout.residue_range(protein, window)
                kept = torch.ones(lengths[protein], dtype=torch.bool)
                kept[first - 1 : last] = False
                z_D, _ = naive_protein(model, residues_LE, kept=kept)
                torch.testing.assert_close(masked_BWD[protein, window], z_D, atol=1e-9, rtol=0)


def test_masking_in_float32_is_as_good_as_the_second_pass():
    model, residues_RE, layout = case([120, 7, 64], (16, 4), dtype=torch.float32)
    with torch.no_grad():
        masked_BWD = masked_vectors(model, model.encode_proteins(residues_RE, layout))
        residues_LE = residues_RE[:120]
        for window in range(int(layout.window_mask_BW[0].sum())):
            kept = torch.ones(120, dtype=torch.bool)
            kept[window * 4 : window * 4 + 16] = False
            z_D, _ = naive_protein(model, residues_LE, kept=kept)
            torch.testing.assert_close(masked_BWD[0, window], z_D, atol=1e-5, rtol=0)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, SHAPES, VARIANTS)
def test_attention_sums_to_one_over_each_protein(lengths, shape, variant):
    model, residues_RE, layout = case(lengths, shape, dtype=torch.float32, **variant)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
        for attention_L in pooled.residue_attention().split(lengths):
            assert float(attention_L.sum()) == pytest.approx(1, abs=1e-5)
            assert (attention_L >= 0).all()
        mass_BW = pooled.window_attention_mass()
    assert mass_BW.sum(1).tolist() == pytest.approx([1] * len(lengths), abs=1e-5)
    assert not mass_BW[~layout.window_mask_BW].any()
    assert not pooled.beta_BW[~layout.window_mask_BW].any()


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_mass_of_a_window_is_the_attention_on_its_residues(heads):
    model, residues_RE, layout = case([37], (8, 4), heads=heads)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
        attention = pooled.residue_attention()
        mass_W = torch.stack([attention[4 * w : 4 * w + 8].sum() for w in range(int(layout.window_mask_BW.sum()))])
    torch.testing.assert_close(pooled.window_attention_mass()[0], mass_W / mass_W.sum())


def test_the_mean_over_one_window_is_the_mean_over_all_residues_at_any_length():
    model, residues_RE, layout = case([3, 41], (None, 4), pooling="mean")
    assert layout.window_mask_BW.tolist() == [[True], [True]]
    assert [layout.residue_range(protein, 0) for protein in range(2)] == [(1, 3), (1, 41)]
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
        value_RV = torch.nn.functional.gelu(model.pooling.value(model.pooling.norm(residues_RE)))
        mean_BV = torch.stack([of_protein.mean(0) for of_protein in value_RV.split([3, 41])])
        torch.testing.assert_close(pooled.z_BD, model.project_proteins(mean_BV))
        assert not impact(model, pooled).any()
    assert not [name for name, _ in model.named_parameters() if "score" in name]


def test_heads_attend_to_different_residues():
    model, residues_RE, layout = case([30], (8, 4), heads=2)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE, layout)
    assert not torch.allclose(pooled.exp_RH[:, 0], pooled.exp_RH[:, 1])


def test_a_new_model_attends_evenly():
    torch.manual_seed(0)
    model = GoferModel(SIZES, ["GO:1"]).eval()
    residues_RE, layout = random_residues([8])
    with torch.no_grad():
        assert model.encode_proteins(residues_RE, layout).residue_attention() == pytest.approx(np.full(8, 1 / 8))


def test_vectors_have_length_one():
    model, residues_RE, layout = case([5, 44], (8, 4), dtype=torch.float32)
    with torch.no_grad():
        z_BD = model.encode_proteins(residues_RE, layout).z_BD
        z_TD = model.project_terms(torch.randn(3, 8), torch.tensor([0, -1, 3]))
    assert torch.cat([z_BD, z_TD]).norm(dim=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_a_proteins_vector_does_not_depend_on_the_others_of_its_batch():
    model, residues_RE, layout = case([5, 44, 20], (8, 4))
    with torch.no_grad():
        together = model.encode_proteins(residues_RE, layout).z_BD
        alone, alone_layout = random_residues([20], dtype=torch.float64)
        assert torch.allclose(model.encode_proteins(residues_RE[49:], alone_layout).z_BD[0], together[2])
        assert alone.shape == (20, 6)


@pytest.mark.parametrize("value", [0.0, 1e4, -1e4])
def test_extreme_residues_stay_finite(value):
    model, residues_RE, layout = case([30], (8, 4), dtype=torch.float32)
    with torch.no_grad():
        pooled = model.encode_proteins(residues_RE * value, layout)
        assert torch.isfinite(pooled.z_BD).all()
        assert torch.isfinite(impact(model, pooled)).all()
        assert torch.isfinite(bounded(torch.tensor([1e30, -1e30]))).all()


@given(st.floats(-1e4, 1e4))
def test_the_temperature_stays_within_its_bounds(logit):
    model = random_model()
    with torch.no_grad():
        model.temperature_logit.fill_(logit)
        assert 0.02 * (1 - 1e-5) <= float(model.temperature) <= 0.5 * (1 + 1e-5)


def test_a_new_models_temperature_is_in_the_middle_of_its_bounds():
    assert float(GoferModel(SIZES, []).temperature.detach()) == pytest.approx((0.02 * 0.5) ** 0.5)


def test_only_seen_terms_have_free_vectors():
    model = random_model()
    text_TG = torch.randn(2, 8)
    with torch.no_grad():
        before = model.project_terms(text_TG, torch.tensor([1, -1]))
        model.free_vectors_TD += 1.0
        after = model.project_terms(text_TG, torch.tensor([1, -1]))
    assert torch.equal(before[1], after[1])
    assert not torch.allclose(before[0], after[0])


def test_without_free_vectors_a_term_is_its_text():
    model = random_model(sizes=dataclasses.replace(SIZES, free_term_vectors=False))
    text_TG = torch.randn(1, 8)
    with torch.no_grad():
        assert torch.equal(
            model.project_terms(text_TG, torch.tensor([2])), model.project_terms(text_TG, torch.tensor([-1]))
        )


def test_impact_is_the_loss_by_masking_even_while_dropout_is_on():
    model, residues_RE, layout = case([30, 5], (8, 4))
    with torch.no_grad():
        quiet = impact(model, model.encode_proteins(residues_RE, layout))
        model.train()
        torch.testing.assert_close(impact(model, model.encode_proteins(residues_RE, layout)), quiet)
    assert model.training
    assert quiet[0].any()
    assert not quiet[1].any()  # a single window cannot be masked
