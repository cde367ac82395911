"""Errors that a user can act on.

Every error of this family is printed as `where: what`, then `help: …`, and never with a traceback.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_SHOWN = 20


class GoferError(Exception):
    """Something a user can fix: what is wrong, and what to do.

    Args:
        what: One sentence that names the record, key or value at fault.
        help: One sentence that says what to do; may be empty.
    """

    def __init__(self, what: str, *, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help

    def __str__(self) -> str:
        return f"{self.what}\nhelp: {self.help}" if self.help else self.what


class InputError(GoferError):
    """A fault in a user's file.

    Args:
        what: One sentence that names the fault.
        path: The file.
        line: Line number, counted from 1.
        help: One sentence that says what to do.
    """

    def __init__(self, what: str, *, path: Path | str | None = None, line: int | None = None, help: str = "") -> None:
        super().__init__(what, help=help)
        self.path = None if path is None else Path(path)
        self.line = line

    def __str__(self) -> str:
        where = "".join([f"{self.path}:" if self.path else "", f"{self.line}:" if self.line is not None else ""])
        return f"{where} {super().__str__()}" if where else super().__str__()


class ArtefactError(GoferError):
    """A file that gofer wrote itself is missing, damaged or from another run."""


class ProblemsError(GoferError):
    """Several faults found in one pass, at most `MOST_SHOWN` of them written out."""

    def __init__(self, problems: list[GoferError], *, found: int | None = None) -> None:
        self.problems = problems[:MOST_SHOWN]
        found = len(problems) if found is None else found
        lines = [
            _without_help(one) if other is not None and other.help == one.help else str(one)
            for one, other in zip(self.problems, [*self.problems[1:], None], strict=False)
        ]
        if found > len(self.problems):
            lines.append(f"… and {found - len(self.problems)} more of this kind")
        super().__init__("\n".join(lines))


def _without_help(problem: GoferError) -> str:
    # Of several problems in a row with the same help, only the last prints it.
    return str(problem).removesuffix(f"\nhelp: {problem.help}")


class Problems:
    """Collects faults while a file is read, so that one pass reports them all.

    Reading stops at `MOST_SHOWN` faults: a file with more is the wrong file.
    """

    def __init__(self) -> None:
        self._found: list[GoferError] = []

    def add(self, problem: GoferError) -> None:
        """Keep `problem`; raise everything once `MOST_SHOWN` are there."""
        self._found.append(problem)
        if len(self._found) >= MOST_SHOWN:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise the one problem as it is, or several as one `ProblemsError`."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise ProblemsError(self._found)


@contextmanager
def collected_problems() -> Iterator[Problems]:
    """Yield a `Problems`; on leaving the block without another error, raise what it holds."""
    problems = Problems()
    yield problems
    problems.raise_if_any()
