"""A small model: it predicts as the full one without known proteins, holds no sequence, and takes a bank."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval.tiny_model import CUTOFFS, make_model

from gofer.retrieval.coded_vectors import coded, decoded
from gofer.retrieval.low_rank_ridge import LowRankRidge
from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.selftest import checks
from gofer.retrieval.sparse_parts import joined_shares, shares_of
from gofer.retrieval.trained_model import TrainedModel
from gofer.retrieval.user_bank import BankSettings, add_bank

ALONE = {"ensemble": {}, "cutoffs": {aspect: {"50": 0.3, "70": None, "90": None} for aspect in CUTOFFS}}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("small"), small=True, alone=ALONE)


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def described(model, tiny, folder):
    return Predictor(model).described([*QueryFile.read(tiny.fasta(folder / "q.fasta"))])


def test_it_holds_no_sequence_and_no_definition(small):
    file = ModelFile.open(small.path)
    held = b"".join(file.array(name).tobytes() for name in file.parts)
    assert not any(
        sequence[place : place + 12].encode() in held for sequence in small.proteins["sequence"] for place in (0, 20)
    )
    assert file.texts("bank/sequence.txt") == []
    assert "towers/free_vectors_TD" not in file


def test_it_regresses_labels_and_places_terms_as_the_full_model_does(full, small, tmp_path):
    whole, fewer = TrainedModel(full.path), TrainedModel(small.path)
    proteins = described(whole, full, tmp_path)
    expected = whole.scorer.label_model.regressed(proteins)
    np.testing.assert_allclose(fewer.scorer.label_model.regressed(proteins), expected, atol=0.05)
    cosine_T = (whole.space.z_TD * fewer.space.z_TD).sum(axis=1)
    np.testing.assert_allclose(cosine_T, 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(fewer.space.z_TD, axis=1), 1, atol=1e-6)
    for name in ("similar_TS", "across_TS", "ancestors_TS"):
        one, other = (getattr(model.scorer.related, name).toarray() for model in (whole, fewer))
        np.testing.assert_allclose(other, one, atol=0.01)


def test_it_is_the_same_bytes_again_and_passes_its_own_test(small, tmp_path):
    assert make_model(tmp_path, small=True, alone=ALONE).path.read_bytes() == small.path.read_bytes()
    found = {check.about: check.holds for check in checks(Predictor(TrainedModel(small.path)))}
    assert found == {"checksums": True, "residue encoder": True, "label model": True, "known proteins": True}


def test_it_has_its_own_calibration_until_the_user_adds_known_proteins(small, tmp_path):
    alone = Predictor(TrainedModel(small.path))
    proteins = [*QueryFile.read(small.fasta(tmp_path / "q.fasta", slice(0, 2)))]
    assert alone.model.cutoffs == ALONE["cutoffs"]
    assert set(alone.of_chunk(proteins).table["nearest_protein"]) == {""}
    (tmp_path / "terms.tsv").write_text("protein\taspect\tgo_id\nQ000\tMFO\tGO:0016787\n")
    add_bank(alone, tmp_path / "q.fasta", [tmp_path / "terms.tsv"], BankSettings("mine", {}))
    with_bank = Predictor(TrainedModel(small.path))
    assert with_bank.model.cutoffs == CUTOFFS
    table = with_bank.of_chunk(proteins).table
    row = table[(table["protein_id"] == "Q000") & (table["go_id"] == "GO:0016787")].iloc[0]
    assert (row["nearest_protein"], row["nearest_identity"]) == ("Q000", 1)


def test_fewer_components_lose_the_least_of_the_predictions(full, tmp_path):
    whole = TrainedModel(full.path)
    proteins = described(whole, full, tmp_path)
    label_model = whole.scorer.label_model
    features = label_model.features(proteins)
    exact = label_model.regression.predict(features)
    errors = [
        float(
            np.abs(
                LowRankRidge.of(label_model.regression, label_model.reader.kmers, rank=rank).predict(features) - exact
            ).max()
        )
        for rank in (1, 2, 99)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.02


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.02, 0.1]))
def test_coded_vectors_come_back_to_the_step_and_shrink_where_they_vary_little(seed, fineness):
    rng = np.random.default_rng(seed)
    rows_NC = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 12)) * rng.choice([1e-3, 1, 100])
    parts = coded("x", rows_NC, fineness)
    assert len(parts["x.codes"]) <= 4
    error = np.sqrt(((decoded("x", parts) - rows_NC) ** 2).mean() / (rows_NC**2).mean())
    assert error <= fineness


def test_vectors_of_zeros_come_back():
    np.testing.assert_array_equal(decoded("x", coded("x", np.zeros((3, 5)), 0.1)), np.zeros((3, 5)))
    assert decoded("x", coded("x", np.zeros((0, 5)), 0.1)).shape == (0, 5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([40, 40_000]))
def test_shares_come_back_to_a_255th_of_the_largest(seed, columns):
    rng = np.random.default_rng(seed)
    counts = np.sort(sp.random_array((20, columns), density=200 / (20 * columns), rng=rng).tocsr().indptr)
    numbers = np.diff(counts)
    places = [np.sort(rng.choice(columns, number, replace=False)) for number in numbers]
    weights = [rng.dirichlet(np.ones(number)) if number else np.zeros(0) for number in numbers]
    matrix = sp.csr_array((np.concatenate(weights), np.concatenate(places), counts), shape=(20, columns))
    again = joined_shares("x", shares_of("x", matrix, 0.0), columns)
    np.testing.assert_allclose(again.toarray(), matrix.toarray(), atol=0.01)
    total_R = again.sum(axis=1)
    np.testing.assert_allclose(total_R[numbers > 0], 1, atol=1e-5)
    assert not total_R[numbers == 0].any()
