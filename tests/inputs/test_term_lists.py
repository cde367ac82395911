"""Files of GO ids: live terms by their main id, and every fault with its line."""

import pytest
from inputs.annotation_lines import terms
from inputs.nrpdb_files import nrpdb

from gofer.errors import InputError, ProblemsError
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.splits.term_lists import read_terms, read_vocabulary


def test_ids_are_read_once_each_sorted_with_their_lines_and_by_their_main_id(ontology, write):
    path = write("terms.txt", "# a comment\nGO:0009001\nGO:0000011\nGO:0000001\nGO:0003674\n")
    assert read_terms(path, ontology.terms) == {"GO:0000001": 2, "GO:0000011": 3, "GO:0003674": 5}


@pytest.mark.parametrize("named", ["GO:0000090", "GO:9999999", "binding"])
def test_an_id_that_is_no_live_term_is_refused_with_its_line(ontology, write, named):
    path = write("terms.txt", f"GO:0000001\n{named}\n")
    with pytest.raises(InputError, match=f"terms.txt:2: {named} is not a live term of this GO release"):
        read_terms(path, ontology.terms)


def test_a_root_is_refused_only_where_it_would_do_harm_and_the_reason_is_given(ontology, write):
    path = write("terms.txt", "GO:0003674\n")
    assert read_terms(path, ontology.terms) == {"GO:0003674": 1}
    with pytest.raises(InputError, match="GO:0003674 is a root: training never sees it"):
        read_terms(path, ontology.terms, why_no_root="training never sees it")


def test_all_faults_of_a_list_are_reported_at_once(ontology, write):
    path = write("terms.txt", "GO:0000090\nGO:0000001\nGO:0000091\n")
    with pytest.raises(ProblemsError) as caught:
        read_terms(path, ontology.terms)
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_a_vocabulary_is_led_to_the_release_as_annotations_are_and_may_be_the_headings_of_nrpdb(write):
    ids = TermIds.of_tables(*terms())
    listed = write("terms.txt", "GO:0000009\nGO:0000003\nGO:0000020\nGO:0000021\n")
    assert read_vocabulary(listed, ids) == (["GO:0000001", "GO:0000002", "GO:0000003"], ["GO:0000021"])
    published = write("annot.tsv", nrpdb(["1ABC-A\tGO:0000001"]))
    assert read_vocabulary(published, ids) == (["GO:0000001", "GO:0000002", "GO:0000003"], [])


def test_a_vocabulary_of_another_release_is_refused(write):
    ids = TermIds.of_tables(*terms())
    with pytest.raises(InputError, match="terms.txt:2: GO:7777777 is not in this GO release"):
        read_vocabulary(write("terms.txt", "GO:0000001\nGO:7777777\n"), ids)
    with pytest.raises(InputError, match="no live term of this GO release"):
        read_vocabulary(write("terms.txt", "GO:0000021\n"), ids)
