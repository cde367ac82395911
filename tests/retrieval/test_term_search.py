"""What `gofer search` finds: texts, terms and proteins find themselves, and what cannot be searched is named."""

import pytest
from retrieval.tiny_model import NAMES, PARENTS, make_model

import gofer
from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.errors import GoferError
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.term_search import CLOSEST, TermSearch, encoder_of
from gofer.retrieval.trained_model import TrainedModel

MINILM = {"encoder": "minilm", "max_tokens": 16, "pooling": "mean", "prompt": "A term: "}


@pytest.fixture(scope="module")
def in_words(tmp_path_factory):
    """A model whose terms have real texts."""
    return make_model(tmp_path_factory.mktemp("words"), name="words", texts=TextEncoder.load(**MINILM))


@pytest.fixture(scope="module")
def search(in_words):
    return TermSearch.of_model(Predictor(TrainedModel(in_words.path), device="cpu"))


@pytest.mark.parametrize(("go_id", "name"), list(zip(PARENTS, NAMES, strict=True)))
def test_the_text_of_a_term_finds_the_term_first(search, go_id, name):
    found = search.closest(name, 3)
    assert (found.kind, len(found.terms), len(found.proteins)) == ("text", 3, 3)
    assert found.terms["id"][0] == go_id
    assert found.terms["cosine"][0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("query", ["GO:0016787", "go:0016787", " GO:0016787 "])
def test_a_go_id_finds_itself_first(search, query):
    found = search.closest(query, 20)
    assert found.kind == "term"
    assert found.terms["id"][0] == "GO:0016787"
    assert found.terms["cosine"].is_monotonic_decreasing
    assert len(found.terms) == len(PARENTS)


def test_a_known_protein_finds_itself_first(in_words, search):
    for protein_id in in_words.proteins["protein_id"]:
        found = search.closest(protein_id, 2)
        assert (found.kind, found.proteins["id"][0]) == ("protein", protein_id)
        assert found.proteins["cosine"][0] == pytest.approx(1, abs=1e-5)


def test_a_fasta_file_of_one_protein_finds_the_same_protein(in_words, search, tmp_path):
    found = search.closest(str(in_words.fasta(tmp_path / "one.fasta", slice(12, 13))), 1)
    assert (found.query, found.proteins["id"][0]) == ("Q000", in_words.proteins["protein_id"][12])
    with pytest.raises(GoferError, match="holds 2 proteins, and one is wanted"):
        search.closest(str(in_words.fasta(tmp_path / "two.fasta", slice(2))), 1)


def test_the_proteins_of_a_fasta_file_are_searched_instead_of_the_known_ones(in_words, tmp_path):
    fasta = in_words.fasta(tmp_path / "my.fasta", slice(8, 12))
    table = gofer.load(in_words.path).search("P10001", proteins=fasta, number=4)
    assert table.columns.tolist() == CLOSEST
    proteins = table[table["kind"] == "protein"]
    assert sorted(proteins["id"]) == ["Q000", "Q001", "Q002", "Q003"]
    assert proteins["id"].iloc[0] == "Q001"


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("GO:9999999", "GO:9999999 is not a term of the model words"),
        ("Q9ZZZ9", "Q9ZZZ9 is neither a protein that the model words knows nor a file"),
        ("absent.fasta", "absent.fasta is neither a protein that the model words knows nor a file"),
        (" ", "the query is empty"),
        ("hydrolase activity " * 20, "tokens, and the model reads 16 at most"),
    ],
)
def test_what_cannot_be_searched_is_named(search, query, what):
    with pytest.raises(GoferError, match=what):
        search.closest(query, 1)


def test_the_text_encoder_has_the_settings_of_the_manifest(in_words):
    model = TrainedModel(in_words.path)
    assert encoder_of(model).name == model.release["text_encoder"] == TextEncoder.load(**MINILM).name


def test_another_text_encoder_is_refused_and_both_are_named(in_words):
    model = TrainedModel(in_words.path)
    recorded = model.release["text_encoder"]
    model.release["text_encoder"] = other = recorded.replace("sha256:", "sha256:0")
    with pytest.raises(GoferError) as refused:
        encoder_of(model)
    assert other in str(refused.value)
    assert recorded in str(refused.value)


def test_a_missing_text_encoder_is_named(in_words, tmp_path):
    model = TrainedModel(in_words.path)
    with pytest.raises(GoferError, match=r"trained with the text encoder minilm, .* which is not here: .*absent"):
        encoder_of(model, str(tmp_path / "absent/model"))


def test_without_a_recorded_text_encoder_only_texts_cannot_be_searched(tmp_path):
    search = TermSearch.of_model(Predictor(TrainedModel(make_model(tmp_path).path), device="cpu"))
    assert search.closest("GO:0005488", 1).terms["id"].tolist() == ["GO:0005488"]
    with pytest.raises(GoferError, match="does not record its text encoder"):
        search.closest("binding", 1)
