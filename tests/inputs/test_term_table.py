import bz2
import gzip

import pytest

from gofer.inputs.ontology.term_table import read_ontology


def test_live_terms_are_sorted_rows_with_parents_by_relation(ontology):
    terms = ontology.terms.set_index("go_id")
    assert terms.index.tolist() == sorted(terms.index)
    assert terms.loc["GO:0000003", "is_a"] == ["GO:0000001", "GO:0000002"]
    assert terms.loc["GO:0000002", "part_of"] == ["GO:0000011"]
    assert terms["aspect"].to_dict()["GO:0000011"] == "BPO"


@pytest.mark.fault(31)
def test_is_obsolete_false_stays_live(ontology):
    assert "GO:0000002" in set(ontology.terms["go_id"])


def test_obsolete_terms_are_in_a_separate_table_with_their_replacements(ontology):
    obsolete = ontology.obsolete.set_index("go_id")
    assert obsolete["replaced_by"].to_dict() == {"GO:0000090": ["GO:0000001"], "GO:0000091": []}
    assert obsolete.loc["GO:0000091", "consider"] == ["GO:0000001", "GO:0000002"]


def test_definitions_and_synonyms_lose_quotes_references_and_escapes(ontology):
    term = ontology.terms.set_index("go_id").loc["GO:0000001"]
    assert term["definition"] == 'Holding "on" to it, e.g. ATP.'
    assert term["synonyms"] == ["ligand, held"]
    assert term["alt_ids"] == ["GO:0009001"]


def test_depth_is_the_shortest_way_to_the_root_of_the_aspect(ontology):
    depth = dict(zip(ontology.terms["go_id"], ontology.terms["depth"], strict=True))
    assert depth == {
        "GO:0003674": 0,
        "GO:0008150": 0,
        "GO:0000001": 1,
        "GO:0000002": 1,
        "GO:0000011": 1,
        "GO:0000003": 2,
    }


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda text: text.replace(b"\n", b"\r\n")])
def test_packed_files_and_other_line_ends_read_similar(write, obo_text, ontology, pack):
    again = read_ontology(write("packed.obo", pack(obo_text.encode())))
    assert again.terms.equals(ontology.terms)
    assert again.release == "releases/2030-01-02"


def test_a_file_without_a_version_is_named_by_its_content(write, obo_text):
    plain = obo_text.replace("data-version: releases/2030-01-02\n", "")
    one, two = (read_ontology(write(name, text)).release for name, text in (("1", plain), ("2", plain + "\n! end\n")))
    other = read_ontology(write("3", plain.replace("name: metabolism", "name: Metabolism"))).release
    assert one == two != other
    assert one.startswith("sha256:")
    assert len(one) == len("sha256:") + 12


def test_reading_prints_nothing(write, obo_text, capfd):
    read_ontology(write("go.obo", obo_text))
    assert capfd.readouterr() == ("", "")


def test_the_accounting_adds_up(ontology):
    accounting = ontology.accounting()
    table = accounting.table()
    kept = table.loc[table["item"] == "terms kept", "count"].sum()
    assert accounting.count("terms read") == kept + accounting.count("terms dropped", "obsolete") == 8
