"""Annotations to train on: of known proteins, with accepted evidence, on live terms. All others are counted.

A NOT annotation denies the term and, since it holds downwards, everything below it: such pairs are never positives.
With any other qualifier (contributes_to, colocalizes_with, acts_upstream_of …) an annotation is a positive, as usual
for GAFs; the accounting counts them by qualifier.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gofer.errors import InputError, collected_problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_files import UNREAD
from gofer.inputs.annotations.annotation_intake import CHANGED, DATELESS, DROPPED, QUALIFIED, READ, UNKNOWN_TERM, Intake
from gofer.inputs.annotations.annotation_line import go_code
from gofer.inputs.annotations.annotation_table import UNMAPPED
from gofer.inputs.annotations.interpro2go import is_interpro2go, read_interpro2go
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.proteins.protein_names import ProteinNames

READ_OF_FILE = "annotations read from one file"
USED_OF_FILE = "annotations used from one file"
ALIASES = "aliases left out"
MERGED = "annotations merged"
KEPT = "annotations kept"
ANNOTATED = "proteins annotated"
ITEMS = [
    *(READ, READ_OF_FILE, USED_OF_FILE, UNREAD, UNMAPPED, ALIASES, CHANGED, QUALIFIED, DATELESS, DROPPED, UNKNOWN_TERM),
    *(MERGED, KEPT, ANNOTATED),
]
TERMS_NAMED = 5
SCAN = "give the result of InterProScan (TSV, with its InterPro entries) beside it"
EVIDENCE_NAMED = 20


@dataclass(frozen=True)
class AnnotationRules:
    """Which annotations are kept.

    Attributes:
        evidence_codes: Codes and ECO ids that a GAF or GPAD needs; a table has none and is kept whole.
        max_unknown_terms: Highest share of annotations that name a term unknown to the ontology.
        relations: Relations along which NOT holds downwards.
    """

    evidence_codes: frozenset[str]
    max_unknown_terms: float
    relations: tuple[str, ...]

    @classmethod
    def from_config(cls, inputs: dict) -> "AnnotationRules":
        """From the `inputs` section of a config; an ECO id that is the default of a code accepts this code too."""
        asked = [code.upper() for code in inputs["evidence_codes"]]
        codes = frozenset([*asked, *map(go_code, asked)])
        return cls(codes, float(inputs["max_unknown_terms"]), tuple(inputs["relations"]))


def read_annotations(
    paths: Iterable[Path | str],
    names: ProteinNames,
    terms: pd.DataFrame,
    obsolete: pd.DataFrame,
    rules: AnnotationRules,
) -> tuple[pd.DataFrame, Accounting]:
    """The stated annotations of known proteins.

    Only accepted annotations are kept in memory. The order of lines and files does not change the result.

    Args:
        paths: Tables, GAFs and GPADs, plain, gzip or bzip2; interpro2go may be among them, for results of InterProScan.
        names: The proteins, by all their names.
        terms: The ontology table.
        obsolete: Columns go_id, replaced_by.
        rules: Which annotations are kept.

    Returns:
        protein_id, go_id (each pair once, sorted), evidence (codes joined by |), date (the earliest), source (joined by
        |); and the accounting of all lines.

    Raises:
        InputError: A fault in a file; no protein in common; nothing left; too many unknown terms.
        ProblemsError: Several faults.
    """
    paths = list(paths)
    mappings = [path for path in paths if is_interpro2go(path)]
    intake, files = Intake(names, TermIds.of_tables(terms, obsolete), rules.evidence_codes), paths
    with collected_problems() as problems:
        if mappings:
            files = [path for path in paths if path not in mappings]
            intake.entries = read_interpro2go(mappings, problems)
            if not files:
                problems.add(InputError("GO terms of InterPro entries, and nothing else", path=mappings[0], help=SCAN))
        for path in files:
            try:
                intake.take(path, problems)
            except InputError as error:  # ends this file; the others may have faults too
                problems.add(error)
    intake.settle_symbols()
    where = ", ".join(map(str, files))
    _check_evidence(intake, rules, where)
    _check_unknown(intake, rules)
    kept = intake.statements.without_denied(terms, rules.relations)
    counts, denied = intake.counts, intake.statements.lines() - kept.lines()
    if denied:
        counts.add(DROPPED, "denied by a NOT annotation of the same protein", denied)
    if not len(kept):
        raise InputError(f"0 of {counts.count(READ)} annotations left", path=where, help=_reasons(counts))
    table = kept.table()
    counts.add(MERGED, "same protein and term", kept.lines() - len(table))
    counts.add(KEPT, count=len(table))
    counts.add(ANNOTATED, count=table["protein_id"].nunique())
    return table, _accounting(intake)


def _check_evidence(intake: Intake, rules: AnnotationRules, where: str) -> None:
    if not intake.used and not intake.refused:
        raise InputError(f"0 of {intake.counts.count(READ)} annotations left", path=where, help=_reasons(intake.counts))
    if not intake.used:
        raise InputError(
            f"0 of {intake.refused.total()} annotations left after the evidence filter; the file has "
            f"{_first(intake.refused, EVIDENCE_NAMED)}",
            path=where,
            help=f"inputs.evidence_codes asks for {', '.join(sorted(rules.evidence_codes)) or 'none'}",
        )


def _check_unknown(intake: Intake, rules: AnnotationRules) -> None:
    unknown, total = intake.unknown.total(), intake.used.total()
    if unknown <= rules.max_unknown_terms * total:
        return
    by_file: Counter[str] = Counter()
    for (path, _), count in sorted(intake.unknown.items()):
        by_file[path] += count
    ((worst, count),) = by_file.most_common(1)
    share = f"; {count} of them are in this file" if len(intake.used) > 1 else ""
    raise InputError(
        f"{unknown} of {total} annotations ({unknown / total:.1%}) name terms that this GO release does not have: "
        f"{_first({go_id for _, go_id in intake.unknown}, TERMS_NAMED)}{share}",
        path=worst,
        help="use the ontology release of the annotations, or raise inputs.max_unknown_terms "
        f"({rules.max_unknown_terms})",
    )


def _first(texts: Iterable[str], most: int) -> str:
    named = sorted(texts)
    return ", ".join(named[:most]) + (", …" if len(named) > most else "")


def _reasons(counts: Accounting) -> str:
    table = counts.table()
    dropped = table[table["item"] == DROPPED].sort_values(["count", "reason"], ascending=[False, True]).head(5)
    return "dropped: " + "; ".join(
        f"{count} {reason}" for reason, count in zip(dropped["reason"], dropped["count"], strict=True)
    )


def _accounting(intake: Intake) -> Accounting:
    # By item and reason, since the order of the lines is arbitrary.
    counts = intake.counts
    if intake.names.shared:
        counts.add(ALIASES, "shared by proteins, or the id of another one", intake.names.shared)
    if len(intake.read) > 1:
        for path, count in intake.read.items():
            counts.add(READ_OF_FILE, path, count)
            counts.add(USED_OF_FILE, path, intake.used[path])
    table = counts.table()
    table["place"] = table["item"].map(ITEMS.index)
    ordered = Accounting()
    for row in table.sort_values(["place", "reason"]).itertuples():
        ordered.add(row.item, row.reason, row.count)
    return ordered
