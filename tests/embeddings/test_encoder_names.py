import torch

from gofer.embeddings.encoder_names import LARGEST_HASHED, SHIPPED, residue_width, weights_mark
from gofer.embeddings.residues.esm import load_esm
from gofer.embeddings.residues.residue_encoder import ResidueEncoder


def test_the_model_that_ships_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load_esm("mini")
    assert loaded.width == residue_width("mini")
    assert {tensor.dtype for tensor in loaded.model.state_dict().values()} == {torch.float32}
    assert ResidueEncoder.load("mini", "last").name.startswith("mini, layer 6, sha256:")
    assert SHIPPED["mini"].stat().st_size < 12_000_000


def test_another_file_of_the_model_that_ships_is_recognised_by_its_mark(tmp_path, monkeypatch):
    before = weights_mark("mini")
    other = tmp_path / "other.safetensors"
    other.write_bytes(SHIPPED["mini"].read_bytes() + b" ")
    assert SHIPPED["mini"].stat().st_size < LARGEST_HASHED
    monkeypatch.setitem(SHIPPED, "mini", other)
    assert before
    assert weights_mark("mini") not in ("", before)
