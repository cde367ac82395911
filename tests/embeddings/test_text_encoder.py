import json
import shutil

import numpy as np
import pytest
import torch

from gofer.artefacts import Manifest, write_table
from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.packed_bert import PackedBert, load_packed_bert
from gofer.embeddings.text_encoder import TextEncoder, model_folder
from gofer.errors import ArtefactError, GoferError

TEXTS = [
    "glycolysis. The breakdown of glucose.",
    "x",
    "ATP binding. Binding to ATP, adenosine 5'-triphosphate. " * 30,
    "  spaces around  ",
    "β-catenin binding; naïve T cell",
    "glycolysis. The breakdown of glucose.",
    *(f"term {i} " + "word " * i for i in range(0, 60, 7)),
]


@pytest.fixture(scope="module")
def minilm():
    return TextEncoder.load("minilm", max_tokens=128)


@pytest.mark.parametrize("max_tokens", [16, 128])
def test_packed_minilm_equals_sentence_transformers(max_tokens):
    ours = TextEncoder.load("minilm", max_tokens=max_tokens)
    theirs = TextEncoder.load("minilm", max_tokens=max_tokens, packed=False)
    assert isinstance(ours.model, PackedBert)
    assert not isinstance(theirs.model, PackedBert)
    assert ours.name == theirs.name
    np.testing.assert_allclose(ours.embed(TEXTS, TEXTS), theirs.embed(TEXTS, TEXTS), atol=1e-5)


def test_vectors_have_unit_length_and_follow_the_order_of_the_texts(minilm):
    vectors_TG = minilm.embed(TEXTS, TEXTS)
    assert vectors_TG.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors_TG, axis=1), 1, atol=1e-6)
    for row in (0, 3, len(TEXTS) - 1):
        np.testing.assert_allclose(minilm.embed([TEXTS[row]], ["t"])[0], vectors_TG[row], atol=1e-6)


def test_several_threads_give_the_same_vectors_and_are_left_as_they_were(minilm, monkeypatch):
    expected_TG = minilm.embed(TEXTS, TEXTS)
    before = torch.get_num_threads()
    monkeypatch.setattr("gofer.embeddings.packed_bert.BATCH_TOKENS", 100)
    torch.set_num_threads(3)
    try:
        np.testing.assert_allclose(minilm.embed(TEXTS, TEXTS), expected_TG, atol=1e-6)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_equal_texts_are_embedded_once():
    seen = []

    class Counting:
        def encode(self, texts):
            seen.extend(texts)
            yield list(range(len(texts))), np.ones((len(texts), 3), np.float32)

    assert TextEncoder("counting", Counting()).embed(["a", "b", "a"], list("abc")).shape == (3, 3)
    assert seen == ["a", "b"]


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_a_vector_without_direction_is_refused_with_its_term(wrong):
    class Broken:
        def encode(self, texts):
            yield [1, 0], np.array([[wrong, 0.0], [1.0, 0.0]], np.float32)

    with pytest.raises(GoferError, match="GO:2"):
        TextEncoder("broken", Broken()).embed(["a", "b"], ["GO:1", "GO:2"])


def test_without_a_text_there_is_an_error_and_no_empty_file(minilm):
    with pytest.raises(GoferError, match="no term"):
        minilm.embed([], [])


def test_a_folder_gives_the_same_vectors_as_the_packaged_model(minilm):
    found = TextEncoder.load(str(model_folder("minilm")), max_tokens=128)
    np.testing.assert_array_equal(found.embed(TEXTS[:2], TEXTS[:2]), minilm.embed(TEXTS[:2], TEXTS[:2]))


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("config.json", "model_type", "mpnet"),
        ("config.json", "hidden_act", "gelu_new"),
        ("1_Pooling/config.json", "pooling_mode_cls_token", True),
        ("sentence_bert_config.json", "do_lower_case", True),
    ],
)
def test_another_kind_of_model_is_left_to_sentence_transformers(tmp_path, file, key, value):
    folder = tmp_path / "model"
    shutil.copytree(model_folder("minilm"), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").symlink_to(model_folder("minilm") / "model.safetensors")
    assert load_packed_bert(folder, max_tokens=32) is not None
    changed = json.loads((folder / file).read_text()) | {key: value}
    (folder / file).write_text(json.dumps(changed))
    assert load_packed_bert(folder, max_tokens=32) is None


def test_a_model_that_is_nowhere_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(GoferError, match=r"no-such-model(?s:.*)HF_HUB_OFFLINE=0"):
        TextEncoder.load("no-such-model", max_tokens=8)


def test_the_cache_gives_back_what_was_written(tmp_path):
    cache = GoLookupCache(["GO:2", "GO:1"], np.array([[1, 0, 0], [0, 0.6, 0.8]], np.float32))
    cache.write(tmp_path / "c.parquet", Manifest({"go_release": "r"}))
    found = GoLookupCache.read(tmp_path / "c.parquet")
    assert found.go_ids == cache.go_ids
    np.testing.assert_array_equal(found.vectors_TG, cache.vectors_TG)
    assert found.vectors_TG.dtype == np.float32
    assert found.rows(["GO:1", "GO:2", "GO:1"]).tolist() == [1, 0, 1]


def test_ids_without_a_vector_are_named():
    cache = GoLookupCache(["GO:1"], np.ones((1, 1), np.float32))
    with pytest.raises(ArtefactError, match="GO:7, GO:8, GO:9 and 1 more"):
        cache.rows(["GO:1", "GO:7", "GO:8", "GO:9", "GO:10"])


@pytest.mark.parametrize("vector", [[0.5, 0.0], [np.nan, 1.0], [0.0, 0.0]])
def test_a_vector_that_is_not_of_unit_length_is_refused_on_reading(tmp_path, vector):
    write_table(tmp_path / "c.parquet", table_of(["GO:1", "GO:2"], [[1.0, 0.0], vector]), Manifest())
    with pytest.raises(ArtefactError, match="GO:2"):
        GoLookupCache.read(tmp_path / "c.parquet")


def test_a_term_with_two_vectors_is_refused(tmp_path):
    write_table(tmp_path / "c.parquet", table_of(["GO:1", "GO:1"], [[1.0, 0.0], [0.0, 1.0]]), Manifest())
    with pytest.raises(ArtefactError, match="twice"):
        GoLookupCache.read(tmp_path / "c.parquet")


def table_of(go_ids, vectors):
    import pyarrow as pa

    return pa.table({"go_id": go_ids, "vector": pa.array(vectors, pa.list_(pa.float32(), 2))})
