"""Finds new terms: by the dates of their annotations, or by an older release of the ontology."""

from collections.abc import Collection, Iterable

import pandas as pd

from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import GoGraph, is_root, root_ids


def late_terms(terms: pd.DataFrame, stated: pd.DataFrame, day: str, relations: Iterable[str]) -> list[str]:
    """Terms that no protein has before `day`, themselves or through a term below; roots left out.

    An annotation without a date counts as older, so that no term is held out by mistake.

    Args:
        terms: The ontology table.
        stated: Columns go_id, date (year-month-day or null).
        day: Year-month-day.
        relations: Relations to parents that labels follow.

    Raises:
        GoferError: No annotation has a date.
    """
    refuse_undated(stated)
    graph = GoGraph.of_terms(terms, relations)
    first: dict[str, str] = {}
    for go_id, date in stated["date"].fillna("").groupby(stated["go_id"]).min().items():
        for above in graph.ancestors([str(go_id)]):
            first[above] = min(date, first.get(above, date))
    roots = root_ids(terms)
    return sorted(go_id for go_id, date in first.items() if date >= day and go_id not in roots)


def refuse_undated(stated: pd.DataFrame) -> None:
    """Refuse annotations of which none has a date.

    Args:
        stated: Column date.

    Raises:
        GoferError: No annotation has a date.
    """
    if stated["date"].isna().all():
        raise GoferError(
            "inputs.term_sets.zero_method is time, but no annotation has a date (a table has none)",
            help="give annotations as GAF or GPAD, or name the terms (zero_method list)",
        )


def new_terms(terms: pd.DataFrame, previous: Collection[str]) -> list[str]:
    """Terms below the roots of which an older release has neither the id nor one that was merged into it.

    Args:
        terms: Columns go_id, alt_ids, depth.
        previous: Ids of the older release.
    """
    older = set(previous)
    below = terms[~is_root(terms)]
    rows = zip(below["go_id"], below["alt_ids"], strict=True)
    return sorted(go_id for go_id, alts in rows if older.isdisjoint([go_id, *alts]))
