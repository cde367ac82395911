"""Lists of GO ids that a user names: each id a live term of the release, alternative ids replaced by their main id."""

from pathlib import Path

import pandas as pd

from gofer.errors import InputError, collected_problems
from gofer.inputs.compressed import read_ids

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
    depth = dict(zip(terms["go_id"], terms["depth"], strict=True))
    lines: dict[str, int] = {}
    with collected_problems() as problems:
        for named, line in read_ids(path).items():
            go_id = named if named in depth else main.get(named, named)
            if go_id not in depth:
                what, help_ = f"{named} is not a live term of this GO release", "correct or remove it"
                problems.add(InputError(what, path=path, line=line, help=help_))
            elif why_no_root and depth[go_id] == 0:
                what, help_ = f"{named} is a root: {why_no_root}", "name terms below the roots"
                problems.add(InputError(what, path=path, line=line, help=help_))
            else:
                lines.setdefault(go_id, line)
    return dict(sorted(lines.items()))
