"""Predictions as GAF 2.2: 17 columns, relations that the format knows, nothing that could break a line."""

import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.retrieval.gaf_writer import write_gaf

RELATIONS = {"MFO": "enables", "BPO": "involved_in", "CCO": "located_in"}  # of GAF 2.2, per aspect


@pytest.fixture
def terms():
    parents = {
        "GO:0003674": [], "GO:0003824": ["GO:0003674"], "GO:0008150": [], "GO:0008152": ["GO:0008150"],
        "GO:0005575": [], "GO:0005634": ["GO:0005575"], "GO:0032991": ["GO:0005575"], "GO:0000502": ["GO:0032991"],
    }  # fmt: skip
    aspects = ["MFO"] * 2 + ["BPO"] * 2 + ["CCO"] * 4
    terms = terms_table(parents, aspect=dict(zip(parents, aspects, strict=True)))
    terms.at[5, "part_of"] = ["GO:0032991"]  # part of a complex, but none itself
    return terms


def written(tmp_path, terms, *, description="", go_ids=("GO:0003824",), release="releases/2015-07-11", protein_id="P1"):
    aspects = terms.set_index("go_id")["aspect"]
    predictions = pd.DataFrame(
        {"protein_id": protein_id, "go_id": list(go_ids), "aspect": [aspects[g] for g in go_ids], "score": 0.9}
    )
    proteins = pd.DataFrame({"protein_id": [protein_id], "description": [description]})
    write_gaf(tmp_path / "p.gaf", predictions, proteins, terms, run="demo", release=release)
    lines = (tmp_path / "p.gaf").read_text().splitlines()
    assert lines[0] == "!gaf-version: 2.2"
    return [line.split("\t") for line in lines if not line.startswith("!")]


def test_every_line_has_the_seventeen_columns_in_their_places(tmp_path, terms):
    description = "Enzyme of things OS=Homo sapiens OX=9606 GN=ABC1 PE=1 SV=2"
    (row,) = written(tmp_path, terms, description=description)
    assert row == [
        "GOFER", "P1", "ABC1", "enables", "GO:0003824", "GOFER:demo", "IEA", "", "F", "Enzyme of things", "", "protein",
        "taxon:9606", "20150711", "gofer", "", "",
    ]  # fmt: skip
    assert len(row) == 17


def test_the_relation_is_that_of_the_aspect_and_part_of_for_complexes(tmp_path, terms):
    go_ids = ["GO:0003824", "GO:0008152", "GO:0005634", "GO:0032991", "GO:0000502"]
    rows = written(tmp_path, terms, go_ids=go_ids)
    assert [row[3] for row in rows] == ["enables", "involved_in", "located_in", "part_of", "part_of"]
    assert [row[8] for row in rows] == ["F", "P", "C", "C", "C"]
    assert set(RELATIONS.values()) < {row[3] for row in rows}


@pytest.mark.parametrize(
    ("description", "symbol", "name", "taxon"),
    [
        ("", "P1", "", "32644"),
        ("a\tname\twith tabs", "P1", "a name with tabs", "32644"),
        ("two\nlines\r", "P1", "two lines", "32644"),
        ("OS=Homo sapiens OX=9606", "P1", "", "9606"),
        ("Name GN=A|B OX=x9", "A", "Name", "32644"),
        ("DOX=5 is no taxon", "P1", "DOX=5 is no taxon", "32644"),
    ],
)
def test_a_header_cannot_break_the_line(tmp_path, terms, description, symbol, name, taxon):
    (row,) = written(tmp_path, terms, description=description)
    assert len(row) == 17
    assert (row[2], row[9], row[12]) == (symbol, name, f"taxon:{taxon}")


def test_the_date_is_that_of_the_release_so_that_the_file_is_always_the_same(tmp_path, terms):
    assert written(tmp_path, terms, release="sha256:0123456789ab")[0][13] == "19700101"
    first = written(tmp_path, terms)
    assert written(tmp_path, terms) == first


def test_without_predictions_there_is_a_header_alone(tmp_path, terms):
    assert written(tmp_path, terms, go_ids=[]) == []
    assert "!go-version: releases/2015-07-11" in (tmp_path / "p.gaf").read_text()


def test_no_line_is_taken_for_a_comment(tmp_path, terms):
    assert len(written(tmp_path, terms, protein_id="!P")) == 1
