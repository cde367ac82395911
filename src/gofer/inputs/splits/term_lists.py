"""Lists of GO ids from a user: each id a live term of the release, alternative ids replaced by their main id."""

from pathlib import Path

import pandas as pd

from gofer.errors import InputError, collected_problems
from gofer.inputs.annotations.nrpdb import is_nrpdb, nrpdb_vocabulary
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.term_ids import UNKNOWN, TermIds
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_ids, read_lines

ZERO_SHOT = "masking it would mask its whole aspect"
FEW_SHOT = "training never sees it"


def read_terms(path: Path | str, terms: pd.DataFrame, *, why_no_root: str = "") -> dict[str, int]:
    """The terms of a list file, sorted, with the line of each.

    Args:
        path: One GO id per line.
        terms: Columns go_id, alt_ids, depth.
        why_no_root: Why roots are refused; empty where they are not.

    Raises:
        InputError: An id that is no live term, or a root where there may be none.
        ProblemsError: Several such ids.
    """
    main = {alt: go_id for go_id, alts in zip(terms["go_id"], terms["alt_ids"], strict=True) for alt in alts}
    known, roots = set(terms["go_id"]), root_ids(terms)
    lines: dict[str, int] = {}
    with collected_problems() as problems:
        for named, line in read_ids(path).items():
            go_id = named if named in known else main.get(named, named)
            if go_id not in known:
                what, help_ = f"{named} is not a live term of this GO release", "correct or remove it"
                problems.add(InputError(what, path=path, line=line, help=help_))
            elif why_no_root and go_id in roots:
                what, help_ = f"{named} is a root: {why_no_root}", "name terms below the roots"
                problems.add(InputError(what, path=path, line=line, help=help_))
            else:
                lines.setdefault(go_id, line)
    return dict(sorted(lines.items()))


def read_vocabulary(path: Path | str, ids: TermIds, limits: Limits = DEFAULT_LIMITS) -> tuple[list[str], list[str]]:
    """The terms of a benchmark's vocabulary, resolved in this release as annotations are, and those that are gone.

    Args:
        path: One GO id per line, or the annotation file of nrPDB-GO, whose headings name the terms.
        ids: Where GO ids lead.
        limits: What the file may hold.

    Returns:
        Live terms, sorted; and obsolete ones without one replacement, sorted.

    Raises:
        InputError: An id that the release does not have, or no live id.
        ProblemsError: Several such ids.
    """
    first = next((decoded(path, number, raw) for number, raw in read_lines(path, limits) if raw.strip()), "")
    named = nrpdb_vocabulary(path, limits) if is_nrpdb(first) else read_ids(path, limits)
    live: set[str] = set()
    gone: list[str] = []
    with collected_problems() as problems:
        for go_id, line in named.items():
            target, how = ids.resolve(go_id)
            if how == UNKNOWN:
                what, help_ = f"{go_id} is not in this GO release", "use the release of the vocabulary, or one after it"
                problems.add(InputError(what, path=path, line=line, help=help_))
            elif target is None:
                gone.append(go_id)
            else:
                live.add(target)
    if not live:
        raise InputError("no live term of this GO release", path=path, help="use the release of the vocabulary")
    return sorted(live), sorted(gone)
