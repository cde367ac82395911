import pytest
import torch
from embeddings.proteins import esm1, esm2, loaded, sequence
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_bytes

from gofer.embeddings import compute as devices
from gofer.embeddings.compute import GIB, Compute, in_batches
from gofer.embeddings.residues.packed_esm import PackedESM
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.errors import GoferError


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("lengths", [[500], [10] * 50, [30, 200, 201]])
@pytest.mark.parametrize(("width", "heads"), [(96, 8), (320, 20)])
def test_torch_takes_most_of_the_estimated_memory_and_no_more(width, heads, lengths, precision):
    model = esm2(2, width, heads)
    forward = PackedESM(model, model.alphabet, 2, Compute.chosen("cpu", precision))
    estimate = forward.footprint.per_token * sum(length + 2 for length in lengths)
    assert 0.5 * estimate < peak_bytes(lambda: forward([sequence(length) for length in lengths])) < 0.8 * estimate


def test_the_weights_of_all_layers_up_to_the_one_asked_for_are_counted():
    model = esm2(3, 32, 4)
    one, three = (PackedESM(model, model.alphabet, layer).footprint.weights for layer in (1, 3))
    assert three == 3 * one
    assert one == 4 * (12 * 32**2 + 13 * 32)
    assert PackedESM(model, model.alphabet, 3, Compute(dtype=torch.bfloat16)).footprint.weights == three / 2


def encoder():
    return ResidueEncoder.of_model(loaded(esm2()), "last", name="small")


def test_without_a_limit_a_batch_is_as_large_as_asked_for():
    assert encoder().batch_that_fits(4096, memory_gib=None, longest=900) == 4096
    assert encoder().batch_that_fits(4096, memory_gib=100, longest=900) == 4096


def test_a_limit_of_memory_makes_batches_smaller():
    small = encoder()
    gib = (small.footprint.weights + 1500.5 * small.footprint.per_token) / GIB
    assert small.batch_that_fits(4096, memory_gib=gib, longest=900) == 1500


def test_a_limit_too_low_for_the_longest_protein_is_refused_with_the_lowest_possible_one():
    small = encoder()
    with pytest.raises(GoferError, match=r"memory_gib 0.001 is too little.*1,024 tokens") as caught:
        small.batch_that_fits(4096, memory_gib=0.001, longest=30_000)
    least = float(caught.value.help.split("set it to ")[1].split()[0])
    assert small.batch_that_fits(4096, memory_gib=least, longest=30_000) >= 1024


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes"),
    ],
)
def test_torchs_message_about_missing_memory_is_recognised(error):
    assert devices.is_out_of_memory(error)
    assert not devices.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_torch_still_gives_this_message_on_the_cpu():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)
    assert devices.is_out_of_memory(caught.value)


@settings(deadline=None)
@given(st.lists(st.integers(1, 100), max_size=40), st.integers(100, 300), st.integers(50, 1000))
def test_items_that_fit_one_at_a_time_are_processed_once_with_little_memory(tokens, memory, most):
    ran = []

    def work(batch):
        if sum(tokens[i] for i in batch) > memory:
            raise torch.OutOfMemoryError
        ran.append(batch)
        return batch

    names = [f"P{i}" for i in range(len(tokens))]
    came = [i for batch, _ in in_batches(work, tokens, most=most, names=names) for i in batch]
    assert came == sorted(range(len(tokens)), key=lambda i: (tokens[i], i))
    assert all(sum(tokens[i] for i in batch) <= memory for batch in ran)


def failing_above(most, inner):
    def forward(sequences):
        if sum(map(len, sequences)) > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return inner(sequences)

    return forward


@pytest.mark.fault(60)
def test_an_encoder_without_memory_halves_its_batches_and_says_so_once(caplog):
    small = encoder()
    scarce = ResidueEncoder("small", 32, 1022, failing_above(200, small.forward), small.footprint)
    sequences = [sequence(90, seed) for seed in range(8)]
    caplog.set_level("INFO", "gofer")
    found = dict(scarce.embed(sequences, batch_residues=760, window_overlap=8))
    whole = dict(small.embed(sequences, batch_residues=760, window_overlap=8))
    assert found.keys() == whole.keys()
    assert max(abs(found[i] - whole[i]).max() for i in whole) < 1e-5
    assert [record.message for record in caplog.records] == [
        "out of memory with a batch of 736 tokens: continuing with at most 368",
        "out of memory with a batch of 368 tokens: continuing with at most 184",
    ]


@pytest.mark.fault(60)
def test_a_protein_that_does_not_fit_into_memory_is_named():
    small = encoder()
    scarce = ResidueEncoder("small", 32, 1022, failing_above(50, small.forward), small.footprint)
    with pytest.raises(GoferError, match=r"P7 \(92 tokens\)(?s:.*)device to cpu"):
        list(scarce.embed([sequence(20), sequence(90)], batch_residues=300, window_overlap=8, names=["P1", "P7"]))


def test_another_error_is_not_taken_for_missing_memory():
    def broken(sequences):
        raise RuntimeError("shapes")

    small = encoder()
    with pytest.raises(RuntimeError, match="shapes"):
        list(
            ResidueEncoder("small", 32, 60, broken, small.footprint).embed(["MKV"], batch_residues=60, window_overlap=5)
        )


@pytest.mark.fault(61)
def test_cuda_without_a_device_is_refused_and_auto_takes_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Compute.chosen("auto").device.type == "cpu"
    with pytest.raises(GoferError, match=r"finds no CUDA device(?s:.*)auto or cpu"):
        Compute.chosen("cuda")


def test_with_a_device_auto_takes_cuda_and_cpu_does_not(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [Compute.chosen(name).device.type for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def test_esm1_takes_no_more_memory_than_estimated():
    model, _ = esm1()
    forward = PackedESM(model, loaded(model).alphabet, 2)
    assert peak_bytes(lambda: forward([sequence(500)])) < 0.8 * forward.footprint.per_token * 502
