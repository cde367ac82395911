"""Blocks and windows are those of a plain loop over the residues, for proteins of every length."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.training.windows import WindowLayout

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 4)).map(lambda pair: (pair[0] * pair[1], pair[0]))
LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def naive_windows(length, win_size, win_stride):
    """Windows of a protein until one reaches its end: (first, stop) from 0."""
    starts = [0]
    while starts[-1] + win_size < length:
        starts.append(starts[-1] + win_stride)
    return [(start, min(start + win_size, length)) for start in starts]


@settings(max_examples=150, deadline=None)
@given(LENGTHS, SHAPES)
def test_windows_are_those_of_a_plain_loop(lengths, shape):
    win_size, win_stride = shape
    layout = WindowLayout.of_lengths(lengths, win_size=win_size, win_stride=win_stride)
    values = torch.randn(sum(lengths), 3, dtype=torch.float64)
    sums_BWV = layout.window_sums(layout.block_sums(values))
    start = 0
    for protein, length in enumerate(lengths):
        windows = naive_windows(length, win_size, win_stride)
        assert layout.window_mask_BW[protein].sum() == len(windows)
        assert layout.window_mask_BW[protein, : len(windows)].all()
        for window, (first, stop) in enumerate(windows):
            wanted = values[start + first : start + stop].sum(0)
            torch.testing.assert_close(sums_BWV[protein, window], wanted)
            assert layout.residue_range(protein, window) == (first + 1, stop)
        start += length


@settings(max_examples=50, deadline=None)
@given(LENGTHS, SHAPES)
def test_every_residue_is_in_a_window_and_in_one_block(lengths, shape):
    win_size, win_stride = shape
    layout = WindowLayout.of_lengths(lengths, win_size=win_size, win_stride=win_stride)
    counts_BN1 = layout.block_sums(torch.ones(sum(lengths), 1))
    assert counts_BN1.sum(dim=(1, 2)).tolist() == lengths
    assert counts_BN1.shape[1] == layout.n_blocks
    assert counts_BN1.max() <= win_stride
    for protein, length in enumerate(lengths):
        covered = set()
        for window in range(int(layout.window_mask_BW[protein].sum())):
            first, last = layout.residue_range(protein, window)
            covered |= set(range(first, last + 1))
        assert covered == set(range(1, length + 1))


def test_a_protein_shorter_than_a_window_has_one():
    layout = WindowLayout.of_lengths([3, 30], win_size=8, win_stride=4)
    assert layout.window_mask_BW.sum(1).tolist() == [1, 7]
    assert layout.residue_range(0, 0) == (1, 3)


def test_the_layout_moves_with_its_tensors():
    layout = WindowLayout.of_lengths([3, 30], win_size=8, win_stride=4)
    moved = layout.to(torch.device("cpu"))
    assert moved.lengths == layout.lengths
    assert torch.equal(moved.window_mask_BW, layout.window_mask_BW)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_a_proteins_sums_do_not_depend_on_its_neighbours_in_the_batch(order):
    values = [torch.randn(length, 2) for length in (5, 21, 9)]
    alone = [WindowLayout.of_lengths([len(v)], win_size=6, win_stride=3).block_sums(v)[0] for v in values]
    layout = WindowLayout.of_lengths([len(values[i]) for i in order], win_size=6, win_stride=3)
    together = layout.block_sums(torch.cat([values[i] for i in order]))
    for place, i in enumerate(order):
        torch.testing.assert_close(together[place, : len(alone[i])], alone[i])
        assert not together[place, len(alone[i]) :].any()
