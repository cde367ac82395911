"""What changed from one release of the ontology to the next."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.obo_files import NAMESPACES, Drawn, go_id, later_releases, obo, ontologies, read_text

from gofer.inputs.ontology.releases import KINDS, compare_releases, is_older, known_ids, release_accounting

ROOTS = [Drawn(go_id(i), f"root {i}", namespace) for i, namespace in enumerate(NAMESPACES)]


def process(number, *parents, **others):
    above = parents or (("is_a", go_id(1)),)
    return Drawn(go_id(number), f"process {number}", NAMESPACES[1], f"It is {number}.", parents=above, **others)


def changes(before, after):
    table = compare_releases(read_text(obo([*ROOTS, *before])), read_text(obo([*ROOTS, *after])))
    return [tuple(row) for row in table.itertuples(index=False)]


@settings(max_examples=40, deadline=None)
@given(ontologies())
def test_a_release_did_not_change_since_itself(terms):
    assert compare_releases(read_text(obo(terms)), read_text(obo(terms[::-1], version="releases/2031-01-01"))).empty


@settings(max_examples=60, deadline=None)
@given(ontologies(), st.data())
def test_looking_back_added_and_removed_and_before_and_after_change_places(terms, data):
    before, after = read_text(obo(terms)), read_text(obo(data.draw(later_releases(terms))))
    forth, back = compare_releases(before, after), compare_releases(after, before)
    swapped = {"added": "removed", "removed": "added"}
    columns = ["kind", "go_id", "before", "after"]
    expected = forth.assign(kind=forth["kind"].replace(swapped), before=forth["after"], after=forth["before"])
    assert sorted(map(tuple, back[columns].to_numpy())) == sorted(map(tuple, expected[columns].to_numpy()))
    live = [set(ontology.terms["go_id"]) for ontology in (before, after)]
    assert set(forth.loc[forth["kind"] == "added", "go_id"]) == live[1] - live[0]
    assert set(forth.loc[forth["kind"] == "removed", "go_id"]) == live[0] - live[1]
    assert not forth.duplicated(["kind", "go_id"]).any()
    accounting = release_accounting(before, after, forth)
    assert [accounting.count("changes", kind) for kind in KINDS] == [(forth["kind"] == k).sum() for k in KINDS]
    assert accounting.count("terms unchanged") == len(live[0] & live[1] - set(forth["go_id"]))


def test_an_added_term_has_its_parents_and_a_removed_one_its_former_parents():
    assert changes([process(10)], [process(11, ("is_a", go_id(1)), ("part_of", go_id(1)))]) == [
        ("added", go_id(11), "process 11", "BPO", "", "is_a GO:0000001 root 1; part_of GO:0000001 root 1"),
        ("removed", go_id(10), "process 10", "BPO", "is_a GO:0000001 root 1", ""),
    ]


def test_an_obsolete_term_names_its_replacement():
    tags = ("is_obsolete: true", "replaced_by: GO:0000011", "consider: GO:0000012", "consider: GO:0000099")
    (row,) = changes([process(i) for i in (10, 11, 12)], [process(11), process(12), process(10, more=tags)])
    assert row[:2] == ("obsoleted", go_id(10))
    assert row[-1] == "replaced by GO:0000011 process 11; consider GO:0000012 process 12; consider GO:0000099"


def test_a_merged_term_names_its_main_term_and_moves_none_of_its_children():
    child = process(12, ("is_a", go_id(10)), ("is_a", go_id(11)))
    after = [process(11, alt_ids=(go_id(10),)), process(12, ("is_a", go_id(11)))]
    assert changes([process(10), process(11), child], after) == [
        ("merged", go_id(10), "process 10", "BPO", "is_a GO:0000001 root 1", "GO:0000011 process 11")
    ]


def test_a_term_that_absorbed_its_parent_is_moved_only_to_other_parents():
    before = [process(10), process(11, ("is_a", go_id(10)))]
    assert [row[0] for row in changes(before, [process(11, alt_ids=(go_id(10),))])] == ["merged", "moved"]
    above = [process(10), process(11, ("is_a", go_id(10)), ("is_a", go_id(1)))]
    assert [row[0] for row in changes(above, [process(11, alt_ids=(go_id(10),))])] == ["merged"]


def test_an_id_that_now_belongs_to_an_obsolete_term_is_obsolete_too():
    gone = process(11, alt_ids=(go_id(10),), more=("is_obsolete: true", "consider: GO:0000012"))
    rows = changes([process(i) for i in (10, 11, 12)], [process(12), gone])
    assert [row[:2] + row[-1:] for row in rows] == [
        ("obsoleted", go_id(number), "consider GO:0000012 process 12") for number in (10, 11)
    ]


def test_an_id_that_is_live_again_has_its_former_state():
    before = [process(10, alt_ids=(go_id(11),)), process(12, more=("is_obsolete: true",))]
    rows = changes(before, [process(i) for i in (10, 11, 12)])
    assert [row[:2] + row[4:5] for row in rows] == [
        ("added", go_id(11), "alternative id of GO:0000010 process 10"),
        ("added", go_id(12), "obsolete"),
    ]


def test_one_term_may_have_moved_and_have_another_name_and_definition():
    after = replace(process(11, ("part_of", go_id(10)), ("is_a", go_id(1))), name="other", definition="It differs.")
    rows = changes([process(10), process(11)], [process(10), after])
    assert rows == [
        ("moved", go_id(11), "other", "BPO", "is_a GO:0000001 root 1",
         "is_a GO:0000001 root 1; part_of GO:0000010 process 10"),
        ("redefined", go_id(11), "other", "BPO", "It is 11.", "It differs."),
        ("renamed", go_id(11), "other", "BPO", "process 11", "other"),
    ]  # fmt: skip


def test_terms_missing_in_go_basic_are_no_change_and_are_counted():
    whole = [process(10), process(11, ("is_a", go_id(1)), ("part_of", go_id(2)), ("regulates", go_id(10)))]
    basic = [process(10), process(11)]
    assert changes(whole, basic) == changes(basic, whole) == []
    before, after = (read_text(obo([*ROOTS, *terms])) for terms in (basic, whole))
    accounting = release_accounting(before, after, compare_releases(before, after))
    assert accounting.count("edges not compared", "now: is_a and part_of to another aspect") == 1
    assert accounting.count("edges not compared", "now: regulates") == 1
    assert accounting.count("edges not compared", "before: regulates") == 0


def test_the_ids_that_a_release_knows_are_the_live_and_the_alternative_ones():
    gone = process(12, more=("is_obsolete: true",))
    assert known_ids(read_text(obo([*ROOTS, process(10, alt_ids=(go_id(30), go_id(20))), gone]))) == [
        *(root.go_id for root in ROOTS), go_id(10), go_id(20), go_id(30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("release", "than", "older"),
    [
        ("releases/2014-07-06", "releases/2015-07-11", True),
        ("2015-07-11", "releases/2015-07-11", False),
        ("releases/2020-01-01", "releases/2015-07-11", False),
        ("sha256:0123456789ab", "releases/2015-07-11", None),
    ],
)
def test_the_older_of_two_releases_is_known_by_their_dates(release, than, older):
    assert is_older(release, than) is older


def test_what_changed_from_2014_to_2015_adds_up(older_go, go):
    table = compare_releases(older_go, go)
    counts = table["kind"].value_counts().reindex(KINDS, fill_value=0)
    assert counts.to_dict() == {
        "added": 2154, "obsoleted": 39, "merged": 58, "removed": 0, "moved": 4649, "redefined": 970, "renamed": 322,
    }  # fmt: skip
    assert len(older_go.terms) - 39 - 58 + 2154 == len(go.terms)
    assert compare_releases(go, go).empty
    back = compare_releases(go, older_go)
    assert set(back.loc[back["kind"] == "removed", "go_id"]) <= set(table.loc[table["kind"] == "added", "go_id"])
    assert set(known_ids(older_go)) - set(known_ids(go)) == set(table.loc[table["kind"] == "obsoleted", "go_id"]) | {
        alt for alts in go.obsolete["alt_ids"] for alt in alts
    } & set(known_ids(older_go))
