import numpy as np
import pytest
from embeddings.proteins import by_fair_esm, embedded, esm1b, esm2, loaded, sequence

from gofer.embeddings import packed_linear
from gofer.embeddings.packed_esm import PackedESM2, PlainESM, forward_of
from gofer.embeddings.residue_encoder import ResidueEncoder

SEQUENCES = [sequence(length, length) for length in (1, 2, 17, 17, 17, 40, 93)] + ["X" * 30, "A" * 50]


def largest_difference(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    assert [a.shape for a in ours] == [b.shape for b in theirs]
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("layers", "width", "heads"), [(1, 16, 2), (2, 32, 4), (4, 96, 8), (3, 40, 20)])
def test_packed_vectors_equal_those_of_fair_esm(layers, width, heads):
    model = esm2(layers, width, heads)
    forward = forward_of(model, model.alphabet, layers)
    assert isinstance(forward, PackedESM2)
    assert largest_difference(forward(SEQUENCES), by_fair_esm(model, SEQUENCES, layers)) < 1e-5


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_every_layer_equals_that_of_fair_esm(layer):
    model = esm2(3)
    found = forward_of(model, model.alphabet, layer)(SEQUENCES)
    assert largest_difference(found, by_fair_esm(model, SEQUENCES, layer)) < 1e-5


def test_a_model_without_token_dropout_is_not_scaled():
    model = esm2(token_dropout=False)
    assert largest_difference(forward_of(model, model.alphabet, 0)(["MKV"]), by_fair_esm(model, ["MKV"], 0)) < 1e-6


def test_without_packed_weights_the_numbers_are_the_same(monkeypatch):
    model = esm2()
    packed = forward_of(model, model.alphabet, 2)(SEQUENCES)
    monkeypatch.setattr(packed_linear, "_packed", lambda weight: None)
    assert largest_difference(packed, forward_of(model, model.alphabet, 2)(SEQUENCES)) < 1e-5


def test_an_esm1b_model_runs_by_its_own_forward():
    model, _ = esm1b()
    forward = forward_of(model, loaded(model).alphabet, 2)
    assert isinstance(forward, PlainESM)
    assert largest_difference(forward(SEQUENCES), by_fair_esm(model, SEQUENCES, 2)) < 1e-5


def test_vectors_do_not_depend_on_the_order_or_the_company_of_the_proteins():
    encoder = ResidueEncoder.of_model(loaded(esm2()), "last", name="small")
    order = np.random.default_rng(1).permutation(len(SEQUENCES))
    straight = embedded(encoder, SEQUENCES)
    shuffled = embedded(encoder, [SEQUENCES[i] for i in order], batch=60)
    assert largest_difference([straight[i] for i in order], shuffled) < 1e-5


def test_no_batch_has_more_residues_than_asked_for():
    encoder = ResidueEncoder.of_model(loaded(esm2()), "last", name="small")
    seen = []

    def counting(sequences):
        seen.append(sum(map(len, sequences)))
        return [np.zeros((len(s), encoder.width), np.float32) for s in sequences]

    counted = ResidueEncoder(encoder.name, encoder.width, 60, counting)
    lengths = {i: len(v) for i, v in counted.embed([*SEQUENCES, sequence(200)], batch_residues=60, window_overlap=5)}
    assert max(seen) <= 60
    assert lengths == {i: len(s) for i, s in enumerate([*SEQUENCES, sequence(200)])}
