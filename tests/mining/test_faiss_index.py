"""The term index finds what a plain product finds, and refuses what FAISS would take without a word."""

import json

import faiss
import numpy as np
import pytest

from gofer.artefacts import Manifest, sha256_of
from gofer.errors import ArtefactError, GoferError
from gofer.mining.faiss_index import SHARED, TEXT, TermIndex, read_index, write_index


def unit(rng, *shape):
    vectors = rng.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture
def vectors():
    return unit(np.random.default_rng(1), 20, 8)


@pytest.fixture
def index(vectors):
    return TermIndex.of_vectors([f"GO:{i}" for i in range(20)], vectors, space=TEXT)


def test_the_nearest_terms_are_those_of_the_highest_product(index, vectors):
    queries = unit(np.random.default_rng(2), 5, 8)
    np.testing.assert_array_equal(index.nearest(queries, 4), np.argsort(-(queries @ vectors.T), axis=1)[:, :4])


@pytest.mark.parametrize("k", [20, 21, 1000])
def test_more_neighbours_than_terms_gives_every_term_once_and_never_minus_one(index, vectors, k):
    rows = index.nearest(vectors[:3], k)
    assert rows.shape == (3, 20)
    assert (np.sort(rows, axis=1) == np.arange(20)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_that_is_not_finite_is_refused(index, vectors, value):
    queries = vectors[:2].copy()
    queries[1, 3] = value
    with pytest.raises(GoferError, match="not finite"):
        index.nearest(queries, 3)


def test_a_query_of_another_width_is_refused(index):
    with pytest.raises(GoferError, match="queries are 5 wide, the index 8"):
        index.nearest(np.ones((1, 5), np.float32), 3)


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, np.nan, np.inf])
def test_a_vector_that_is_not_of_length_one_is_refused_by_its_term(vectors, factor):
    vectors[7] *= factor
    with pytest.raises(GoferError, match="the vector of GO:7 has length .*, not 1; 1 such"):
        TermIndex.of_vectors([f"GO:{i}" for i in range(20)], vectors, space=SHARED)


def test_one_vector_per_term_is_asked_for(vectors):
    with pytest.raises(GoferError, match="3 terms but 20 vectors"):
        TermIndex.of_vectors(["a", "b", "c"], vectors, space=TEXT)


@pytest.fixture
def written(index, tmp_path):
    write_index(tmp_path / "i.faiss", index, Manifest({"go_release": "r1"}))
    return tmp_path / "i.faiss"


def test_an_index_is_read_as_it_was_written(written, index, vectors):
    terms, manifest = read_index(written)
    assert terms.go_ids == index.go_ids
    assert terms.space == TEXT
    assert manifest.release == {"go_release": "r1"}
    np.testing.assert_array_equal(terms.nearest(vectors, 5), index.nearest(vectors, 5))


def test_the_same_index_is_written_as_the_same_bytes(written, index, tmp_path):
    write_index(tmp_path / "j.faiss", index, Manifest({"go_release": "r1"}))
    assert (tmp_path / "j.faiss").read_bytes() == written.read_bytes()


@pytest.mark.parametrize("place", [0, 10, -1])
def test_a_flipped_bit_is_refused(written, place):
    content = bytearray(written.read_bytes())
    content[place] ^= 1
    written.write_bytes(content)
    with pytest.raises(ArtefactError, match="is not the file that"):
        read_index(written)


def test_a_cut_or_missing_index_is_refused(written):
    written.write_bytes(written.read_bytes()[:-9])
    with pytest.raises(ArtefactError):
        read_index(written)
    written.unlink()
    with pytest.raises(ArtefactError, match="is missing or is not"):
        read_index(written)


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"sha256": "x"}', "nonsense"])
def test_a_description_that_is_none_is_refused(written, about):
    written.with_name("i.faiss.json").write_text(about)
    with pytest.raises(ArtefactError):
        read_index(written)


def test_an_index_of_another_kind_is_refused(written):
    strange = faiss.IndexFlatL2(8)
    strange.add(np.ones((20, 8), np.float32))
    faiss.write_index(strange, str(written))
    path = written.with_name("i.faiss.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": sha256_of(written)}))
    with pytest.raises(ArtefactError, match="is a IndexFlatL2, not an exact inner-product index"):
        read_index(written)


def test_an_index_with_other_terms_than_its_description_is_refused(written):
    path = written.with_name("i.faiss.json")
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "go_ids": about["go_ids"][:-1]}))
    with pytest.raises(ArtefactError, match="holds 20 vectors for 19 terms"):
        read_index(written)
