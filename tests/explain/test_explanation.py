"""explanation and score_parts: parts add up to the score, and what is left out is what is named."""

import numpy as np
import pytest
from retrieval.tiny_model import make_model

from gofer.errors import GoferError
from gofer.explain.explanation import chosen_protein, explain
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryProtein
from gofer.retrieval.trained_model import TrainedModel

TERMS = ["GO:0016787", "GO:0003824", "GO:0008152"]


@pytest.fixture(scope="module")
def known(predictor):
    """A known protein, explained."""
    return explain(predictor, chosen_protein(predictor, "P00003"), TERMS)


def test_parts_and_the_average_protein_add_up_to_the_score_that_predict_gives(predictor, known):
    rows = predictor.of_chunk([known.protein]).table.set_index("go_id")
    for go_id, parts in known.parts.groupby("go_id"):
        assert parts["adds"].sum() == pytest.approx(rows.loc[go_id, "score"], abs=1e-5)
        assert parts["score"].iloc[0] == pytest.approx(rows.loc[go_id, "score"], abs=1e-5)


def test_residue_evidence_is_that_of_the_predictions(predictor, known):
    rows = predictor.of_chunk([known.protein]).table.set_index("go_id")
    for notes in known.notes:
        found = ",".join(f"{first}-{last}" for first, last in notes.evidence)
        assert found == rows.loc[notes.go_id, "evidence"]


def test_a_protein_without_relatives_gets_nothing_from_them(predictor):
    stranger = explain(predictor, QueryProtein("Q", "GASTGASTPQNNDDEEKK" * 3), TERMS[:1])
    parts = stranger.parts.set_index("part")
    assert (stranger.aligned, stranger.known) == (0, False)
    assert parts.loc["relatives", "adds"] == 0
    assert stranger.relatives.empty


def test_relatives_come_most_similar_first_and_one_without_the_term_lowers_its_score(predictor, known):
    rows = known.relatives[known.relatives["go_id"] == TERMS[0]]
    assert rows["protein_id"].iloc[0] == "P00003"
    assert known.known
    assert rows["similarity"].is_monotonic_decreasing
    score = known.parts.loc[known.parts["go_id"] == TERMS[0], "score"].iloc[0]
    having, lacking = (rows.loc[rows["has_term"] == answer, "score_without"] for answer in ("yes", "no"))
    assert len(having)
    assert (having <= score + 1e-6).all()
    assert (lacking >= score - 1e-6).all()


def test_every_residue_has_its_letter_attention_and_the_mean_of_its_windows(known):
    rows = known.residues[known.residues["go_id"] == TERMS[0]]
    windows = known.windows[known.windows["go_id"] == TERMS[0]]
    assert "".join(rows["residue"]) == known.protein.sequence
    assert rows["attention"].sum() == pytest.approx(1, abs=1e-4)
    over_first = windows[(windows["first"] <= 1) & (windows["last"] >= 1)]
    assert rows["cosine_drop"].iloc[0] == pytest.approx(over_first["cosine_drop"].mean(), abs=1e-6)


def test_a_term_with_the_score_of_a_more_specific_one_names_it(predictor, known):
    scores = known.parts.drop_duplicates("go_id").set_index("go_id")["score"]
    general = next(notes for notes in known.notes if notes.go_id == "GO:0003824")
    equal = np.isclose(scores["GO:0003824"], scores["GO:0016787"], atol=0)
    assert (general.same_as == "GO:0016787") == equal


@pytest.mark.parametrize(
    ("terms", "what"), [(["GO:0003674"], "is a root of GO"), (["GO:7777777"], "is not a term of the model tiny")]
)
def test_a_root_and_an_unknown_term_are_refused(predictor, terms, what):
    with pytest.raises(GoferError, match=what):
        explain(predictor, QueryProtein("Q", "MKVLA"), terms)


def test_a_protein_that_is_neither_known_nor_a_file_of_one_is_refused(predictor, tmp_path):
    with pytest.raises(GoferError, match="neither a file nor a protein that the model tiny knows"):
        chosen_protein(predictor, "Q99999")
    (tmp_path / "two.fasta").write_text(">a\nMKV\n>b\nMKL\n")
    with pytest.raises(GoferError, match="holds 2 proteins, and one is wanted"):
        chosen_protein(predictor, str(tmp_path / "two.fasta"))


def test_a_small_model_explains_without_relatives_and_from_the_same_average_protein(predictor, tmp_path):
    small = Predictor(TrainedModel(make_model(tmp_path, small=True).path), device="cpu")
    with pytest.raises(GoferError, match="neither a file nor a protein"):
        chosen_protein(small, "P00003")
    protein = chosen_protein(predictor, "P00003")
    found = explain(small, protein, TERMS)
    assert (found.known_proteins, found.relatives.empty) == (0, True)
    np.testing.assert_allclose(small.model.average_vector, predictor.model.average_vector, atol=1e-5)
    parts = found.parts.set_index(["go_id", "part"])["adds"]
    assert parts[:, "relatives"].tolist() == [0, 0, 0]
    rows = small.of_chunk([protein]).table.set_index("go_id")
    for go_id in TERMS:
        assert parts[go_id].sum() == pytest.approx(rows.loc[go_id, "score"], abs=1e-5)


def test_a_protein_of_one_window_is_explained_as_a_whole(predictor):
    short = explain(predictor, QueryProtein("Q", "MKVLAAG"), TERMS[:1])
    assert short.notes[0].evidence == [(1, 7)]
    assert (short.notes[0].without_evidence, short.notes[0].deletion) == (None, None)
