"""New terms, compared with a slow search."""

from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.worlds import RELATIONS, ways_up, worlds

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.splits.term_history import late_terms, new_terms

DAYS = ["2018-12-31", "2019-01-01", "2020-06-01"]


@settings(max_examples=40, deadline=None)
@given(worlds(), st.data())
def test_a_late_term_has_its_first_annotation_itself_or_below_on_or_after_the_day(world, data):
    terms, stated = world
    drawn = [data.draw(st.sampled_from([None, *DAYS])) for _ in range(len(stated) - 1)]
    stated["date"] = [data.draw(st.sampled_from(DAYS)), *drawn]
    dates = {go_id: [] for go_id in terms["go_id"]}
    for go_id, date in zip(stated["go_id"], stated["date"], strict=True):
        for ancestor in ways_up(terms, go_id):
            dates[ancestor].append(date if isinstance(date, str) else "0000-00-00")
    roots = set(terms.loc[terms["depth"] == 0, "go_id"])
    wanted = [go_id for go_id, days in dates.items() if days and min(days) >= "2019-01-01" and go_id not in roots]
    found = late_terms(terms, stated, "2019-01-01", RELATIONS)
    assert found == sorted(wanted)
    annotated = {go_id for go_id, days in dates.items() if days}
    below = GoGraph.of_terms(terms, RELATIONS).descendants(found).keys()
    assert below & annotated <= set(found), "descendants were annotated no earlier"


def test_a_new_term_is_below_the_roots_and_neither_it_nor_an_id_merged_into_it_was_there(ontology):
    assert new_terms(ontology.terms, ["GO:0000002"]) == ["GO:0000001", "GO:0000003", "GO:0000011"]
    assert new_terms(ontology.terms, ["GO:0009001", "GO:0000011"]) == ["GO:0000002", "GO:0000003"]
