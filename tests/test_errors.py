"""An error has place, fault and help; several are reported at once."""

import pytest

from gofer.errors import MOST_SHOWN, ArtefactError, GoferError, InputError, ProblemsError, collected_problems


def test_an_error_has_place_fault_and_help():
    error = InputError("residue 'J' in P12345 is not an amino-acid code", path="p.fasta", line=1207, help="replace it")
    assert str(error) == "p.fasta:1207: residue 'J' in P12345 is not an amino-acid code\nhelp: replace it"
    assert (error.what, error.help, error.line) == (
        "residue 'J' in P12345 is not an amino-acid code", "replace it", 1207,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (GoferError("what"), "what"),
        (InputError("what", path="f"), "f: what"),
        (InputError("what", line=3), "3: what"),
        (InputError("what"), "what"),
        (InputError("what", path="f", line=0), "f:0: what"),
        (ArtefactError("what", help="do"), "what\nhelp: do"),
    ],
)
def test_parts_that_are_not_known_are_left_out(error, text):
    assert str(error) == text
    assert isinstance(error, GoferError)


def test_no_problem_raises_nothing_and_one_is_raised_as_it_is():
    with collected_problems():
        pass
    single = InputError("what", path="f", line=1)
    with pytest.raises(InputError) as caught, collected_problems() as problems:
        problems.add(single)
    assert caught.value is single


def test_several_problems_are_raised_together_in_order():
    with pytest.raises(ProblemsError) as caught, collected_problems() as problems:  # noqa: PT012 - what is tested is the block
        for line in (4, 2):
            problems.add(InputError("what", path="f", line=line))
    assert str(caught.value) == "f:4: what\nf:2: what"


def test_reading_stops_at_the_twentieth_problem():
    reached = []
    with pytest.raises(ProblemsError) as caught, collected_problems() as problems:  # noqa: PT012 - what is tested is the block
        for line in range(100):
            reached.append(line)
            problems.add(InputError("what", line=line))
    assert len(caught.value.problems) == len(reached) == MOST_SHOWN == 20


def test_problems_beyond_those_shown_are_counted():
    error = ProblemsError([InputError(f"{number}") for number in range(25)])
    assert str(error).endswith("19\n… and 5 more of this kind")
    assert str(ProblemsError([InputError("a")], found=7)) == "a\n… and 6 more of this kind"


def test_another_error_within_the_block_comes_through():
    with pytest.raises(ZeroDivisionError), collected_problems() as problems:  # noqa: PT012 - what is tested is the block
        problems.add(InputError("what"))
        raise ZeroDivisionError
