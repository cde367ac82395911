"""Resolves the GO ids of annotations in the release that a run uses."""

from dataclasses import dataclass

import pandas as pd

UNKNOWN = "unknown"


@dataclass(frozen=True)
class TermIds:
    """Resolves an id to itself, its main id, or the one term that replaces it.

    Attributes:
        live: Live terms.
        main: Main id by alternative id.
        replacement: Live replacement by obsolete id, None where there is none or more than one.
    """

    live: frozenset[str]
    main: dict[str, str]
    replacement: dict[str, str | None]

    @classmethod
    def of_tables(cls, terms: pd.DataFrame, obsolete: pd.DataFrame) -> "TermIds":
        """From the ontology table and the table of obsolete terms."""
        live = frozenset(terms["go_id"])
        main = {alt: go_id for go_id, alts in zip(terms["go_id"], terms["alt_ids"], strict=True) for alt in alts}
        replacement: dict[str, str | None] = {}
        for go_id, candidates in zip(obsolete["go_id"], obsolete["replaced_by"], strict=True):
            targets = {main.get(target, target) for target in candidates} & live
            replacement[go_id] = targets.pop() if len(targets) == 1 else None
        return cls(live, main, replacement)

    @property
    def former(self) -> dict[str, dict[str, str | None]]:
        """Where other ids lead: "alternative" ones to their main ids, "obsolete" ones to one term or None."""
        return {"alternative": dict(self.main), "obsolete": self.replacement}

    def resolve(self, go_id: str) -> tuple[str | None, str]:
        """The live id or None, and what it was: "", "alternative id", "obsolete, replaced", "obsolete", `UNKNOWN`."""
        if go_id in self.live:
            return go_id, ""
        if go_id in self.main:
            return self.main[go_id], "alternative id"
        if go_id in self.replacement:
            target = self.replacement[go_id]
            return target, "obsolete, replaced" if target else "obsolete"
        return None, UNKNOWN
