import json
import logging
import os
import shutil

import numpy as np
import pytest
import torch
from embeddings.tiny_berts import other_model, tiny_bert
from safetensors.torch import load_file, save_file

from gofer.embeddings.texts.other_sentence_models import OtherSentenceModel
from gofer.embeddings.texts.packed_bert import PackedBert, load_packed_bert
from gofer.embeddings.texts.sentence_folder import SentenceFolder
from gofer.embeddings.texts.text_cache import TextCache
from gofer.embeddings.texts.text_encoder import TextEncoder, model_folder
from gofer.errors import GoferError

TEXTS = [
    "glycolysis. The breakdown of glucose.",
    "x",
    "ATP binding. Binding to ATP, adenosine 5'-triphosphate. " * 12,
    "  spaces around  ",
    "β-catenin binding; naïve T cell",
    "glycolysis. The breakdown of glucose.",
    *(f"term {i} " + "word " * i for i in range(0, 60, 7)),
]


@pytest.fixture(scope="module")
def minilm():
    return TextEncoder.load("minilm", max_tokens=256)


class Fake:
    """A model whose vectors are the code points at the beginning of a text, and whose tokens are characters."""

    def __init__(self, wrong=None):
        self.seen, self.wrong = [], wrong or {}

    def tokens(self, texts):
        return [len(text) for text in texts]

    def encode(self, texts):
        self.seen.extend(texts)
        for i in reversed(range(len(texts))):
            value = self.wrong.get(texts[i], ord(texts[i][0]))
            yield [i], np.array([[value, float(len(texts[i]))]], np.float32)


def encoder_around(model, **settings):
    return TextEncoder("fake", "fake vectors", model, max_tokens=20, **settings)


def test_packed_minilm_equals_sentence_transformers(minilm):
    theirs = TextEncoder.load("minilm", max_tokens=256, packed=False)
    assert isinstance(minilm.model, PackedBert)
    assert isinstance(theirs.model, OtherSentenceModel)
    assert (minilm.name, minilm.vectors) == (theirs.name, theirs.vectors)
    assert minilm.tokens(TEXTS) == theirs.tokens(TEXTS)
    np.testing.assert_allclose(minilm.embed(TEXTS, TEXTS), theirs.embed(TEXTS, TEXTS), atol=1e-5)


def test_vectors_have_unit_length_and_follow_the_order_of_the_texts(minilm):
    vectors_TG = minilm.embed(TEXTS, TEXTS)
    assert vectors_TG.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors_TG, axis=1), 1, atol=1e-6)


def test_a_vector_has_the_same_bits_in_any_batch(minilm):
    vectors_TG = minilm.embed(TEXTS, TEXTS)
    for rows in ([0], [2], [len(TEXTS) - 1], [1, 4], [*range(3, len(TEXTS))]):
        some = [TEXTS[row] for row in rows]
        np.testing.assert_array_equal(minilm.embed(some, some), vectors_TG[rows])


def test_several_threads_give_the_same_vectors_and_are_left_as_they_were(minilm, monkeypatch):
    expected_TG = minilm.embed(TEXTS, TEXTS)
    before = torch.get_num_threads()
    monkeypatch.setattr("gofer.embeddings.texts.packed_bert.BATCH_TOKENS", 100)
    torch.set_num_threads(3)
    try:
        np.testing.assert_array_equal(minilm.embed(TEXTS, TEXTS), expected_TG)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_equal_texts_are_embedded_once():
    model = Fake()
    assert encoder_around(model).embed(["a", "b", "a"], list("xyz")).shape == (3, 2)
    assert model.seen == ["a", "b"]


def test_the_prompt_is_put_before_each_text_and_counts(minilm):
    model = Fake()
    encoder = encoder_around(model, prompt="query: ")
    encoder.embed(["a", "b"], ["x", "y"])
    assert model.seen == ["query: a", "query: b"]
    assert encoder.tokens(["a"]) == [8]


def test_a_prompt_gives_the_vectors_of_the_texts_with_it(minilm):
    prompted = TextEncoder.load("minilm", max_tokens=256, prompt="passage: ")
    assert prompted.name.endswith("prompt 'passage: '")
    np.testing.assert_array_equal(
        prompted.embed(TEXTS[4:], TEXTS[4:]), minilm.embed([f"passage: {text}" for text in TEXTS[4:]], TEXTS[4:])
    )


@pytest.mark.fault(66)
@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_a_vector_without_direction_is_refused_with_its_term(wrong):
    class Broken(Fake):
        def encode(self, texts):
            yield [1, 0], np.array([[wrong, 0.0], [1.0, 0.0]], np.float32)

    with pytest.raises(GoferError, match="GO:2"):
        encoder_around(Broken()).embed(["a", "b"], ["GO:1", "GO:2"])


def test_a_text_that_is_too_long_is_refused_with_its_term_and_never_cut():
    with pytest.raises(GoferError, match="the text of GO:2 has 21 tokens, more than 20"):
        encoder_around(Fake()).embed(["a", "b" * 21], ["GO:1", "GO:2"])


def test_without_a_text_there_is_an_error_and_no_empty_file(minilm):
    with pytest.raises(GoferError, match="no term"):
        minilm.embed([], [])


def test_only_texts_that_are_not_in_the_cache_are_embedded(tmp_path, caplog):
    first, second = Fake(), Fake()
    fresh = encoder_around(first).embed(["a", "b", "c"], list("xyz"), cache=TextCache(tmp_path, "fake vectors"))
    with caplog.at_level(logging.INFO):
        again = encoder_around(second).embed(
            ["d", "c", "a", "c"], list("wxyz"), cache=TextCache(tmp_path, "fake vectors")
        )
    assert second.seen == ["d"]
    assert "2 of 3 texts were in the cache" in caplog.text
    np.testing.assert_array_equal(again[1:3], fresh[[2, 0]])


def test_vectors_of_a_killed_job_are_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("gofer.embeddings.texts.text_encoder.TEXTS_PER_FILE", 2)
    model = Fake(wrong={"a": np.nan})  # the last text that the model comes to
    cache = TextCache(tmp_path, "fake vectors")
    with pytest.raises(GoferError, match="GO:a"):
        encoder_around(model).embed(["a", "b", "c", "d", "e"], [f"GO:{name}" for name in "abcde"], cache=cache)
    assert sorted(cache.read(["a", "b", "c", "d", "e"])) == ["b", "c", "d", "e"]


def test_vectors_through_the_cache_are_those_of_a_fresh_embedding_to_the_bit(minilm, tmp_path, monkeypatch):
    monkeypatch.setattr("gofer.embeddings.texts.text_encoder.TEXTS_PER_FILE", 3)
    fresh_TG = minilm.embed(TEXTS, TEXTS)
    cache = TextCache(tmp_path, minilm.vectors)
    minilm.embed(TEXTS[::2], TEXTS[::2], cache=cache)
    for _ in range(2):  # half of them from the cache, then all
        np.testing.assert_array_equal(minilm.embed(TEXTS, TEXTS, cache=cache), fresh_TG)


def test_the_cache_distinguishes_encoders_by_weights_pooling_and_code_but_not_by_tokens(tmp_path, monkeypatch):
    def vectors(folder, **settings):
        return TextEncoder.load(str(folder), max_tokens=settings.pop("max_tokens", 64), **settings).vectors

    one, copy = tiny_bert(tmp_path / "one", seed=1), shutil.copytree(tmp_path / "one", tmp_path / "copy")
    assert vectors(one) == vectors(copy) == vectors(one, max_tokens=32) == vectors(one, prompt="query: ")
    assert vectors(one) != vectors(tiny_bert(tmp_path / "other", seed=2))
    assert vectors(one) != vectors(one, pooling="cls")
    changed = json.loads((copy / "config.json").read_text()) | {"num_attention_heads": 2}
    (copy / "config.json").write_text(json.dumps(changed))
    assert vectors(one) != vectors(copy)
    before = vectors(one)
    monkeypatch.setattr("gofer.embeddings.texts.text_encoder.CODE", ("gofer.embeddings.residues.packed_esm",))
    assert vectors(one) != before


def test_a_folder_gives_the_same_vectors_as_the_packaged_model(minilm):
    found = TextEncoder.load(str(model_folder("minilm")), max_tokens=256)
    np.testing.assert_array_equal(found.embed(TEXTS[:2], TEXTS[:2]), minilm.embed(TEXTS[:2], TEXTS[:2]))


SHORT = ["glycolysis. the breakdown of sugar.", "ATP binding", "x", "a process (1->6) of ü", "the sugar " * 20]
CLS, MEAN = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, {"pooling_mode": "mean"}


def reference(folder, texts, *, pooling):
    """What transformers itself makes of texts, one by one."""
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        hidden = [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy() for text in texts]
    vectors_TG = np.stack([x_LG[0] if pooling == "cls" else x_LG.mean(0) for x_LG in hidden])
    return vectors_TG / np.linalg.norm(vectors_TG, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("files", "asked", "prompt", "expected"),
    [
        ({"pooling": MEAN}, "auto", "", "mean"),
        ({"pooling": CLS}, "auto", "", "cls"),
        ({"pooling": MEAN}, "cls", "", "cls"),
        ({"pooling": CLS}, "mean", "", "mean"),
        ({"pooling": MEAN}, "auto", "passage: ", "mean"),
        ({}, "auto", "", "mean"),
        ({}, "cls", "query: ", "cls"),
        ({"tokenizer_json": False}, "auto", "", "mean"),
        ({"safe": False}, "auto", "", "mean"),
    ],
)
def test_bert_folders_of_all_kinds_give_what_transformers_gives(tmp_path, files, asked, prompt, expected):
    folder = tiny_bert(tmp_path / "model", **files)
    ours = TextEncoder.load(str(folder), max_tokens=64, pooling=asked, prompt=prompt)
    theirs = TextEncoder.load(str(folder), max_tokens=64, pooling=asked, prompt=prompt, packed=False)
    assert isinstance(ours.model, PackedBert)
    assert isinstance(theirs.model, OtherSentenceModel)
    assert ours.name == theirs.name
    assert f", {expected} of 64 tokens, " in ours.name
    assert ours.tokens(SHORT) == theirs.tokens(SHORT)
    found_TG = ours.embed(SHORT, SHORT)
    np.testing.assert_allclose(theirs.embed(SHORT, SHORT), found_TG, atol=1e-5)
    whole = [(prompt + text).strip() for text in SHORT]
    np.testing.assert_allclose(reference(folder, whole, pooling=expected), found_TG, atol=1e-5)


def test_weights_with_the_names_of_a_language_model_or_of_old_are_found(tmp_path):
    expected = TextEncoder.load(str(tiny_bert(tmp_path / "new")), max_tokens=64).embed(SHORT, SHORT)
    folder = tiny_bert(tmp_path / "old")
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    old = {f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma"): tensor for name, tensor in state.items()}
    old = {name.replace("LayerNorm.bias", "LayerNorm.beta"): tensor for name, tensor in old.items()}
    torch.save(old | {"cls.predictions.bias": torch.zeros(3)}, folder / "pytorch_model.bin")
    np.testing.assert_array_equal(TextEncoder.load(str(folder), max_tokens=64).embed(SHORT, SHORT), expected)


@pytest.mark.parametrize("kind", ["distilbert", "mpnet"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_other_architectures_are_left_to_sentence_transformers(tmp_path, kind, pooling):
    folder = other_model(tmp_path / "model", kind)
    found = TextEncoder.load(str(folder), max_tokens=64, pooling=pooling)
    assert isinstance(found.model, OtherSentenceModel)
    assert f", {pooling} of 64 tokens" in found.name
    expected = reference(folder, SHORT, pooling=pooling)
    np.testing.assert_allclose(found.embed(SHORT, SHORT), expected, atol=1e-5)
    np.testing.assert_allclose(found.embed(SHORT[:1], SHORT[:1]), expected[:1], atol=1e-5)


def test_a_model_in_half_precision_is_run_in_single_precision(tmp_path):
    folder = tiny_bert(tmp_path / "model", pooling=MEAN)
    state = load_file(folder / "model.safetensors")
    save_file({name: tensor.half() for name, tensor in state.items()}, folder / "model.safetensors", {"format": "pt"})
    changed = json.loads((folder / "config.json").read_text()) | {"dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(changed))
    ours, theirs = (TextEncoder.load(str(folder), max_tokens=64, packed=packed) for packed in (True, False))
    np.testing.assert_allclose(ours.embed(SHORT, SHORT), theirs.embed(SHORT, SHORT), atol=1e-6)


@pytest.mark.parametrize(
    ("file", "key", "value", "pooling"),
    [
        ("config.json", "model_type", "mpnet", "mean"),
        ("config.json", "hidden_act", "gelu_new", "mean"),
        ("config.json", "is_decoder", True, "mean"),
        ("1_Pooling/config.json", "pooling_mode", "max", "max"),
        ("1_Pooling/config.json", "pooling_mode", ["mean", "max"], "mean + max"),
        ("sentence_bert_config.json", "do_lower_case", True, "mean"),
    ],
)
def test_an_unknown_kind_of_model_is_not_taken_for_a_known_one(tmp_path, file, key, value, pooling):
    folder = tiny_bert(tmp_path / "model", pooling=MEAN)
    known = SentenceFolder.read(folder)
    digest = known.digest()
    assert load_packed_bert(known, pooling=known.pooling) is not None
    before = json.loads((folder / file).read_text()) if (folder / file).exists() else {}
    (folder / file).write_text(json.dumps(before | {key: value}))
    changed = SentenceFolder.read(folder)
    assert changed.pooling == pooling
    assert load_packed_bert(changed, pooling=changed.pooling) is None
    assert changed.digest() != digest


def test_two_poolings_side_by_side_are_left_to_sentence_transformers(tmp_path):
    folder = tiny_bert(tmp_path / "model", pooling={"pooling_mode": ["mean", "max"]})
    found = TextEncoder.load(str(folder), max_tokens=64)
    assert ", mean + max of 64 tokens" in found.name
    assert found.embed(SHORT, SHORT).shape == (len(SHORT), 64)
    one = TextEncoder.load(str(folder), max_tokens=64, pooling="mean", packed=False)
    assert one.embed(SHORT, SHORT).shape == (len(SHORT), 32)


def test_the_models_default_prompt_is_not_used(tmp_path):
    folder = tiny_bert(tmp_path / "model", pooling=MEAN)
    plain = TextEncoder.load(str(folder), max_tokens=64, packed=False).embed(SHORT, SHORT)
    settings = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    for packed in (True, False):
        found = TextEncoder.load(str(folder), max_tokens=64, packed=packed).embed(SHORT, SHORT)
        np.testing.assert_allclose(found, plain, atol=1e-6)


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ("run_by_a_model",))


@pytest.mark.fault(56)
def test_a_file_of_weights_that_would_run_code_is_refused_and_runs_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tiny_bert(tmp_path / "model", safe=False)
    torch.save({"embeddings": RunsCode()}, folder / "pytorch_model.bin")
    with pytest.raises(GoferError, match="holds more than weights, and was not loaded"):
        TextEncoder.load(str(folder), max_tokens=64)
    (folder / "config.json").write_text(json.dumps({"model_type": "distilbert", "vocab_size": 99}))
    with pytest.raises(GoferError, match="holds no model that gofer or sentence-transformers can read"):
        TextEncoder.load(str(folder), max_tokens=64)
    assert not (tmp_path / "run_by_a_model").exists()


@pytest.mark.fault(72)
def test_code_in_a_models_folder_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tiny_bert(tmp_path / "model")
    settings = {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config", "AutoModel": "mine.Model"}}
    (folder / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_text()) | settings))
    (folder / "mine.py").write_text("import os\nos.mkdir('run_by_a_model')\n")
    with pytest.raises(GoferError, match="holds no model that gofer or sentence-transformers can read"):
        TextEncoder.load(str(folder), max_tokens=64)
    assert not (tmp_path / "run_by_a_model").exists()


def damaged(path):
    path.write_bytes(b"<html>404</html>")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "there is no config.json in it"),
        (lambda folder: (folder / "model.safetensors").unlink(), "neither model.safetensors nor pytorch_model.bin"),
        (lambda folder: damaged(folder / "model.safetensors"), r"model\.safetensors cannot be read"),
        (lambda folder: damaged(folder / "config.json"), r"config\.json is not as a model has it"),
        (lambda folder: damaged(folder / "modules.json"), r"modules\.json is not as a model has it"),
        (lambda folder: (folder / "modules.json").write_text('{"a": 1}'), r"modules\.json is not as a model has it"),
        (lambda folder: damaged(folder / "tokenizer.json"), "has no tokenizer that can be read"),
    ],
)
def test_a_folder_with_a_missing_or_damaged_file_is_refused_with_its_name(tmp_path, damage, message):
    folder = tiny_bert(tmp_path / "model")
    damage(folder)
    with pytest.raises(GoferError, match=message):
        TextEncoder.load(str(folder), max_tokens=64)


def test_weights_and_settings_of_different_models_are_refused(tmp_path):
    folder = tiny_bert(tmp_path / "model")
    changed = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 3}
    (folder / "config.json").write_text(json.dumps(changed))
    with pytest.raises(GoferError, match=r"there is no encoder\.layer\.2\.attention"):
        TextEncoder.load(str(folder), max_tokens=64)


def test_more_tokens_than_the_model_takes_are_refused(tmp_path):
    with pytest.raises(GoferError, match=r"max_tokens is 512, but minilm takes 256 at most(?s:.*)max_tokens: 256"):
        TextEncoder.load("minilm", max_tokens=512)
    with pytest.raises(GoferError, match="takes 96 at most"):
        TextEncoder.load(str(tiny_bert(tmp_path / "model")), max_tokens=97)


def test_a_prompt_that_leaves_no_room_is_refused(minilm):
    with pytest.raises(GoferError, match="prompt leaves 1 of 16 tokens for a text"):
        TextEncoder.load("minilm", max_tokens=16, prompt="a prompt of a great many words, of far too many. ")


def test_a_model_that_leaves_prompts_out_of_its_vectors_takes_none(tmp_path):
    folder = tiny_bert(tmp_path / "model", pooling={**MEAN, "include_prompt": False})
    assert TextEncoder.load(str(folder), max_tokens=64).embed(SHORT, SHORT).shape == (len(SHORT), 32)
    with pytest.raises(GoferError, match="leaves the tokens of a prompt out"):
        TextEncoder.load(str(folder), max_tokens=64, prompt="query: ")


def test_a_missing_model_is_named_with_the_missing_files_and_their_folder():
    with pytest.raises(GoferError) as error:
        TextEncoder.load("no-such-model", max_tokens=32)
    assert "there is no folder no-such-model, and no model sentence-transformers/no-such-model in /" in error.value.what
    for word in ("config.json", "model.safetensors", "tokenizer.json", "HF_HUB_OFFLINE=0", "minilm"):
        assert word in error.value.help
