"""Labels of similar proteins are transferred, by exact kernel ridge if all proteins are landmarks."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from gofer.retrieval.features.sequence_features import SequenceReader
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelRidge, KernelWeights, ProteinFeatures, kernel

WEIGHTS = KernelWeights(
    learned=1.0,
    residues=1.0,
    kmers=1.0,
    composition=1.0,
    segments=1.0,
    physicochemistry=1.0,
    sharpness=3.0,
    ridge=1.0,
    evenness=0.0,
    landmarks=4096,
)
ASPECTS = np.array(["MFO", "MFO", "BPO"])


def sequences(rng, n):
    return ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), int(rng.integers(20, 60)))) for _ in range(n)]


def world(n=40, seed=0):
    """Two families, each with a k-mer and a direction; the second term is that of the second family."""
    rng = np.random.default_rng(seed)
    family = np.arange(n) % 2
    texts = [text + ["WWCHW", "MMKYM"][f] * 2 for text, f in zip(sequences(rng, n), family, strict=True)]
    learned = rng.normal(size=(n, 8)) + 3 * np.eye(8)[family]
    learned /= np.linalg.norm(learned, axis=1, keepdims=True)
    labels = np.stack([family == 0, family == 1, rng.random(n) < 0.5], axis=1)
    labels[0, 2] = True
    return texts, learned.astype(np.float32), labels


def features(texts, learned, reader=None):
    reader = reader or SequenceReader.of_training(texts)
    return ProteinFeatures(learned, 3 * learned, reader.read(texts)), reader


@pytest.mark.parametrize("only", SIMILARITIES)
def test_a_kernel_is_symmetric_and_highest_for_the_protein_itself(only):
    known, _ = features(*world()[:2])
    weights = KernelWeights(**WEIGHTS.__dict__ | dict.fromkeys(SIMILARITIES, 0.0) | {only: 1.0})
    near = kernel(known, known, weights)
    np.testing.assert_allclose(near, near.T, atol=2.4e-7)  # two steps of single precision
    np.testing.assert_allclose(np.diag(near), 1, atol=1e-6)
    assert (near <= 1 + 1e-6).all()


def test_with_all_proteins_as_landmarks_it_is_kernel_ridge_regression():
    texts, learned, labels = world()
    known, _ = features(texts, learned)
    fitted = KernelRidge.fit(known, sp.csr_array(labels), ASPECTS, WEIGHTS, seed=1)
    near = kernel(known, known, WEIGHTS)
    mean = labels[:, :2].mean(axis=0)
    offset = near @ np.linalg.solve(near + WEIGHTS.ridge * np.eye(len(texts)), labels[:, :2] - mean)
    np.testing.assert_allclose(fitted.predict(known)[:, :2], np.clip(mean + offset, 0, 1), atol=1e-4)


@pytest.mark.parametrize("landmarks", [4096, 12])
@pytest.mark.parametrize("kinds", [{}, {"learned": 0.0}, dict.fromkeys(SIMILARITIES, 0.0) | {"learned": 1.0}])
def test_new_members_of_a_family_get_its_term(landmarks, kinds):
    texts, learned, labels = world(60)
    weights = KernelWeights(**{**WEIGHTS.__dict__, **kinds, "landmarks": landmarks})
    train, reader = features(texts[:40], learned[:40])
    new, _ = features(texts[40:], learned[40:], reader)
    scores = KernelRidge.fit(train, sp.csr_array(labels[:40]), ASPECTS, weights, seed=1).predict(new)
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert ((scores[:, 1] > scores[:, 0]) == labels[40:, 1]).mean() > 0.9


def test_the_landmarks_are_the_proteins_with_most_labels():
    texts, learned, labels = world()
    labels[:] = [True, False, False]
    labels[5:12, 1] = True
    known, _ = features(texts, learned)
    fitted = KernelRidge.fit(known, sp.csr_array(labels), ASPECTS, replace(WEIGHTS, landmarks=7), seed=1)
    np.testing.assert_array_equal(fitted.landmarks.learned_ND, learned[5:12])


def test_an_aspect_is_judged_by_the_proteins_that_have_a_label_in_it():
    texts, learned, labels = world()
    labels[20:, 2] = False
    known, _ = features(texts, learned)
    fitted = KernelRidge.fit(known, sp.csr_array(labels), ASPECTS, WEIGHTS, seed=1)
    known = labels[:, 2]
    assert fitted.mean_T[2] == 1.0  # of those with a label, all have the only term
    np.testing.assert_allclose(fitted.mean_T[:2], labels[:, :2].mean(axis=0), atol=1e-6)
    assert known.sum() < len(texts)


def test_an_aspect_without_any_label_is_never_predicted():
    texts, learned, labels = world()
    labels[:, 2] = False
    known, _ = features(texts, learned)
    assert KernelRidge.fit(known, sp.csr_array(labels), ASPECTS, WEIGHTS, seed=1).predict(known)[:, 2].max() == 0


def test_with_evenness_a_label_of_few_counts_more_than_one_of_many():
    texts, learned, labels = world()
    labels[:, :2] = [True, False]
    labels[::2, 1] = True
    known, _ = features(texts, learned)
    means = [
        KernelRidge.fit(known, sp.csr_array(labels), ASPECTS, replace(WEIGHTS, evenness=even), seed=1).mean_T
        for even in (0, 1)
    ]
    np.testing.assert_allclose(means[0][:2], [1, 0.5])
    # 1.5 labels on average: 1.5 where it is the only one, 0.75 where it is one of two.
    np.testing.assert_allclose(means[1][:2], [1.125, 0.375])


def test_the_same_proteins_twice_do_no_harm():
    texts, learned, labels = world()
    known, _ = features(texts * 2, np.tile(learned, (2, 1)))
    assert np.isfinite(
        KernelRidge.fit(known, sp.csr_array(np.tile(labels, (2, 1))), ASPECTS, WEIGHTS, seed=1).predict(known)
    ).all()


def test_a_reader_of_sequences_comes_back_from_json():
    texts, *_ = world()
    reader = SequenceReader.of_training(texts)
    again = SequenceReader.from_json(reader.to_json())
    one, two = reader.read(texts[:5]), again.read(texts[:5])
    assert (one.kmers_NV != two.kmers_NV).nnz == 0
    for name in ("composition_NC", "segments_NE", "physics_NF"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_very_short_proteins_have_features_too():
    reader = SequenceReader.of_training(["M", "K"])
    found = reader.read(["M", "W"])
    assert found.kmers_NV.shape == (2, 0)
    for name in ("composition_NC", "segments_NE", "physics_NF"):
        assert np.isfinite(getattr(found, name)).all()


def test_segments_encode_where_residues_are():
    head, tail = "A" * 60 + "C" * 60, "C" * 60 + "A" * 60
    reader = SequenceReader.of_training([head, tail])
    found = reader.read([head, tail])
    np.testing.assert_allclose(found.composition_NC[0], found.composition_NC[1])
    assert (found.segments_NE[0] * found.segments_NE[1]).sum() < 0


def test_kmers_are_weighted_by_their_rarity_and_rows_have_unit_length():
    reader = SequenceReader.of_training(["ACDEF", "ACDGH", "ACWYK"])
    assert "AC" in reader.kmers
    assert "WY" not in reader.kmers  # one protein alone has it
    found = reader.read(["ACDGH", "WWWW"])
    lengths = np.sqrt(found.kmers_NV.multiply(found.kmers_NV).sum(axis=1))
    np.testing.assert_allclose(np.asarray(lengths).ravel(), [1, 0], atol=1e-6)
