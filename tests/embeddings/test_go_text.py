import re

import pandas as pd
import pytest

from gofer.embeddings.texts.go_text import MOST_PATH, MOST_SYNONYMS, template_hash, term_texts, terms_of_phase
from gofer.errors import ArtefactError


def term(number, name, *, is_a=(), part_of=(), synonyms=(), definition=None, count=3, depth=2):
    return {
        "go_id": f"GO:{number:07d}",
        "name": name,
        "definition": f"What {name} is" if definition is None else definition,
        "synonyms": list(synonyms),
        "aspect": "BPO",
        "is_a": [f"GO:{i:07d}" for i in is_a],
        "part_of": [f"GO:{i:07d}" for i in part_of],
        "training_count": count,
        "depth": depth,
    }


TERMS = pd.DataFrame(
    [
        term(1, "root", depth=0),
        term(2, "metabolism", is_a=[1], depth=1),
        term(3, "sugar metabolism", is_a=[2]),
        term(4, "energy supply", is_a=[1], depth=1),
        term(5, "glycolysis", is_a=[3], part_of=[4], synonyms=["sugar splitting", "Glycolysis", "EMP pathway"]),
        term(6, "unseen child", is_a=[5], count=0),
        term(7, "stranger", is_a=[1]),
    ]
)
GLYCOLYSIS = ["GO:0000005"]


def text(phase, go_ids=GLYCOLYSIS):
    return str(term_texts(TERMS, phase, go_ids)[0])


def test_phase_a_has_name_and_definition_only():
    assert text("A") == "glycolysis. What glycolysis is."


def test_phase_b_adds_synonyms_and_kinds():
    assert text("B").startswith(text("A"))
    assert "sugar splitting" in text("B")
    assert "sugar metabolism" in text("B")
    assert "energy supply" not in text("B")
    assert "Further up" not in text("B")


def test_phase_c_adds_wholes_and_the_path_up():
    assert text("C").startswith(text("B"))
    assert "energy supply" in text("C")
    assert text("C").endswith("Further up: metabolism.")


def test_phase_d_has_everything_in_one_order():
    words = [
        "glycolysis.",
        "What glycolysis is.",
        "biological process",
        "sugar splitting",
        "sugar metabolism",
        "energy supply",
        "metabolism.",
    ]
    places = [text("D").index(word) for word in words[:-1]]
    assert places == sorted(places)
    assert text("D").endswith(words[-1])


@pytest.mark.parametrize("phase", list("ABCD"))
def test_no_text_mentions_descendants_unrelated_terms_or_annotations(phase):
    for wrong in ("unseen child", "stranger", "GO:", "training", "3"):
        assert wrong not in text(phase)


def test_a_synonym_that_repeats_the_name_is_left_out():
    assert "Glycolysis" not in text("D")


def test_a_term_without_definition_and_synonyms_has_no_empty_sentences():
    table = pd.DataFrame([term(1, "root", depth=0, definition="")])
    assert [str(found) for found in term_texts(table, "D")] == ["root. It is a biological process."]


def test_synonyms_and_path_are_bounded():
    chain = [term(1, "n1", depth=0), *(term(i, f"n{i}", is_a=[i - 1]) for i in range(2, 40))]
    chain.append(term(40, "leaf", is_a=[39], synonyms=[f"other{i}" for i in range(30)]))
    found = str(term_texts(pd.DataFrame(chain), "D", ["GO:0000040"])[0])
    assert found.count("other") == MOST_SYNONYMS
    path = found.split("Further up: ")[1].rstrip(".").split("; ")
    assert path == [f"n{i}" for i in range(38, 38 - MOST_PATH, -1)]


def test_texts_do_not_depend_on_the_order_of_the_table():
    ids = TERMS["go_id"].tolist()
    assert term_texts(TERMS.sample(frac=1, random_state=2), "D", ids) == term_texts(TERMS, "D")


def test_training_phases_hold_what_training_sees_and_the_last_one_all():
    assert terms_of_phase(TERMS, "A") == [f"GO:{i:07d}" for i in (2, 3, 4, 5, 7)]
    assert terms_of_phase(TERMS, "D") == TERMS["go_id"].tolist()


def test_a_shorter_text_loses_synonyms_first_then_distant_ancestors_and_keeps_its_order():
    (whole,) = term_texts(TERMS, "D", GLYCOLYSIS)
    shorter = [whole.with_pieces(number) for number in range(whole.pieces, -1, -1)]
    begun = "glycolysis. What glycolysis is."
    aspect = f"{begun} It is a biological process."
    kind = "A special case of: sugar metabolism."
    whole_of = "Belongs to: energy supply."
    assert shorter == [
        f"{aspect} Other names: sugar splitting; EMP pathway. {kind} {whole_of} Further up: metabolism.",
        f"{aspect} Other names: sugar splitting. {kind} {whole_of} Further up: metabolism.",
        f"{aspect} {kind} {whole_of} Further up: metabolism.",
        f"{aspect} {kind} {whole_of}",
        f"{aspect} {kind}",
        aspect,
        begun,
        "glycolysis.",
        "",
    ]


@pytest.mark.parametrize("phase", list("ABCD"))
def test_the_pieces_add_the_words_of_the_text(phase):
    texts = list(term_texts(TERMS, phase))
    assert len(texts) == len(TERMS)
    for whole in texts:
        added = whole.increments()
        assert len(added) == whole.pieces
        assert sorted(re.findall(r"\w+|[^\w\s]", " ".join(added))) == sorted(re.findall(r"\w+|[^\w\s]", str(whole)))


def test_a_parent_outside_the_table_is_named():
    with pytest.raises(ArtefactError, match="GO:0000003"):
        term_texts(TERMS[TERMS["go_id"] != "GO:0000003"], "B", GLYCOLYSIS)


@pytest.mark.parametrize(("part", "value"), [("MOST_PATH", 3), ("KEPT", ("name",)), ("ASPECTS", {"BPO": "process"})])
def test_the_template_hash_follows_the_template(monkeypatch, part, value):
    before = template_hash()
    monkeypatch.setattr(f"gofer.embeddings.texts.go_text.{part}", value)
    assert template_hash() != before
