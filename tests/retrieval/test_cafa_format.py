"""The CAFA form is read and written strictly: what evaluators change silently is refused, with its line."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gofer.artefacts import Manifest, read_manifest
from gofer.errors import GoferError, InputError, ProblemsError
from gofer.metrics.rounding import rounded
from gofer.retrieval.cafa_format import predicted_pairs, prediction_status, read_cafa, write_cafa

GOOD = "P1\tGO:0000001\t0.5\n"
IDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='"'), min_size=1, max_size=12)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "predictions.tsv"


@pytest.mark.fault(36, 37)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("P2\tGO:0000001\tnan", "'nan' is not a number"),
        ("P2\tGO:0000001\t7.5", "'7.5' is not a number in"),
        ("P2\tGO:0000001\t-1", "'-1' is not a number in"),
        ("P2\tGO:0000001\t0", "'0' is not a number in"),
        ("P2\tGO:0000001\tinf", "'inf' is not a number in"),
        ("P2\tGO:0000001\tabc", "'abc' is not a number"),
        ("P2\tGO:0000001\tTrue", "'True' is not a number"),
        ("P2\tGO:0000001\t", "'' is not a number"),
        ("P2\tGO:0000001\t 0.5", "' 0.5' is not a number"),
        ("P2\tGO:0000001", "2 columns instead of 3"),
        ("P2\tGO:0000001\t0.5\tx", "4 columns instead of 3"),
        ("P 2\tGO:0000001\t0.5", "holds a space"),
        ('"P2"\tGO:0000001\t0.5', "or a quote"),
        ("\tGO:0000001\t0.5", "protein_id '' is empty"),
        ("P2\t\t0.5", "go_id '' is empty"),
        ("P2\tGO:9999999\t0.5", "'GO:9999999' is not a term of this ontology"),
        ("P1\tGO:0000001\t0.4", "occurs twice for the same protein"),
    ],
)
def test_a_line_that_is_no_prediction_is_refused_with_its_number(file, line, reason):
    file.write_text(f"{GOOD}P1\tGO:0000002\t1\n{line}\nP3\tGO:0000001\t0.25\n")
    with pytest.raises(InputError) as caught:
        read_cafa(file, terms=["GO:0000001", "GO:0000002"])
    assert caught.value.line == 3
    assert str(caught.value).startswith(f"{file}:3: ")
    assert reason in str(caught.value)
    assert "help: " in str(caught.value)


def test_a_blank_line_is_refused_with_its_number(file):
    file.write_text(f"{GOOD}\n")
    with pytest.raises(ProblemsError) as caught:
        read_cafa(file)
    assert {problem.line for problem in caught.value.problems} == {2}


def test_all_faulty_lines_are_reported_at_once_up_to_twenty(file):
    file.write_text("".join(f"P{i}\tGO:0000001\t2\n" for i in range(3)))
    with pytest.raises(ProblemsError) as caught:
        read_cafa(file)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]
    file.write_text("".join(f"P{i}\tGO:0000001\t2\n" for i in range(300)))
    with pytest.raises(ProblemsError) as caught:
        read_cafa(file)
    assert len(caught.value.problems) == 20


def test_a_missing_file_is_an_error_that_names_it(file):
    with pytest.raises(InputError, match="cannot be read as predictions"):
        read_cafa(file)


def test_a_file_that_is_no_text_is_refused(file):
    file.write_bytes(b"\x80\xff\t\x81\t0.5\n")
    with pytest.raises(InputError):
        read_cafa(file)


def test_an_empty_file_has_no_predictions(file):
    file.write_text("")
    table = read_cafa(file)
    assert table.empty


def test_lines_may_end_in_the_windows_way_and_the_last_need_not_end(file):
    file.write_bytes(b"P1\tGO:1\t0.5\r\nP2\tGO:1\t1.0")
    assert read_cafa(file)["score"].tolist() == [0.5, 1.0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    pairs=st.lists(st.tuples(IDS, IDS), max_size=12, unique=True),
    scores=st.lists(st.floats(0, 1, exclude_min=True), min_size=12, max_size=12),
)
def test_what_is_written_is_read_again_at_three_significant_figures(file, pairs, scores):
    proteins, terms, scores = [p for p, _ in pairs], [t for _, t in pairs], scores[: len(pairs)]
    write_cafa(file, proteins, terms, scores)
    table = read_cafa(file)
    assert table["protein_id"].astype(str).tolist() == proteins
    assert table["go_id"].astype(str).tolist() == terms
    assert table["score"].tolist() == pytest.approx(scores, rel=0.00501, abs=1e-320)
    for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
        digits = line.split("\t")[2].replace(".", "").lstrip("0").rstrip("0")
        assert 1 <= len(digits) <= 3
    first = file.read_bytes()
    write_cafa(file, table["protein_id"], table["go_id"], table["score"])
    assert file.read_bytes() == first


@given(st.floats(0, 1, exclude_min=True))
def test_rounding_keeps_positive_scores_positive_and_is_done_once(score):
    once = rounded(np.array([score]))
    assert 0 < once[0] <= 1
    assert rounded(once)[0] == pytest.approx(once[0], rel=1e-12)
    assert once[0] == pytest.approx(score, rel=0.00501, abs=1e-320)


@pytest.mark.fault(36)
@pytest.mark.parametrize("score", [float("nan"), 0.0, -0.1, 1.01, float("inf")])
def test_a_score_that_no_cafa_file_may_hold_is_not_written(file, score):
    with pytest.raises(GoferError, match="of P2 and GO:1 is not in"):
        write_cafa(file, ["P1", "P2"], ["GO:1", "GO:1"], [0.5, score])
    assert not file.exists()


@pytest.mark.fault(37)
@pytest.mark.parametrize("protein_id", ["P 1", "P\t1", "P\n1", 'P"1', ""])
def test_an_id_that_no_cafa_file_may_hold_is_not_written(file, protein_id):
    with pytest.raises(GoferError, match="protein_id"):
        write_cafa(file, [protein_id], ["GO:1"], [0.5])
    assert not file.exists()


def test_the_manifest_and_the_status_are_next_to_the_file(file):
    write_cafa(file, ["P1"], ["GO:1"], [0.5], manifest=Manifest({"go_release": "r1"}), status="could not run")
    assert prediction_status(file) == "could not run"
    assert read_manifest(file).release == {"go_release": "r1"}


def test_pairs_come_out_protein_by_protein_best_first():
    scores_BT, keep_BT = np.array([[0.1, 0.9, 0.5], [0.3, 0.3, 0.2]]), np.array([[True, True, False], [True] * 3])
    table = predicted_pairs(scores_BT, ["P2", "P1"], ["a", "b", "c"], keep_BT)
    assert table.values.tolist() == [
        ["P2", "b", 0.9], ["P2", "a", 0.1], ["P1", "a", 0.3], ["P1", "b", 0.3], ["P1", "c", 0.2],
    ]  # fmt: skip
