import json
from argparse import Namespace

import numpy as np
import pytest
import torch
from embeddings.proteins import SIZES, alphabet_of, by_fair_esm, esm1, esm1b, esm2, sequence
from esm.model.esm2 import ESM2

from gofer.artefacts import Manifest, read_manifest
from gofer.embeddings.encoder_names import hub_file, residue_folder, shard_names, weights_mark
from gofer.embeddings.residues.esm import layer_number, load_esm, weights_digest, write_esm2
from gofer.embeddings.residues.packed_esm import PackedESM
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.errors import GoferError

UNTRAINED = "untrained_t2_d32_h4"


def esm2_file(path, model):
    """A checkpoint in the layout of fair-esm's ESM-2 files."""
    cfg = Namespace(
        encoder_layers=model.num_layers,
        encoder_embed_dim=model.embed_dim,
        encoder_attention_heads=model.attention_heads,
        token_dropout=model.token_dropout,
    )
    state = {f"encoder.sentence_encoder.{k}": v for k, v in model.state_dict().items() if "lm_head" not in k}
    state |= {f"encoder.{k}": v for k, v in model.state_dict().items() if "lm_head" in k}
    torch.save({"cfg": {"model": cfg}, "model": state}, path)
    return path


def esm1_file(path, model, arguments):
    """A checkpoint in the layout of fair-esm's ESM-1 files."""
    written = Namespace(**{f"decoder_{k}" if k in SIZES else k: v for k, v in vars(arguments).items()})
    state = {f"decoder.{k}": v for k, v in model.state_dict().items() if not k.startswith("contact_head")}
    torch.save({"args": written, "model": state}, path)
    return path


def esm1b_file(path, model, arguments):
    """A checkpoint in the layout of fair-esm's ESM-1b and ESM-1v files."""
    names = {k: k if k.startswith("contact_head") else f"encoder.sentence_encoder.{k}" for k in model.state_dict()}
    names = {k: f"encoder.{k}" if k.startswith("lm_head") else v for k, v in names.items()}
    state = {names[k]: v for k, v in model.state_dict().items() if not k.startswith("contact_head")}
    torch.save({"args": arguments, "model": state}, path)
    return path


def test_an_untrained_model_has_the_same_weights_on_every_machine():
    assert ResidueEncoder.load(UNTRAINED, "last").name == f"{UNTRAINED}, layer 2, sha256:6f6cb57f0c86"


def test_an_untrained_model_distinguishes_neighbours():
    encoder = ResidueEncoder.load("untrained_t4_d96_h8", "last")
    a, b = encoder.forward([sequence(40) + residue + sequence(40, 1) for residue in "WC"])
    change_L = np.abs(a - b).mean(1)
    assert change_L[36:45].min() > 10 * change_L[[0, 80]].max()


def share_of_next_residues_named(forward):
    """How often a linear classifier on a residue's vector names the next one of 20 kinds, on proteins new to it."""
    generator = np.random.default_rng(0)
    kinds_PL = generator.integers(20, size=(60, 100))
    vectors = forward(["".join(np.array(list("LAGVSERTIDPKQNFYMHWC"))[kinds_L]) for kinds_L in kinds_PL])
    inner_RE = np.concatenate([vectors_LE[5:-5] for vectors_LE in vectors]).astype(np.float64)
    next_R = kinds_PL[:, 6:-4].ravel()
    half = len(next_R) // 2
    weights, *_ = np.linalg.lstsq(inner_RE[:half], np.eye(20)[next_R[:half]], rcond=None)
    return float(((inner_RE[half:] @ weights).argmax(1) == next_R[half:]).mean())


def test_an_untrained_model_encodes_the_next_residue_and_plain_random_weights_do_not():
    torch.manual_seed(0)
    plain = ESM2(4, 96, 8, "ESM-1b").eval()
    assert share_of_next_residues_named(ResidueEncoder.load("untrained_t4_d96_h8", "last").forward) > 0.8
    assert share_of_next_residues_named(PackedESM(plain, plain.alphabet, 4)) < 0.1


@pytest.mark.parametrize("name", ["untrained_t2_d30_h4", "untrained_t0_d32_h4", "untrained_t2", "untrained_t2_d32_h4x"])
def test_an_untrained_model_of_impossible_shape_is_refused(name):
    with pytest.raises(GoferError, match=name):
        load_esm(name)


@pytest.mark.parametrize("name", ["esm2_t2_test.pt", "mine.pt"])
def test_an_esm2_checkpoint_file_gives_its_model_under_any_name(tmp_path, name):
    model = esm2()
    found = load_esm(str(esm2_file(tmp_path / name, model)))
    assert weights_digest(found.model) == weights_digest(model)
    assert (found.layers, found.width) == (2, 32)


@pytest.mark.parametrize("norm_before", [True, False])
def test_a_checkpoint_file_of_esm1b_or_esm1v_gives_its_model(tmp_path, norm_before):
    model, arguments = esm1b(norm_before=norm_before)
    found = load_esm(str(esm1b_file(tmp_path / "esm1b_t2_test.pt", model, arguments)))
    [vectors_LE] = PackedESM(found.model, found.alphabet, 2)(["MKVLAA"])
    np.testing.assert_allclose(vectors_LE, by_fair_esm(model, ["MKVLAA"], 2)[0], atol=1e-5)


def test_a_checkpoint_file_of_esm1_gives_its_model(tmp_path):
    model, arguments = esm1()
    found = load_esm(str(esm1_file(tmp_path / "esm1_t2_test.pt", model, arguments)))
    [vectors_LE] = PackedESM(found.model, found.alphabet, 2)(["MKVLAA"])
    np.testing.assert_allclose(vectors_LE, by_fair_esm(model, ["MKVLAA"], 2, alphabet_of(arguments))[0], atol=1e-5)


def test_a_safetensors_file_gives_back_what_was_written(tmp_path):
    model = esm2(token_dropout=False)
    write_esm2(tmp_path / "mini.safetensors", model, Manifest(made_by={"steps": 3}))
    found = load_esm(str(tmp_path / "mini.safetensors"))
    assert weights_digest(found.model) == weights_digest(model)
    assert found.model.token_dropout is False
    assert read_manifest(tmp_path / "mini.safetensors").made_by == {"steps": 3}


def test_the_encoder_is_named_after_model_layer_and_weights_but_not_after_the_folder(tmp_path):
    path = esm2_file(tmp_path / "mine.pt", esm2())
    name = ResidueEncoder.load(str(path), 1).name
    assert name == f"mine, layer 1, sha256:{weights_digest(esm2())[:12]}"


@pytest.mark.parametrize(("layer", "number"), [("last", 6), (0, 0), (6, 6), ("3", 3)])
def test_a_layer_is_a_number_or_last(layer, number):
    assert layer_number(layer, 6) == number


@pytest.mark.parametrize("layer", [7, -1, "first", True, 1.5])
def test_a_layer_that_the_model_lacks_is_refused(layer):
    with pytest.raises(GoferError, match="0 to 6"):
        layer_number(layer, 6)


def test_folder_names_are_safe_and_have_no_path():
    assert residue_folder("esm2_t6_8M_UR50D", "last") == "esm2_t6_8M_UR50D-layer-last"
    assert residue_folder("/home/some one/my model.pt", 3) == "my-model-layer-3"
    assert residue_folder("../../{shard}", "last") == "shard-layer-last"
    assert shard_names(2) == ["00000", "00001"]


def test_the_mark_of_a_checkpoint_file_changes_with_its_content(tmp_path):
    path = tmp_path / "m.pt"
    path.write_bytes(b"one")
    before = weights_mark(str(path))
    path.write_bytes(b"two")
    assert before != weights_mark(str(path))
    assert weights_mark("esm2_t6_8M_UR50D") == ""


def test_values_of_esm2_8m_equal_the_published_ones(shared_data):
    weights = hub_file("esm2_t6_8M_UR50D")
    if not weights.is_file():
        pytest.skip(f"the weights are not at {weights}")
    published = json.loads((shared_data / "esm_reference" / "esm2_t6_8M_expected_values.json").read_text())
    case = published["hf_transformers"]["no_head"]
    found = load_esm("esm2_t6_8M_UR50D")
    protein = "".join(found.alphabet.get_tok(i) for i in case["input_ids"][0][1:-1])
    [vectors_LE] = PackedESM(found.model, found.alphabet, 6)([protein])
    np.testing.assert_allclose(vectors_LE[:2, :3], np.array(case["slice_[:, :3, :3]"])[0, 1:], atol=2e-4)
