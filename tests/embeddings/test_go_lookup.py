import numpy as np
import pyarrow as pa
import pytest

from gofer.artefacts import Manifest, write_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import ArtefactError

FACTS = Manifest({"go_release": "releases/2015-07-11", "text_encoder": "minilm"})


@pytest.fixture
def cache():
    return GoLookupCache(["GO:2", "GO:1", "GO:3"], np.array([[1, 0, 0], [0, 0.6, 0.8], [0, 1, 0]], np.float32))


@pytest.fixture
def path(cache, tmp_path):
    cache.write(tmp_path / "c.parquet", FACTS)
    return tmp_path / "c.parquet"


def test_written_vectors_are_read_back(cache, path):
    found = GoLookupCache.read(path)
    assert found.go_ids == cache.go_ids
    np.testing.assert_array_equal(found.vectors_TG, cache.vectors_TG)
    assert found.vectors_TG.dtype == np.float32


def test_the_same_vectors_are_the_same_bytes(cache, path, tmp_path):
    cache.write(tmp_path / "again.parquet", FACTS)
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()


def test_ids_lead_to_rows_and_rows_to_ids(cache):
    assert cache.rows(["GO:1", "GO:2", "GO:1"]).tolist() == [1, 0, 1]
    assert [cache.go_ids[row] for row in cache.rows(["GO:3", "GO:2"])] == ["GO:3", "GO:2"]
    assert cache.rows([]).tolist() == []


def test_ids_without_a_vector_are_named(cache):
    with pytest.raises(ArtefactError, match="GO:7, GO:8, GO:9 and 1 more have no text vector"):
        cache.rows(["GO:1", "GO:7", "GO:8", "GO:9", "GO:10"])


def test_a_subset_has_the_asked_terms_in_the_asked_order(cache):
    some = cache.subset(["GO:3", "GO:2"])
    assert some.go_ids == ["GO:3", "GO:2"]
    np.testing.assert_array_equal(some.vectors_TG, cache.vectors_TG[[2, 0]])
    assert some.rows(["GO:2"]).tolist() == [1]


def test_a_subset_by_an_unknown_id_or_one_named_twice_is_refused(cache):
    with pytest.raises(ArtefactError, match="GO:7"):
        cache.subset(["GO:1", "GO:7"])
    with pytest.raises(ArtefactError, match="GO:1 is there twice"):
        cache.subset(["GO:1", "GO:2", "GO:1"])


@pytest.mark.parametrize(
    ("vectors", "problem"),
    [
        ([[1.0, 0.0], [0.5, 0.0]], "the vector of GO:2 has the length 0.5, not 1"),
        ([[1.0, 0.0], [np.nan, 1.0]], "the vector of GO:2 has the length nan"),
        ([[1.0, 0.0], [np.inf, 1.0]], "the vector of GO:2 has the length inf"),
        ([[0.0, 0.0], [0.0, 1.0]], "the vector of GO:1 has the length 0"),
        ([[1.0, 0.0]], r"2 ids, but vectors of the shape \(1, 2\)"),
        ([1.0, 1.0], r"2 ids, but vectors of the shape \(2,\)"),
    ],
)
def test_vectors_that_are_not_one_of_unit_length_per_term_are_refused(vectors, problem):
    with pytest.raises(ArtefactError, match=problem):
        GoLookupCache(["GO:1", "GO:2"], np.array(vectors, np.float32))


def test_lengths_off_by_rounding_are_accepted():
    assert GoLookupCache(["GO:1"], np.array([[1.0004, 0.0]], np.float32)).rows(["GO:1"]).tolist() == [0]


@pytest.mark.parametrize("vector", [[0.5, 0.0], [np.nan, 1.0], [0.0, 0.0]])
def test_a_file_with_a_vector_that_is_not_of_unit_length_is_refused_by_its_name(tmp_path, vector):
    write_table(tmp_path / "c.parquet", table_of(["GO:1", "GO:2"], [[1.0, 0.0], vector]), Manifest())
    with pytest.raises(ArtefactError, match=r"c\.parquet: the vector of GO:2"):
        GoLookupCache.read(tmp_path / "c.parquet")


def test_a_file_with_a_term_twice_or_with_none_is_refused(tmp_path):
    write_table(tmp_path / "c.parquet", table_of(["GO:1", "GO:1"], [[1.0, 0.0], [0.0, 1.0]]), Manifest())
    with pytest.raises(ArtefactError, match="GO:1 is there twice"):
        GoLookupCache.read(tmp_path / "c.parquet")
    write_table(tmp_path / "c.parquet", table_of([], []), Manifest())
    with pytest.raises(ArtefactError, match="has no vector"):
        GoLookupCache.read(tmp_path / "c.parquet")


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    ("fact", "theirs", "ours"),
    [("go_release", "releases/2015-07-11", "releases/2014-07-06"), ("text_encoder", "minilm", "sapbert")],
)
def test_vectors_of_another_release_or_encoder_are_refused_with_both_sides_named(path, fact, theirs, ours):
    expected = Manifest({**FACTS.release, fact: ours, "residue_encoder": "of no matter here"})
    with pytest.raises(
        ArtefactError, match=rf"c\.parquet was made with {fact} {theirs}, but this run with {fact} {ours}"
    ):
        GoLookupCache.read(path, expected=expected)


def test_vectors_of_the_expected_release_and_encoder_are_read(path):
    assert len(GoLookupCache.read(path, expected=FACTS).go_ids) == 3


def test_a_damaged_file_is_refused(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="cannot be read"):
        GoLookupCache.read(path)


def table_of(go_ids, vectors):
    return pa.table({"go_id": pa.array(go_ids, pa.string()), "vector": pa.array(vectors, pa.list_(pa.float32(), 2))})
