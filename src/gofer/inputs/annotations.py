"""Annotations that training may trust: of known proteins, with wanted evidence, on live terms; all else is counted.

A GAF names a protein by its DB object id (column 2) or, where the FASTA has no such id, by its symbol (column 3).
A NOT annotation denies the term and, since it holds downwards, everything below it: such pairs are never positives.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gofer.errors import InputError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotation_files import Line, read_annotation_lines
from gofer.inputs.compressed import DEFAULT_LIMITS, Limits
from gofer.inputs.labels import Ancestry

COLUMNS = ["protein_id", "go_id", "evidence", "date", "source"]
DROPPED = "annotations dropped"
UNKNOWN = "unknown term"


@dataclass(frozen=True)
class AnnotationRules:
    """What is kept of an annotation file.

    Attributes:
        evidence_codes: Codes kept of a GAF; a table has none and is kept whole.
        max_unknown_terms: Highest share of annotations that name a term unknown to the ontology.
        relations: Relations along which NOT holds downwards.
    """

    evidence_codes: frozenset[str]
    max_unknown_terms: float
    relations: tuple[str, ...]

    @classmethod
    def from_config(cls, inputs: dict) -> "AnnotationRules":
        """From the `inputs` section of a config."""
        codes = frozenset(code.upper() for code in inputs["evidence_codes"])
        return cls(codes, float(inputs["max_unknown_terms"]), tuple(inputs["relations"]))


@dataclass(frozen=True)
class TermIds:
    """Where the id of an annotation leads: itself, its main id, or the one term that replaces it.

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

    def resolve(self, go_id: str) -> tuple[str | None, str]:
        """The live id or None, and what it was: "", "alternative id", "obsolete, replaced", "obsolete", "unknown"."""
        if go_id in self.live:
            return go_id, ""
        if go_id in self.main:
            return self.main[go_id], "alternative id"
        if go_id in self.replacement:
            target = self.replacement[go_id]
            return target, "obsolete, replaced" if target else "obsolete"
        return None, "unknown"


def read_annotations(
    path: Path | str,
    proteins: Collection[str],
    terms: pd.DataFrame,
    obsolete: pd.DataFrame,
    rules: AnnotationRules,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[pd.DataFrame, Accounting]:
    """The stated annotations of known proteins.

    Args:
        path: Table or GAF, plain, gzip or bzip2.
        proteins: Ids of the FASTA.
        terms: The ontology table.
        obsolete: Columns go_id, replaced_by.
        rules: What is kept.
        limits: What the file may hold at most.

    Returns:
        protein_id, go_id (each pair once, sorted), evidence (codes joined by |), date (the earliest), source (joined by
        |); and what became of the lines.

    Raises:
        InputError: A fault in the file; no protein in common; nothing left; too many unknown terms.
        ProblemsError: Several faults.
    """
    accounting = Accounting()
    lines = _with_evidence(path, _of_known_proteins(path, proteins, accounting, limits), rules, accounting)
    stated, denied = _on_live_terms(path, lines, TermIds.of_tables(terms, obsolete), rules, accounting)
    kept = _not_denied(stated, denied, terms, rules, accounting)
    if not kept:
        raise InputError(
            f"0 of {accounting.count('annotations read')} annotations left", path=path, help=_reasons(accounting)
        )
    table = _merged(kept)
    accounting.add("annotations merged", "same protein and term", len(kept) - len(table))
    accounting.add("annotations kept", count=len(table))
    accounting.add("proteins annotated", count=table["protein_id"].nunique())
    return table, accounting


def _reasons(accounting: Accounting) -> str:
    table = accounting.table()
    dropped = table[table["item"] == DROPPED].nlargest(5, "count")
    return "dropped: " + "; ".join(
        f"{count} {reason}" for reason, count in zip(dropped["reason"], dropped["count"], strict=True)
    )


def _of_known_proteins(
    path: Path | str, proteins: Collection[str], accounting: Accounting, limits: Limits
) -> list[Line]:
    known = frozenset(proteins)
    found, example = [], ""
    for line in read_annotation_lines(path, limits):
        accounting.add("annotations read")
        name = line.protein_id if line.protein_id in known else line.symbol
        if name in known:
            found.append(line if name == line.protein_id else _renamed(line, name))
            if name != line.protein_id:
                accounting.add("annotations changed", "protein found by its symbol")
        else:
            example = example or line.protein_id
            accounting.add(DROPPED, "protein not in the FASTA")
    if not found:
        raise InputError(
            f"annotations match no protein: they name e.g. {example}, the FASTA e.g. {min(known, default='none')}",
            path=path,
            help="use the same kind of ids on both sides",
        )
    return found


def _renamed(line: Line, protein_id: str) -> Line:
    return Line(line.number, protein_id, "", line.go_id, line.negated, line.evidence, line.date, line.source)


def _with_evidence(
    path: Path | str, lines: list[Line], rules: AnnotationRules, accounting: Accounting
) -> Iterator[Line]:
    kept = [line for line in lines if line.evidence is None or line.evidence.upper() in rules.evidence_codes]
    codes = Counter(line.evidence for line in lines if line.evidence is not None)
    for code, count in sorted(codes.items()):
        if code.upper() not in rules.evidence_codes:
            accounting.add(DROPPED, f"evidence code {code or '(none)'} not asked for", count)
    if not kept:
        raise InputError(
            f"0 of {len(lines)} annotations left after the evidence filter; the file has {', '.join(sorted(codes))}",
            path=path,
            help=f"inputs.evidence_codes asks for {', '.join(sorted(rules.evidence_codes)) or 'none'}",
        )
    return iter(kept)


def _on_live_terms(
    path: Path | str, lines: Iterable[Line], ids: TermIds, rules: AnnotationRules, accounting: Accounting
) -> tuple[list[tuple[str, Line]], list[tuple[str, str]]]:
    stated: list[tuple[str, Line]] = []
    denied: list[tuple[str, str]] = []
    unknown: Counter[str] = Counter()
    total = 0
    for line in lines:
        total += 1
        go_id, how = ids.resolve(line.go_id)
        if how == "unknown":
            unknown[line.go_id] += 1
        elif go_id is None:
            accounting.add(DROPPED, "term obsolete, without one replacement")
        else:
            if how:
                accounting.add("annotations changed", f"term id: {how}")
            if line.negated:
                accounting.add(DROPPED, "NOT annotation, never a positive")
                denied.append((line.protein_id, go_id))
            else:
                stated.append((go_id, line))
    _check_unknown(path, unknown, total, rules, accounting)
    return stated, denied


def _check_unknown(
    path: Path | str, unknown: Counter[str], total: int, rules: AnnotationRules, accounting: Accounting
) -> None:
    for go_id, count in sorted(unknown.items()):
        accounting.add(DROPPED, "term not in this GO release", count)
        accounting.add(UNKNOWN, go_id, count)
    if unknown.total() > rules.max_unknown_terms * total:
        first = ", ".join(sorted(unknown)[:5])
        raise InputError(
            f"{unknown.total()} of {total} annotations ({unknown.total() / total:.1%}) name terms that this GO release "
            f"does not have: {first}{', …' if len(unknown) > 5 else ''}",
            path=path,
            help="use the ontology release of the annotations, or raise inputs.max_unknown_terms "
            f"({rules.max_unknown_terms})",
        )


def _not_denied(
    stated: list[tuple[str, Line]],
    denied: list[tuple[str, str]],
    terms: pd.DataFrame,
    rules: AnnotationRules,
    accounting: Accounting,
) -> list[tuple[str, Line]]:
    if not denied:
        return stated
    denied_pairs = set(denied)
    above = Ancestry.of_terms(terms, rules.relations, sorted({go_id for go_id, _ in stated})).above
    kept = [
        (go_id, line)
        for go_id, line in stated
        if not any((line.protein_id, ancestor) in denied_pairs for ancestor in above[go_id])
    ]
    if len(kept) < len(stated):
        accounting.add(DROPPED, "denied by a NOT annotation of the same protein", len(stated) - len(kept))
    return kept


def _merged(stated: list[tuple[str, Line]]) -> pd.DataFrame:
    pairs: dict[tuple[str, str], list[Line]] = {}
    for go_id, line in stated:
        pairs.setdefault((line.protein_id, go_id), []).append(line)
    rows = [
        (
            protein_id,
            go_id,
            "|".join(sorted({line.evidence for line in lines if line.evidence})) or None,
            min((line.date for line in lines if line.date), default=None),
            "|".join(sorted({line.source for line in lines if line.source})) or None,
        )
        for (protein_id, go_id), lines in sorted(pairs.items())
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
