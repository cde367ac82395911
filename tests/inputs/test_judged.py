"""Proteins that are judged by other annotations than training reads."""

from inputs.worlds import stated_table

from gofer.inputs.annotations.judged import judged_ids, with_judged

ROOT = "GO:0000000"


def test_judged_annotations_take_the_place_of_the_older_ones():
    stated = stated_table([("P1", "a"), ("P1", "b"), ("P2", "a"), ("P3", "c")])
    judged = stated_table([("P1", "c"), ("P2", ROOT)])
    run, older = with_judged(stated, judged, {ROOT})
    assert run[["protein_id", "go_id"]].values.tolist() == [["P1", "c"], ["P2", "a"], ["P3", "c"]]
    assert older[["protein_id", "go_id"]].values.tolist() == [["P1", "a"], ["P1", "b"]]


def test_a_protein_with_nothing_but_a_root_is_not_judged():
    assert judged_ids(stated_table([("P1", "c"), ("P2", ROOT), ("P0", "a")]), {ROOT}).tolist() == ["P0", "P1"]
