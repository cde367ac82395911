import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gofer.embeddings.texts.go_text import KEPT, SECTIONS, TermText, term_texts
from gofer.embeddings.texts.text_budget import fit_texts
from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.inputs.ontology.term_table import read_ontology

ENDS = 2
LONG = TermText(
    {
        "name": ("glycolysis",),
        "definition": ("The breakdown of a sugar.",),
        "synonyms": ("sugar splitting", "EMP pathway"),
        "is_a": ("sugar metabolism", "energy supply"),
        "path": ("metabolism",),
    }
)


def tokens(texts):
    """As BERT counts, were every word in its vocabulary."""
    return [ENDS + len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def fitted(text, most):
    return fit_texts([text], tokens, most=most).texts[0]


def test_a_text_that_fits_is_left_as_it_is():
    found = fit_texts([LONG], tokens, most=tokens([str(LONG)])[0])
    assert found.texts == [str(LONG)]
    assert found.counts() == {"texts": 1, "texts_shortened": 0, "texts_cut": 0, "pieces": 7, "pieces_left_out": 0}


def test_one_token_too_many_costs_the_last_synonym_and_nothing_else():
    found = fit_texts([LONG], tokens, most=tokens([str(LONG)])[0] - 1)
    assert found.texts == [LONG.with_pieces(6)]
    assert "EMP" not in found.texts[0]
    assert found.counts() == {"texts": 1, "texts_shortened": 1, "texts_cut": 0, "pieces": 7, "pieces_left_out": 1}


def test_a_later_piece_that_would_fit_does_not_take_the_place_of_one_that_does_not():
    text = TermText({"name": ("a",), "is_a": ("one two three four five six", "b")})
    assert fitted(text, ENDS + 10) == "a."


def test_only_a_definition_too_long_by_itself_is_cut_after_a_whole_word():
    head = LONG.with_pieces(2)
    most = tokens([head])[0]
    assert fitted(LONG, most) == head
    found = fit_texts([LONG], tokens, most=most - 2)
    assert found.texts == ["glycolysis. The breakdown of a"]
    assert found.counts() == {"texts": 1, "texts_shortened": 1, "texts_cut": 1, "pieces": 7, "pieces_left_out": 5}


def test_a_name_too_long_by_itself_is_cut_and_its_definition_left_out():
    text = TermText({"name": ("one two three four",), "definition": ("Five.",)})
    found = fit_texts([text], tokens, most=ENDS + 3)
    assert found.texts == ["one two three"]
    assert (found.cut, found.left_out) == (1, 1)


def test_a_first_word_that_is_too_long_is_cut():
    def letters(texts):
        return [ENDS + len(text.replace(" ", "")) for text in texts]

    text = TermText({"name": ("tetrahydromethanopterin",), "definition": ("A word.",)})
    assert fit_texts([text], letters, most=ENDS + 10).texts == ["tetrahydro"]


def test_a_text_with_more_tokens_than_its_pieces_loses_another_piece():
    def odd(texts):
        return [number + 2 * text.count(";") for number, text in zip(tokens(texts), texts, strict=True)]

    most = tokens([str(LONG)])[0]
    found = fit_texts([LONG], odd, most=most).texts[0]
    assert found != str(LONG)
    assert odd([found])[0] <= most


def test_no_terms_are_no_texts():
    assert fit_texts([], tokens, most=16).texts == []


words = st.text("abcde (),-'", min_size=1, max_size=30).filter(str.strip)


@st.composite
def term_text(draw):
    sections = SECTIONS[draw(st.sampled_from("ABCD"))]
    pieces = {section: draw(st.lists(words, max_size=1 if section in KEPT[:3] else 4)) for section in sections}
    pieces["name"] = [draw(words)]
    return TermText({section: tuple(pieces[section]) for section in sections if pieces[section]})


@given(st.lists(term_text(), max_size=5), st.integers(ENDS + 1, 60))
def test_every_text_fits_and_could_not_have_one_piece_more(whole, most):
    found = fit_texts(whole, tokens, most=most)
    for text, short in zip(whole, found.texts, strict=True):
        assert tokens([short])[0] <= most
        versions = [text.with_pieces(number) for number in range(text.pieces + 1)]
        fitting = [number for number, version in enumerate(versions) if tokens([version])[0] <= most]
        if fitting[-1] >= text.head_pieces:
            assert short == versions[fitting[-1]]
        else:
            head = " ".join(text.with_pieces(text.head_pieces).split())
            assert head.startswith(short)
            assert short
    assert found.shortened == sum(short != str(text) for text, short in zip(whole, found.texts, strict=True))


def test_a_text_does_not_depend_on_the_other_texts():
    texts = [LONG, TermText({"name": ("a",)}), LONG]
    assert fit_texts(texts, tokens, most=20).texts == [fitted(text, 20) for text in texts]


@pytest.fixture(scope="module")
def longest(shared_data):
    """The terms with the longest definitions of the release of 2015."""
    terms = read_ontology(shared_data / "go" / "go_2015-07-11.obo.bz2").terms
    order = terms["definition"].str.len().sort_values(ascending=False, kind="stable").index
    return terms, terms.loc[order[:150], "go_id"].tolist()


@pytest.mark.parametrize("max_tokens", [32, 64, 128])
def test_the_longest_real_terms_fit_and_keep_name_and_definition(longest, max_tokens):
    terms, go_ids = longest
    encoder = TextEncoder.load("minilm", max_tokens=max_tokens)
    whole = term_texts(terms, "D", go_ids)
    found = fit_texts(whole, encoder.tokens, most=max_tokens)
    assert max(encoder.tokens(found.texts)) <= max_tokens
    assert found.shortened == len(go_ids)
    for text, short in zip(whole, found.texts, strict=True):
        head = text.with_pieces(text.head_pieces)
        assert head.startswith(short) if len(short) < len(head) else short.startswith(head)
    at_once = encoder.tokens([text.with_pieces(text.head_pieces) for text in whole])
    assert found.cut == sum(number > max_tokens for number in at_once)


def test_parents_of_real_terms_outlast_their_synonyms(longest):
    terms, _ = longest
    encoder = TextEncoder.load("minilm", max_tokens=64)
    go_ids = terms["go_id"].iloc[::200].tolist()
    whole = term_texts(terms, "B", go_ids)
    found = fit_texts(whole, encoder.tokens, most=64)
    some = [(text, short) for text, short in zip(whole, found.texts, strict=True) if "Other names" in short]
    assert some
    for text, short in some:
        assert all(parent in short for parent in text.sections["is_a"])
