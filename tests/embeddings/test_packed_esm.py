import numpy as np
import pytest
import torch
from embeddings.proteins import alphabet_of, by_fair_esm, embedded, esm1, esm1b, esm2, loaded, sequence
from torch._subclasses.fake_tensor import FakeTensorMode

from gofer.embeddings import packing as packed_linear
from gofer.embeddings.compute import Compute
from gofer.embeddings.even_shares import even_shares
from gofer.embeddings.residues.packed_esm import PackedESM
from gofer.embeddings.residues.residue_encoder import ResidueEncoder

SEQUENCES = [sequence(length, length) for length in (1, 2, 17, 17, 17, 40, 93)] + ["X" * 30, "A" * 50, "BUZO"]
# Width of one head: 16 in ESM-2 8M, 24 in 35M, 32 in 150M, 64 in 650M and 3B, 128 in 15B.
HEAD_WIDTHS = [16, 24, 32, 64, 128]
OLDER = {
    "ESM-1": esm1,
    "ESM-1 without final bias": lambda: esm1(final_bias=False),
    "ESM-1b": esm1b,
    "ESM-1b without token dropout": lambda: esm1b(token_dropout=False),
    "ESM-1v": lambda: esm1b(norm_before=False),
}


def largest_difference(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    assert [a.shape for a in ours] == [b.shape for b in theirs]
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("layers", "width", "heads"), [(1, 16, 2), (2, 32, 4), (4, 96, 8), (3, 40, 20)])
def test_packed_vectors_equal_those_of_fair_esm(layers, width, heads):
    model = esm2(layers, width, heads)
    found = PackedESM(model, model.alphabet, layers)(SEQUENCES)
    assert largest_difference(found, by_fair_esm(model, SEQUENCES, layers)) < 1e-5


@pytest.mark.parametrize("head_width", HEAD_WIDTHS)
def test_heads_as_wide_as_those_of_each_esm2_give_fair_esms_vectors(head_width):
    torch.manual_seed(0)
    model = esm2(1, 2 * head_width, 2)
    found = PackedESM(model, model.alphabet, 1)(SEQUENCES)
    assert largest_difference(found, by_fair_esm(model, SEQUENCES, 1)) < 1e-5


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_every_layer_equals_that_of_fair_esm(layer):
    model = esm2(3)
    found = PackedESM(model, model.alphabet, layer)(SEQUENCES)
    assert largest_difference(found, by_fair_esm(model, SEQUENCES, layer)) < 1e-5


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("name", OLDER)
def test_every_layer_of_the_older_models_equals_that_of_fair_esm(name, layer):
    model, arguments = OLDER[name]()
    alphabet = alphabet_of(arguments)
    found = PackedESM(model, alphabet, layer)(SEQUENCES)
    assert largest_difference(found, by_fair_esm(model, SEQUENCES, layer, alphabet)) < 1e-5


@pytest.mark.parametrize("name", OLDER)
def test_the_longest_protein_fits_the_older_models(name):
    model, arguments = OLDER[name]()
    [found] = PackedESM(model, alphabet_of(arguments), 2)(["A" * 1022])
    assert largest_difference([found], by_fair_esm(model, ["A" * 1022], 2, alphabet_of(arguments))) < 1e-5


def test_a_model_without_token_dropout_is_not_scaled():
    model = esm2(token_dropout=False)
    assert largest_difference(PackedESM(model, model.alphabet, 0)(["MKV"]), by_fair_esm(model, ["MKV"], 0)) < 1e-6


def test_without_packed_weights_the_numbers_are_the_same(monkeypatch):
    model = esm2()
    monkeypatch.setattr(packed_linear, "PLAIN_IS_FASTER", "")
    packed = PackedESM(model, model.alphabet, 2)(SEQUENCES)
    monkeypatch.setattr(packed_linear, "_packed", lambda weight: None)
    assert largest_difference(packed, PackedESM(model, model.alphabet, 2)(SEQUENCES)) < 1e-5


@pytest.mark.parametrize(("precision", "most"), [("bfloat16", 0.1), ("float16", 0.02)])
def test_fewer_bits_give_nearly_the_same_vectors_as_float32_numbers(precision, most):
    model = esm2(4, 96, 8)
    found = PackedESM(model, model.alphabet, 4, Compute.chosen("cpu", precision))(SEQUENCES)
    assert {vectors_LE.dtype for vectors_LE in found} == {np.dtype(np.float32)}
    assert 0 < largest_difference(found, PackedESM(model, model.alphabet, 4)(SEQUENCES)) < most


def test_encoders_of_different_precision_have_different_names():
    names = {
        ResidueEncoder.of_model(loaded(esm2()), 2, name="small", compute=Compute.chosen("cpu", precision)).name
        for precision in ("float32", "bfloat16", "float16")
    }
    assert len(names) == 3


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", ["ESM-2", "ESM-1b", "ESM-1"])
def test_on_another_device_every_tensor_is_on_it(name, precision):
    # "meta" stands for CUDA: torch follows devices without a GPU, and refuses an operation over tensors of two of them.
    with FakeTensorMode():
        model, arguments = (esm2(), None) if name == "ESM-2" else OLDER[name]()
        alphabet = alphabet_of(arguments) if arguments else model.alphabet
        forward = PackedESM(model, alphabet, 2, Compute(torch.device("meta"), getattr(torch, precision)))
        hidden_RE = forward.hidden(torch.zeros(30, dtype=torch.int64, device="meta"), [7, 7, 16])
        assert (hidden_RE.device.type, hidden_RE.dtype) == ("meta", torch.float32)
        with pytest.raises(RuntimeError, match="same device"):
            hidden_RE + torch.zeros(1)
        assert hidden_RE.shape == (30, model.embed_tokens.embedding_dim)


@pytest.mark.parametrize("name", ["ESM-2", "ESM-1b", "ESM-1"])
def test_vectors_do_not_depend_on_the_order_of_proteins_or_on_the_batch(name):
    model = esm2() if name == "ESM-2" else OLDER[name]()[0]
    encoder = ResidueEncoder.of_model(loaded(model), "last", name="small")
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

    counted = ResidueEncoder(encoder.name, encoder.width, 60, counting, encoder.footprint)
    lengths = {i: len(v) for i, v in counted.embed([*SEQUENCES, sequence(200)], batch_residues=60, window_overlap=5)}
    assert max(seen) <= 60
    assert lengths == {i: len(s) for i, s in enumerate([*SEQUENCES, sequence(200)])}


def test_vectors_come_in_the_given_order():
    encoder = ResidueEncoder.of_model(loaded(esm2(), most_residues=50), "last", name="small")
    sequences = [sequence(length, length) for length in (70, 50, 3, 140, 50, 3, 51)]
    came = [position for position, _ in encoder.embed(sequences, batch_residues=80, window_overlap=5)]
    assert came == encoder.order_of([len(one) for one in sequences])


def test_threads_that_share_the_sequences_give_the_same_vectors():
    model = esm2()
    forward = PackedESM(model, model.alphabet, 2)
    threads = torch.get_num_threads()
    found = []
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            found.append(forward(SEQUENCES))
    finally:
        torch.set_num_threads(threads)
    assert largest_difference(*found) < 1e-5


def test_shares_are_even_in_order_and_none_is_empty():
    assert even_shares([1, 5, 2, 4], 2) == [[0, 1], [2, 3]]
    assert even_shares([7], 3) == [[0]]
    assert even_shares([], 3) == []
