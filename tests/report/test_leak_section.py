"""The findings of the leak checks in words, including the ancestors of held-out terms."""

import pandas as pd
import pytest

from gofer.artefacts import write_tsv
from gofer.errors import ArtefactError
from gofer.evaluation.leaks import ANCESTORS, SAME_SEQUENCE
from gofer.report.leak_section import Leaks
from gofer.tables import LEAKS


def leaks(found, of, handling):
    rows = [(SAME_SEQUENCE.format(split="validation"), 0, 1234, "refused"), (ANCESTORS, found, of, handling)]
    return Leaks(pd.DataFrame(rows, columns=LEAKS))


def test_a_check_reports_among_how_many_it_found_none():
    first, _ = leaks(0, 0, "reported").rows()
    what, found, meaning = first
    assert what == "Validation proteins with the sequence of a training protein"
    assert (found, meaning) == ("0 of 1,234", "none allowed; any would have stopped the evaluation")


@pytest.mark.parametrize(
    ("found", "of", "handling", "says"),
    [
        (7, 1500, "reported", "of the 1,500 positives of training proteins that have a held-out term, 7 follow from"),
        (0, 1500, "refused", "were not used in training (inputs.term_sets.zero_ancestors: drop)"),
        (0, 0, "reported", "No training protein has a held-out term"),
    ],
)
def test_the_page_says_whether_ancestors_of_held_out_terms_stayed_in_training(found, of, handling, says):
    assert says in leaks(found, of, handling).ancestors()


def test_the_page_has_the_leakage_checks(html):
    assert "Leakage checks" in html
    assert "12 of 3,456" in html


def test_a_file_that_is_something_else_is_refused(tmp_path):
    write_tsv(tmp_path / "leaks.tsv", pd.DataFrame({"a": [1]}))
    with pytest.raises(ArtefactError, match="cannot be read"):
        Leaks.read(tmp_path / "leaks.tsv")
