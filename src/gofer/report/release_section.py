"""What changed since an older release of the ontology, as rows for the page."""

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.artefacts import read_manifest, read_table
from gofer.names import ASPECTS
from gofer.report import input_tables as tables
from gofer.report import labels_and_help as words

MEANINGS = {
    "added": "live now, and not before",
    "obsoleted": "live before, obsolete now",
    "merged": "live before, an alternative id of another term now",
    "removed": "live before, and not in the file now",
    "moved": "live in both, with other parents",
    "redefined": "live in both, with another definition",
    "renamed": "live in both, with another name",
}
MOST_EXAMPLES = 3  # of a kind
MOST_SHOWN = 240  # characters of a side of an example
SAME_SHOWN = 40  # characters kept of the common beginning


@dataclass(frozen=True)
class KindRow:
    """One kind of change.

    Attributes:
        kind: Its name.
        meaning: What it means for a term.
        counts: Terms per aspect, in the order of `ReleaseStory.aspects`.
        total: Terms in all.
        examples: (name, id, before, after), spread evenly over the ids.
    """

    kind: str
    meaning: str
    counts: list[str]
    total: str
    examples: list[tuple[str, str, str, str]]


@dataclass(frozen=True)
class ReleaseStory:
    """Everything that the page says about the older release.

    Attributes:
        previous: The older release.
        changes: How many changes there are.
        terms: How many terms they concern.
        aspects: Names of the aspects that have any.
        kinds: One row per kind, including those that do not occur.
        accounting: What was compared, and what not.
        table: Address of the table of all changes from the page, None if it is outside the folder of the page.
    """

    previous: str
    changes: int
    terms: int
    aspects: list[str]
    kinds: list[KindRow]
    accounting: tables.Accounting
    table: str | None

    @classmethod
    def read(cls, changes: Path | str, readable: Path | str, accounting: Path | str, *, root: Path) -> "ReleaseStory":
        """From the files of rule compare_releases.

        Args:
            changes: inputs/release_changes.parquet.
            readable: The same as tab-separated text, to be linked.
            accounting: inputs/accounting-release.parquet.
            root: Folder of the page.

        Raises:
            ArtefactError: A file is missing or damaged.
        """
        table, readable = read_table(changes), Path(readable)
        aspects = [aspect for aspect in ASPECTS if (table["aspect"] == aspect).any()]
        return cls(
            previous=read_manifest(changes).release.get("previous_go_release", words.NOT_AVAILABLE),
            changes=len(table),
            terms=table["go_id"].nunique(),
            aspects=[words.ASPECT_NAMES[aspect] for aspect in aspects],
            kinds=[_kind_row(kind, table[table["kind"] == kind], aspects) for kind in MEANINGS],
            accounting=tables.accounting(accounting),
            table=readable.relative_to(root).as_posix() if readable.is_relative_to(root) else None,
        )


def _kind_row(kind: str, changes: pd.DataFrame, aspects: Sequence[str]) -> KindRow:
    places = np.unique(np.linspace(0, max(len(changes) - 1, 0), MOST_EXAMPLES).round().astype(int))
    shown = changes.iloc[places[places < len(changes)]]
    return KindRow(
        kind,
        MEANINGS[kind],
        [f"{int((changes['aspect'] == aspect).sum()):,}" for aspect in aspects],
        f"{len(changes):,}",
        [(row.name, row.go_id, *_shown(row.before, row.after)) for row in shown.itertuples(index=False)],
    )


def _shown(before: str, after: str) -> tuple[str, str]:
    # Two long texts with the same beginning are shown from shortly before they differ.
    same = len(os.path.commonprefix([before, after]))
    start = before.rfind(" ", 0, max(same - SAME_SHOWN, 0)) + 1 if len(max(before, after, key=len)) > MOST_SHOWN else 0
    begun = "… " if start else ""
    first, second = (
        begun + textwrap.shorten(side[start:], MOST_SHOWN, placeholder=" …") if side else "" for side in (before, after)
    )
    return first, second
