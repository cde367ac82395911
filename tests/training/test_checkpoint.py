"""A checkpoint is read as it was written, bit by bit, or refused."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from training.tiny_world import RELEASE, SIZES, random_model, random_residues

from gofer.artefacts import read_manifest
from gofer.errors import ArtefactError
from gofer.training.checkpoint import read_checkpoint, write_checkpoint


@pytest.fixture
def model():
    return random_model()


@pytest.fixture
def path(model, tmp_path):
    write_checkpoint(tmp_path / "model.safetensors", model, RELEASE.with_facts(stage="A"))
    return tmp_path / "model.safetensors"


def test_every_weight_shape_and_term_comes_back_to_the_bit(model, path):
    again, manifest = read_checkpoint(path)
    assert again.sizes == model.sizes
    assert again.seen_go_ids == model.seen_go_ids
    assert not again.training
    assert manifest == read_manifest(path) == RELEASE.with_facts(stage="A")
    for name, weight in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name
    residues_RE, layout = random_residues([12, 30])
    with torch.no_grad():
        assert torch.equal(
            again.encode_proteins(residues_RE, layout).z_BD, model.encode_proteins(residues_RE, layout).z_BD
        )


@pytest.mark.parametrize(
    "sizes",
    [
        {"free_term_vectors": False}, {"dropout": 0.0}, {"temperature": (0.05, 0.05001)}, {"heads": 2},
        {"pooling": "mean"}, {"win_size": None},
    ],
    ids=str,
)  # fmt: skip
def test_models_of_other_shapes_come_back_too(sizes, tmp_path):
    model = random_model(sizes=dataclasses.replace(SIZES, **sizes))
    write_checkpoint(tmp_path / "m.safetensors", model, RELEASE)
    assert read_checkpoint(tmp_path / "m.safetensors")[0].sizes == model.sizes


def test_the_same_model_is_always_the_same_bytes(model, path, tmp_path):
    for number in range(8):
        write_checkpoint(tmp_path / f"{number}.safetensors", copy.deepcopy(model), RELEASE.with_facts(stage="A"))
        assert (tmp_path / f"{number}.safetensors").read_bytes() == path.read_bytes()


def test_a_flipped_bit_anywhere_is_refused(model, path):
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    rng = np.random.default_rng(1)
    places = [*rng.integers(0, header, 150), *rng.integers(header, len(whole), 150), len(whole) - 1]
    for place in places:
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(content)
        try:
            again, manifest = read_checkpoint(path)
        except ArtefactError:
            continue
        else:  # a blank of the header's padding
            assert manifest == RELEASE.with_facts(stage="A")
            assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))
            assert place < header


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, -1])
def test_a_truncated_file_is_refused(path, keep):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ArtefactError, match="is not a readable gofer model"):
        read_checkpoint(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match="is not a readable gofer model"):
        read_checkpoint(tmp_path / "none.safetensors")


def test_a_foreign_safetensors_file_and_a_pickle_are_refused_and_nothing_is_run(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "stranger.safetensors")
    torch.save(torch.zeros(2), tmp_path / "pickle.safetensors")
    for name in ("stranger", "pickle"):
        with pytest.raises(ArtefactError):
            read_checkpoint(tmp_path / f"{name}.safetensors")
