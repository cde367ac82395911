"""The term index finds what a plain product finds, and refuses what FAISS would accept silently."""

import json

import faiss
import numpy as np
import pytest
import scipy.sparse as sp

from gofer.artefacts import Manifest, sha256_of
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.mining.curriculum import Knobs
from gofer.mining.faiss_index import SHARED, TEXT, TermIndex, read_index, write_index
from gofer.mining.miner import Miner
from gofer.mining.negatives import choose_candidates


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


@pytest.mark.fault(65)
@pytest.mark.parametrize("k", [20, 21, 1000])
def test_more_neighbours_than_terms_gives_every_term_once_and_never_minus_one(index, vectors, k):
    rows = index.nearest(vectors[:3], k)
    assert rows.shape == (3, 20)
    assert (np.sort(rows, axis=1) == np.arange(20)).all()


@pytest.mark.fault(64)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_that_is_not_finite_is_refused(index, vectors, value):
    queries = vectors[:2].copy()
    queries[1, 3] = value
    with pytest.raises(GoferError, match="not finite"):
        index.nearest(queries, 3)


@pytest.mark.fault(67)
def test_a_query_of_another_width_is_refused(index):
    with pytest.raises(GoferError, match="queries are 5 wide, the index 8"):
        index.nearest(np.ones((1, 5), np.float32), 3)


@pytest.mark.fault(63, 66, 67)
@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, np.nan, np.inf])
def test_a_vector_that_is_not_of_length_one_is_refused_by_its_term(vectors, factor):
    vectors[7] *= factor
    with pytest.raises(GoferError, match="the vector of GO:7 has length .*, not 1; 1 such"):
        TermIndex.of_vectors([f"GO:{i}" for i in range(20)], vectors, space=SHARED)


def test_one_vector_per_term_is_required(vectors):
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


@pytest.mark.fault(68)
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
    with pytest.raises(ArtefactError, match="is a IndexFlatL2, not an inner-product index of kind exact"):
        read_index(written)


@pytest.mark.fault(67)
def test_an_index_with_other_terms_than_its_description_is_refused(written):
    path = written.with_name("i.faiss.json")
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "go_ids": about["go_ids"][:-1]}))
    with pytest.raises(ArtefactError, match="holds 20 vectors for 19 terms"):
        read_index(written)


@pytest.fixture(scope="module")
def clustered():
    """800 unit vectors around 40 centres, and 30 queries near them."""
    rng = np.random.default_rng(4)
    centres = rng.normal(size=(40, 16))
    around = [centres[rng.integers(0, 40, n)] + 0.8 * rng.normal(size=(n, 16)) for n in (800, 30)]
    return [(x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32) for x in around]


def index_of(vectors, kind):
    return TermIndex.of_vectors([f"GO:{i}" for i in range(len(vectors))], vectors, space=SHARED, kind=kind)


@pytest.mark.parametrize(("kind", "least"), [("ivf", 0.3), ("hnsw", 0.9)])
def test_recall_is_the_share_of_the_exact_neighbours_that_an_approximate_index_finds(clustered, kind, least):
    vectors, queries = clustered
    index = index_of(vectors, kind)
    found, wanted = index.nearest(queries, 20), np.argsort(-(queries @ vectors.T), axis=1)[:, :20]
    share = np.mean([len(set(f) & set(w)) / 20 for f, w in zip(found, wanted, strict=True)])
    assert index.recall(20, queries) == pytest.approx(share)
    assert least < index.recall(20) <= 1
    assert index_of(vectors, "exact").recall(20) == 1
    assert index.recall(0) == 1


@pytest.mark.parametrize("kind", ["exact", "ivf", "hnsw"])
def test_an_index_of_any_kind_is_read_as_it_was_written_and_made_again_the_same(clustered, tmp_path, kind):
    vectors, queries = clustered
    for name in ("a", "b"):
        write_index(tmp_path / f"{name}.faiss", index_of(vectors, kind), Manifest({}))
    assert (tmp_path / "a.faiss").read_bytes() == (tmp_path / "b.faiss").read_bytes()
    again, _ = read_index(tmp_path / "a.faiss")
    assert again.kind == kind
    np.testing.assert_array_equal(again.nearest(queries, 9), index_of(vectors, kind).nearest(queries, 9))


@pytest.mark.fault(65)
def test_places_that_an_approximate_index_leaves_empty_are_minus_one_and_never_a_negative(clustered):
    vectors, queries = clustered
    index = index_of(vectors, "ivf")
    rows = index.nearest(queries, 800)
    assert (rows == -1).any()
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in rows)
    go_ids = list(index.go_ids)
    found = Miner(index, go_ids[::-1], vectors[::-1].copy()).nearest(queries, sp.csr_array((30, 800)), 800)
    np.testing.assert_array_equal(found, np.where(rows < 0, -1, 799 - rows))
    empty = sp.csr_array((30, 800), dtype=np.int16)
    knobs = Knobs(1.0, 800, 800, random_k=0, inbatch_easy=0.0, hier_up=0, hier_down=0)
    graph = GoGraph(800, np.zeros(0, np.int64), np.zeros(0, np.int64))
    chosen = choose_candidates(empty, empty.astype(bool), graph, knobs, lambda _: rows, np.random.default_rng(1))
    for negative, row in zip(chosen.negative_BC, rows, strict=True):
        assert set(chosen.term_C[negative]) == set(row[row >= 0])


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_an_approximate_index_of_few_terms_works(vectors, kind):
    index = TermIndex.of_vectors([f"GO:{i}" for i in range(20)], vectors, space=TEXT, kind=kind)
    assert (index.nearest(vectors, 1)[:, 0] == np.arange(20)).all()


def test_a_renewed_index_is_of_the_same_kind_and_its_recall_is_measured_again(clustered):
    vectors, queries = clustered
    miner = Miner(index_of(vectors, "ivf"), [f"GO:{i}" for i in range(800)], vectors)
    empty = sp.csr_array((30, 800))
    assert miner.recall is None
    miner.nearest(queries, empty, 20)
    assert miner.recall == index_of(vectors, "ivf").recall(20, queries)
    miner.refresh(vectors)
    assert (miner.recall, miner.is_exact) == (None, False)


def test_with_faiss_for_gpus_an_index_goes_to_the_device_but_a_graph_stays(vectors, monkeypatch):
    asked = []
    monkeypatch.setattr(faiss, "StandardGpuResources", lambda: "resources", raising=False)
    there = lambda *arguments: asked.append(arguments) or arguments[2]  # noqa: E731
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", there, raising=False)
    for kind in ("exact", "ivf", "hnsw"):
        index = TermIndex.of_vectors([f"GO:{i}" for i in range(20)], vectors, space=SHARED, kind=kind)
        Miner(index, [f"GO:{i}" for i in range(20)], vectors, gpu=1).refresh(vectors)
    assert [arguments[:2] for arguments in asked] == [("resources", 1)] * 4  # made and renewed


@pytest.mark.fault(68)
def test_an_index_of_another_kind_than_its_description_is_refused(written):
    path = written.with_name("i.faiss.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "kind": "ivf"}))
    with pytest.raises(ArtefactError, match="is a IndexFlatIP, not an inner-product index of kind ivf"):
        read_index(written)
