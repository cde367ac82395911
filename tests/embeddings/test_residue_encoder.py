import numpy as np
import pytest
from embeddings.proteins import by_fair_esm, embedded, esm2, loaded, sequence
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_bytes

from gofer.embeddings.residues.residue_encoder import ResidueEncoder, windows_of
from gofer.errors import GoferError


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 300), st.data())
def test_each_residue_comes_once_from_the_window_in_which_it_is_most_central(length, most, data):
    overlap = data.draw(st.integers(0, most - 1)) if length < 400 else data.draw(st.integers(0, most // 2))
    windows = windows_of(length, most=most, overlap=overlap)
    assert [i for w in windows for i in range(w.first, w.last)] == list(range(length))
    assert all(w.end - w.start == min(length, most) for w in windows)
    assert all(a.end - b.start >= overlap for a, b in zip(windows, windows[1:], strict=False))
    centre_W = np.array([(w.start + w.end - 1) / 2 for w in windows])
    for number, window in enumerate(windows):
        residues_R = np.arange(window.first, window.last)
        distance_RW = np.abs(residues_R[:, None] - centre_W[None, :])
        assert (distance_RW[:, number] <= distance_RW.min(1)).all()


def test_a_protein_that_fits_has_one_window():
    assert len(windows_of(1022, most=1022, overlap=256)) == 1
    assert len(windows_of(1023, most=1022, overlap=256)) == 2


def test_a_long_protein_has_the_vectors_of_its_most_central_windows():
    model, most, overlap = esm2(), 40, 16
    protein = sequence(131)
    [found] = embedded(ResidueEncoder.of_model(loaded(model, most), "last", name="small"), [protein], overlap=overlap)
    assert found.shape == (131, 32)
    for window in windows_of(131, most=most, overlap=overlap):
        [part] = by_fair_esm(model, [protein[window.start : window.end]], 2)
        kept = part[window.first - window.start : window.last - window.start]
        np.testing.assert_allclose(found[window.first : window.last], kept, atol=1e-5)


@pytest.mark.fault(14)
def test_a_protein_of_3000_residues_is_not_cut():
    encoder = ResidueEncoder.of_model(loaded(esm2(1, 16, 2)), "last", name="small")
    [found] = embedded(encoder, [sequence(3000)], overlap=256)
    assert found.shape == (3000, 16)
    assert np.isfinite(found).all()


@pytest.mark.fault(14)
def test_a_protein_of_35000_residues_takes_no_more_memory_than_its_windows_and_vectors():
    encoder, peaks = ResidueEncoder.of_model(loaded(esm2(1, 16, 2), 256), "last", name="small"), {}
    for length in (2_000, 35_000):
        found = []
        peaks[length] = peak_bytes(
            lambda length=length, found=found: found.extend(embedded(encoder, [sequence(length)]))
        )
        assert found[0].shape == (length, 16)
        assert np.isfinite(found[0]).all()
    vectors = 35_000 * 16 * 4
    assert peaks[35_000] < peaks[2_000] + 3 * vectors  # one pass over all of it would need gigabytes


@pytest.mark.parametrize("overlap", [-1, 40, 100])
def test_an_overlap_that_does_not_fit_the_model_is_refused(overlap):
    with pytest.raises(GoferError, match="window_overlap"):
        windows_of(10, most=40, overlap=overlap)
