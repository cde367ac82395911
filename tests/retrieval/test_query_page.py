"""The page of a query as a file: all predictions are in it, nothing of a user is markup, nothing is loaded."""

import base64
import hashlib
from html.parser import HTMLParser

import pandas as pd
import pytest
from retrieval.pages import HOSTILE_ID, HOSTILE_NAME, write_page

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.names import ASPECTS
from gofer.retrieval.forms import FORMS, query_page
from gofer.retrieval.forms.page_blocks import SCORE_PARTS


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page"))


class Parsed(HTMLParser):
    """Elements with their attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        self.elements.append(("", {}, []))  # text after it is of no element here

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2].append(data)

    def texts(self, tag):
        """Text of each element of a tag that a browser runs or applies."""
        return ["".join(text) for name, attrs, text in self.elements if name == tag and "type" not in attrs]


def test_every_prediction_is_on_the_page_with_all_that_the_table_says(page):
    [terms] = page.blocks("terms")
    proteins = [protein for chunk in page.blocks("proteins") for protein in chunk]
    found = []
    for protein, rows in zip(proteins, page.blocks("rows"), strict=True):
        kinds = ["best"] * protein["counts"][0] + ["implied"] * protein["counts"][1] + ["no"] * protein["counts"][2]
        likely = protein["counts"][0] + protein["counts"][1]
        assert (protein["terms"], protein["scores"]) == (rows["terms"][:likely], rows["scores"][:likely])
        for place, kind in enumerate(kinds):
            known, evidence = rows["proteins"][rows["known"][place]], rows["ranges"][rows["evidence"][place]]
            source = rows["from"][place]
            follows = terms[source][0] if source >= 0 else ""
            term = terms[rows["terms"][place]]
            aligned = known[2] if known[0] else ""
            found.append((protein["id"], term[0], rows["scores"][place], kind, follows, *known[:2], aligned, *evidence))
    wanted = page.table.assign(score=(page.table["score"] * SCORE_PARTS).round().astype(int))
    by = wanted["nearest_by"].map({"aligned": True, "near": False, "": ""})
    columns = ["protein_id", "go_id", "score", "recommended", "follows_from", "nearest_protein", "nearest_name"]
    rest = wanted[["evidence", "evidence_note"]]
    rows = pd.concat([wanted[columns], by, rest], axis=1).values.tolist()
    assert found == [tuple(row) for row in rows]


def test_every_protein_is_there_and_one_without_a_term_says_why(page):
    proteins = {protein["id"]: protein for chunk in page.blocks("proteins") for protein in chunk}
    assert list(proteins) == [name for chunk in page.chunks for name in chunk.proteins["protein_id"]]
    assert {protein["length"] for protein in proteins.values()} == {60}
    assert proteins["Q002"]["reason"] == "no term reaches the score 0.01"
    assert proteins[HOSTILE_ID]["name"] == " ".join(HOSTILE_NAME.split())
    assert proteins[HOSTILE_ID]["organism"] == "<i>Nobody</i>"
    assert proteins["Q000"]["organism"] == ""


def test_the_terms_are_closed_under_the_relations_that_scores_follow(page):
    [terms] = page.blocks("terms")
    predicted = page.table["go_id"].unique()
    graph = GoGraph.of_terms(page.context.terms, within_aspect=True)
    assert {term[0] for term in terms} >= set(graph.ancestors(predicted))
    for go_id, name, aspect, _, _, above in terms:
        row = page.context.terms.set_index("go_id").loc[go_id]
        assert (name, list(ASPECTS)[aspect]) == (row["name"], row["aspect"])
        assert {terms[parent][0] for parent, _ in above} == set(graph.parents(go_id))


def test_nothing_of_a_user_becomes_markup(page):
    elements = Parsed(page.html).elements
    assert not [tag for tag, _, _ in elements if tag in {"img", "i"}]
    runs = [attrs for tag, attrs, _ in elements if tag == "script" and "type" not in attrs]
    assert len(runs) == len(query_page.SCRIPTS)
    assert not [text for text in ("alert(1)", "alert(2)", "HYPERLINK", "Nobody") if text in page.html]
    assert "my &lt;query&gt;" in page.html
    assert "model &lt;demo&gt; was trained on a synthetic world" in page.html
    assert not [name for _, attrs, _ in elements for name in attrs if name.startswith("on") or name == "style"]


def test_only_the_scripts_and_styles_of_the_page_may_run_and_nothing_is_loaded(page):
    parsed = Parsed(page.html)
    [policy] = [attrs["content"] for _, attrs, _ in parsed.elements if attrs.get("http-equiv")]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in parsed.texts(tag)]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]
    addresses = [attrs[name] for _, attrs, _ in parsed.elements for name in ("src", "href") if name in attrs]
    assert set(addresses) <= {"data:,", "#"}


def test_the_libraries_on_the_page_have_their_licences(page):
    for text in ("Copyright (c) 2015-2026 Oli Folkerd", "Copyright (c) 2012-2014 Chris Pettitt"):
        assert text in page.html
    assert "sourceMappingURL" not in page.html


def test_proteins_that_are_too_many_for_a_page_are_counted(page, tmp_path, monkeypatch):
    monkeypatch.setattr(query_page, "MOST_PROTEINS", 10)
    FORMS["page"].write(tmp_path / "index.html", lambda: iter(page.chunks), page.context)
    short = tmp_path / "index.html"
    assert 'data-proteins="6"' in short.read_text()
    assert 'data-proteins="0"' in page.html


def test_a_query_without_a_prediction_has_a_page(page, tmp_path):
    FORMS["page"].write(tmp_path / "index.html", lambda: iter(()), page.context)
    assert '<script type="text/plain" id="terms">' in (tmp_path / "index.html").read_text()
