"""What an OBO file must contain, what is used of it, and what is counted as left out."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.obo_files import NAMESPACES, Drawn, go_id, obo, ontologies, read_text

from gofer.errors import GoferError, InputError
from gofer.inputs.ontology.go_graph import COLUMN_OF, RELATIONS, GoGraph

ALL = list(RELATIONS)
ROOTS = [Drawn(go_id(i), f"root {i}", namespace) for i, namespace in enumerate(NAMESPACES)]


def function(number, *parents, **others):
    return Drawn(go_id(number), f"function {number}", NAMESPACES[0], parents=(("is_a", go_id(0)), *parents), **others)


def process(number, *parents, **others):
    return Drawn(go_id(number), f"process {number}", NAMESPACES[1], parents=(("is_a", go_id(1)), *parents), **others)


def counts(ontology, item):
    table = ontology.accounting().table()
    rows = table[table["item"] == item]
    return dict(zip(rows["reason"], rows["count"], strict=True))


@pytest.mark.fault(32)
@settings(max_examples=60, deadline=None)
@given(ontologies(), st.data())
def test_a_random_ontology_comes_back_with_the_parents_it_was_written_with_in_any_order(terms, data):
    ontology = read_text(obo(terms))
    assert ontology.terms["go_id"].tolist() == sorted(term.go_id for term in terms)
    rows = ontology.terms.set_index("go_id")
    for term in terms:
        for column in RELATIONS:
            wanted = sorted({parent for relation, parent in term.parents if COLUMN_OF[relation] == column})
            assert rows.loc[term.go_id, column] == wanted
    again = read_text(obo(data.draw(st.permutations(terms))))
    assert again.terms.equals(ontology.terms)
    assert again.accounting().table().equals(ontology.accounting().table())


@settings(max_examples=40, deadline=None)
@given(ontologies(), st.sets(st.sampled_from(["part_of", "regulates"])))
def test_every_parent_is_in_the_table_or_counted_and_none_crosses_aspects_unless_configured(terms, more):
    relations = ["is_a", *sorted(more)]
    whole, within = (read_text(obo(terms), relations, across_aspects=across) for across in (True, False))
    aspect = dict(zip(whole.terms["go_id"], whole.terms["aspect"], strict=True))
    stated = sum(len(term.parents) for term in terms)
    for ontology in (whole, within):
        table = ontology.accounting().table().set_index("item")["count"]
        edges = table[[item for item in sorted(set(table.index)) if re.match("edges( not| dropped|$)", item)]]
        assert edges.sum() == stated
    inside, across = (GoGraph.of_terms(ontology.terms, ALL) for ontology in (within, whole))
    for child in inside.go_ids:
        above = [parent for parent in across.parents(child) if aspect[parent] == aspect[child]]
        assert inside.parents(child) == above


def test_regulates_stands_for_its_positive_and_its_negative_kind():
    kinds = ["regulates", "positively_regulates", "negatively_regulates"]
    regulators = [process(20 + i, (kind, go_id(11 + i))) for i, kind in enumerate(kinds)]
    twice = process(30, ("positively_regulates", go_id(12)), ("negatively_regulates", go_id(12)))
    terms = [*ROOTS, *(process(11 + i) for i in range(3)), *regulators, twice]
    ontology = read_text(obo(terms), ALL)
    column = ontology.terms.set_index("go_id")["regulates"]
    assert [column[go_id(20 + i)] for i in range(3)] == [[go_id(11 + i)] for i in range(3)]
    assert column[go_id(30)] == [go_id(12)]
    assert GoGraph.of_terms(ontology.terms, ["is_a", "regulates"]).parents(go_id(20)) == [go_id(1), go_id(11)]
    assert GoGraph.of_terms(ontology.terms).parents(go_id(20)) == [go_id(1)]


def test_a_cycle_through_regulates_is_refused_only_if_it_would_be_followed():
    terms = [*ROOTS, process(11, ("part_of", go_id(12))), process(12, ("negatively_regulates", go_id(11)))]
    text = obo(terms)
    with pytest.raises(InputError, match="a cycle: GO:0000011 part_of GO:0000012 negatively_regulates GO:0000011") as e:
        read_text(text, ALL)
    assert e.value.line == text.splitlines().index("relationship: part_of GO:0000012 ! x") + 1
    assert e.value.help == "use go-basic.obo, or take regulates out of inputs.relations"
    assert read_text(text).terms.set_index("go_id").loc[go_id(12), "regulates"] == [go_id(11)]
    assert read_text(text, ["is_a", "regulates"]).terms["depth"].tolist() == [0, 0, 0, 1, 1]


def test_a_cycle_that_leaves_the_aspect_is_none_if_other_aspects_do_not_count():
    terms = [*ROOTS, function(10, ("part_of", go_id(11))), process(11, ("regulates", go_id(10)))]
    with pytest.raises(InputError, match="a cycle: GO:0000010 part_of GO:0000011 regulates GO:0000010"):
        read_text(obo(terms), ALL)
    ontology = read_text(obo(terms), ALL, across_aspects=False)
    assert counts(ontology, "edges dropped (inputs.across_aspects)") == {
        "part_of: MFO to BPO": 1,
        "regulates: BPO to MFO": 1,
    }


def test_a_missing_parent_over_regulates_is_a_fault_if_followed_and_is_counted_otherwise():
    gone = Drawn(go_id(40), "gone", NAMESPACES[1], more=("is_obsolete: true",))
    terms = [*ROOTS, process(11, ("regulates", go_id(99))), process(12, ("positively_regulates", go_id(40))), gone]
    with pytest.raises(GoferError) as caught:
        read_text(obo(terms), ALL)
    assert "GO:0000099, regulates parent of GO:0000011, is not in this file" in str(caught.value)
    assert "GO:0000040, positively_regulates parent of GO:0000012, is obsolete" in str(caught.value)
    ontology = read_text(obo(terms))
    assert ontology.terms["regulates"].map(len).sum() == 0
    assert counts(ontology, "edges dropped") == {
        "positively_regulates: the parent is not live": 1,
        "regulates: the parent is not live": 1,
    }


def test_relations_that_are_not_followed_are_counted_by_name():
    others = ["has_part GO:0000010", "occurs_in GO:0000002", "has_part GO:0000002"]
    terms = [
        *ROOTS,
        function(10),
        process(11, ("regulates", go_id(10)), more=tuple(f"relationship: {other}" for other in others)),
    ]
    assert counts(read_text(obo(terms)), "edges not followed") == {"has_part": 2, "occurs_in": 1}
    assert counts(read_text(obo(terms)), "edges not followed (inputs.relations)") == {"regulates": 1}
    assert counts(read_text(obo(terms), ALL), "edges not followed (inputs.relations)") == {}
    assert counts(read_text(obo(terms), ALL), "edges to another aspect") == {"regulates: BPO to MFO": 1}


def test_relations_that_do_not_join_terms_to_their_root_are_refused():
    terms = [*ROOTS, process(11), process(12, ("part_of", go_id(11)))]
    for relations in (["part_of"], ["regulates"], ["part_of", "regulates"]):
        with pytest.raises(InputError, match="biological_process has two roots") as caught:
            read_text(obo(terms), relations)
        assert "inputs.relations should hold is_a" in caught.value.help
    assert len(read_text(obo(terms), ["is_a"]).terms) == 5


def test_a_term_that_only_regulates_has_no_place_below_a_root():
    lost = Drawn(go_id(12), "lost", NAMESPACES[1], parents=(("regulates", go_id(11)),))
    with pytest.raises(InputError, match=r"biological_process has two roots, GO:0000001 \(line \d+\) and GO:0000012"):
        read_text(obo([*ROOTS, process(11), lost]), ALL)


def test_an_alternative_id_that_leads_to_no_one_term_is_dropped_counted_and_named():
    terms = [
        *ROOTS,
        function(10, alt_ids=("GO:0000011", "GO:0000090", "GO:0000091", "GO:0000091")),
        process(11, alt_ids=("GO:0000090", "GO:0000093")),
        Drawn("GO:0000093", "obsolete", NAMESPACES[0], alt_ids=("GO:0000094",), more=("is_obsolete: true",)),
    ]
    ontology = read_text(obo(terms))
    alternative = ontology.terms.set_index("go_id")["alt_ids"]
    assert alternative["GO:0000010"] == ["GO:0000091"]
    assert alternative["GO:0000011"] == ["GO:0000093"]
    assert ontology.obsolete["alt_ids"].tolist() == [["GO:0000094"]]
    assert counts(ontology, "alternative ids dropped") == {"a live term itself": 1, "several terms have it": 1}
    assert counts(ontology, "alternative id dropped") == {
        "GO:0000011 of GO:0000010": 1,
        "GO:0000090 of GO:0000010, GO:0000011": 1,
    }
    assert counts(ontology, "alternative ids that are obsolete terms too") == {"taken as alternative ids": 1}


def test_terms_without_a_definition_are_counted_and_the_first_of_them_named():
    empty = ['def: "" [GOC:x]', 'def: " " []', "comment: none at all"]
    terms = [*ROOTS, *(process(100 + i, more=(empty[i % 3],)) for i in range(30)), function(50, definition="Such.")]
    ontology = read_text(obo(terms))
    assert counts(ontology, "terms without a definition") == {"": 33}
    named = list(counts(ontology, "term without a definition"))
    assert len(named) == 20
    assert named == sorted(named)
    assert go_id(50) not in named


def test_synonyms_that_are_none_are_counted():
    odd = ('synonym: "" RELATED []', 'synonym: "x" EXACT []', "synonym: bare", 'synonym: "good one" EXACT []')
    ontology = read_text(obo([*ROOTS, process(11, more=(*odd, 'synonym: " blanks around it " EXACT [GOC:x]'))]))
    assert ontology.terms.set_index("go_id").loc[go_id(11), "synonyms"] == ["blanks around it", "good one"]
    assert counts(ontology, "synonyms dropped") == {"empty, one character or not in OBO form": 3}


def test_a_file_without_faults_has_no_such_rows():
    table = read_text(obo([*ROOTS, process(11)])).accounting().table()
    assert not table["item"].str.contains("dropped|not followed|another aspect").drop(1).any()
