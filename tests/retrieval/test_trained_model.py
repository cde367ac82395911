"""A packed model: opened, it scores as the objects that were packed; what does not fit is refused; it checks itself."""

import numpy as np
import pytest
from retrieval import tiny_model
from retrieval.tiny_model import make_model

from gofer.errors import ArtefactError, GoferError
from gofer.retrieval.model_file import ModelFile, write_model_file
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.query_file import MOST_PROTEINS, MOST_RESIDUES, QueryFile, QueryProtein, chunks
from gofer.retrieval.selftest import checks
from gofer.retrieval.trained_model import TrainedModel
from gofer.tables import PREDICTIONS


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def predicted(tiny, tmp_path_factory):
    fasta = tiny.fasta(tmp_path_factory.mktemp("query") / "all.fasta")
    return Predictor(TrainedModel(tiny.path)).of_chunk(list(QueryFile.read(fasta)))


def repacked(tiny, path, change):
    """The model with its content changed by a function of (arrays, documents, texts)."""
    file = ModelFile.open(tiny.path)
    arrays = {n: np.array(file.array(n)) for n in file.parts if not n.endswith((".json", ".txt"))}
    documents = {name: file.document(name) for name in file.parts if name.endswith(".json")}
    texts = {name: file.texts(name) for name in file.parts if name.endswith(".txt")}
    change(arrays, documents, texts)
    write_model_file(path, arrays, documents, texts)
    return path


def test_an_opened_model_scores_as_what_was_packed(tiny, monkeypatch, tmp_path):
    packed = {}
    original = tiny_model.pack_model
    monkeypatch.setattr(tiny_model, "pack_model", lambda path, scorer, *rest, **options: (
        packed.update(scorer=scorer), original(path, scorer, *rest, **options)
    ))  # fmt: skip
    again = make_model(tmp_path)
    assert again.path.read_bytes() == tiny.path.read_bytes()
    opened = TrainedModel(tiny.path).scorer
    rng = np.random.default_rng(1)
    z_BD = rng.normal(size=(3, 6)).astype(np.float32)
    z_BD /= np.linalg.norm(z_BD, axis=1, keepdims=True)
    proteins = Described(z_BD, rng.normal(size=(3, 16)).astype(np.float32), tiny.proteins["sequence"].tolist()[:3])
    np.testing.assert_array_equal(opened.scores(proteins), packed["scorer"].scores(proteins))


def test_a_model_of_int8_residues_rounds_a_querys_vectors_as_those_of_its_training_were(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(tiny_model, "ENCODER", {**tiny_model.ENCODER, "store": "int8"})
    predictor = Predictor(TrainedModel(make_model(tmp_path).path))
    exact = Predictor(TrainedModel(tiny.path)).encoder
    assert predictor.encoder.name == f"{exact.name}, int8"
    sequence = tiny.proteins["sequence"][0]
    [(_, vectors_LE)] = exact.embed([sequence], batch_residues=4096, window_overlap=8)
    [found_LE] = predictor.residues([QueryProtein("one", sequence)])
    scale_L1 = np.abs(vectors_LE).max(axis=1, keepdims=True) / 127
    np.testing.assert_allclose(found_LE, np.rint(vectors_LE / scale_L1) * scale_L1, rtol=1e-3, atol=1e-6)


def test_a_protein_that_the_model_knows_finds_itself_and_its_terms(tiny, predicted):
    table = predicted.table
    assert table.columns.tolist() == PREDICTIONS
    first = table[(table["protein_id"] == "Q000") & (table["recommended"] == "best")]
    assert {"GO:0016787", "GO:0000502"} <= set(first["go_id"])
    row = first.set_index("go_id").loc["GO:0016787"]
    assert (row["nearest_protein"], row["nearest_name"], row["nearest_by"]) == (
        "P00000",
        "Protein of P00000",
        "aligned",
    )
    assert row["nearest_identity"] == row["nearest_coverage"] == 1
    assert row["model"] == "tiny"


def test_recommended_terms_come_first_the_most_specific_before_what_they_imply(predicted):
    order = {"best": 0, "implied": 1, "no": 2}
    for _, rows in predicted.table.groupby("protein_id"):
        assert rows["recommended"].map(order).is_monotonic_increasing
        best, implied = (set(rows.loc[rows["recommended"] == mark, "go_id"]) for mark in ("best", "implied"))
        for go_id in implied:
            assert any(go_id in tiny_model.PARENTS[child] for child in best | implied)
        for go_id in best:
            assert not any(go_id in tiny_model.PARENTS[child] for child in best | implied)
        sources = rows[rows["recommended"] == "implied"]["follows_from"]
        assert set(sources) <= best


def test_only_aligned_proteins_have_an_identity_and_evidence_is_there_or_its_absence_is_explained(predicted):
    table = predicted.table
    aligned = table["nearest_by"] == "aligned"
    assert aligned.any()
    assert table.loc[aligned, "nearest_identity"].between(0, 1).all()
    assert table.loc[~aligned, ["nearest_identity", "nearest_coverage"]].isna().all().all()
    assert (table["nearest_protein"] == "").eq(table["nearest_by"] == "").all()
    assert ((table["evidence"] != "") | (table["evidence_note"] != "")).all()


def test_a_higher_precision_recommends_less_and_says_of_whom_nothing_is_left(tiny, predicted, tmp_path):
    proteins = [*QueryFile.read(tiny.fasta(tmp_path / "q.fasta"))]
    strict = Predictor(TrainedModel(tiny.path), percent=90).of_chunk(proteins)
    assert len(strict.table) == len(predicted.table)
    assert set(strict.table["recommended"]) == {"no"}
    assert strict.not_predicted["protein_id"].tolist() == [protein.protein_id for protein in proteins]
    assert strict.not_predicted["reason"].str.contains("no term reaches the model's cutoff; the best is GO:").all()
    with pytest.raises(GoferError, match="a precision of 60 percent was not measured"):
        Predictor(TrainedModel(tiny.path), percent=60)


def test_a_chunk_is_scored_as_its_proteins_alone_to_1e_6(tiny, predicted, tmp_path):
    predictor = Predictor(TrainedModel(tiny.path))
    for protein in [*QueryFile.read(tiny.fasta(tmp_path / "q.fasta"))][:4]:
        alone = predictor.of_chunk([protein]).table.set_index("go_id")["score"]
        table = predicted.table[predicted.table["protein_id"] == protein.protein_id].set_index("go_id")["score"]
        np.testing.assert_allclose(alone.sort_index(), table.sort_index(), atol=1e-6)


def test_chunks_depend_on_the_proteins_order_and_lengths_alone():
    proteins = [QueryProtein(f"P{i}", "M" * length) for i, length in enumerate([MOST_RESIDUES + 1, 5, 7, *[1] * 70])]
    found = list(chunks(proteins))
    assert [protein for chunk in found for protein in chunk] == proteins
    assert [len(chunk) for chunk in found] == [1, MOST_PROTEINS, 8]
    assert list(chunks([])) == []


def test_a_model_of_a_synthetic_world_says_so_in_every_row(tmp_path):
    tiny = make_model(tmp_path, name="demo", synthetic=True)
    proteins = [*QueryFile.read(tiny.fasta(tmp_path / "q.fasta", slice(0, 2)))]
    table = Predictor(TrainedModel(tiny.path)).of_chunk(proteins).table
    assert set(table["model"]) == {"demo (trained on a synthetic world: it says nothing about real proteins)"}


def test_a_whole_model_passes_its_own_test_and_one_of_other_numbers_does_not(tiny, tmp_path):
    assert {check.about: check.holds for check in checks(Predictor(TrainedModel(tiny.path)))} == {
        "checksums": True, "residue encoder": True, "label model": True, "known terms": True, "known proteins": True,
    }  # fmt: skip

    def other_vectors(arrays, documents, texts):
        arrays["probes/vectors"] = arrays["probes/vectors"] + np.float32(0.01)

    wrong = repacked(tiny, tmp_path / "wrong.gofer", other_vectors)
    assert not {check.about: check.holds for check in checks(Predictor(TrainedModel(wrong)))}["residue encoder"]


def test_a_damaged_part_fails_the_test_in_one_line(tiny, tmp_path):
    content = bytearray(tiny.path.read_bytes())
    place = ModelFile.open(tiny.path).parts["bank/sequence.txt"].start
    content[place] ^= 1
    (tmp_path / "bad.gofer").write_bytes(content)
    [check] = checks(Predictor(TrainedModel(tmp_path / "bad.gofer")))
    assert not check.holds
    assert "the checksum of bank/sequence.txt is not that of its content" in check.found


def test_an_encoder_that_is_not_that_of_the_training_is_refused_naming_both(tiny, tmp_path):
    def renamed(arrays, documents, texts):
        documents["encoder.json"]["name"] = "another, layer 3, sha256:0123"

    path = repacked(tiny, tmp_path / "other.gofer", renamed)
    with pytest.raises(ArtefactError, match=r"with the encoder another, layer 3.*but here untrained_t1_d8_h2"):
        TrainedModel(path).encoder("cpu")


@pytest.mark.parametrize(
    "lost", ["towers/pooling.value.weight", "labels/weight", "related/similar.indptr", "terms/vectors"]
)
def test_parts_that_do_not_fit_each_other_are_refused(tiny, tmp_path, lost):
    def lose(arrays, documents, texts):
        arrays[lost] = arrays[lost][:1]

    path = repacked(tiny, tmp_path / "less.gofer", lose)
    with pytest.raises(ArtefactError, match="is damaged"):
        _ = TrainedModel(path).scorer
