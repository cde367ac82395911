"""Reads annotation files line by line, keeps what concerns the proteins of a run, and counts the rest."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from gofer.errors import InputError, Problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_files import read_annotation_lines
from gofer.inputs.annotations.annotation_line import Line, day_of, go_code, qualified
from gofer.inputs.annotations.interpro2go import Entries
from gofer.inputs.annotations.statements import Statements
from gofer.inputs.ontology.term_ids import UNKNOWN, TermIds
from gofer.inputs.proteins.protein_names import BY_SYMBOL, ProteinNames
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits

READ = "annotations read"
CHANGED = "annotations changed"
QUALIFIED = "positives with a qualifier"
DATELESS = "positives without a date"
DROPPED = "annotations dropped"
EXAMPLES = 3  # ids that the FASTA lacks, of each file
UNKNOWN_TERM = "unknown term"
SHARED_SYMBOL = "symbol of several objects or organisms"


@dataclass
class Intake:
    """The annotations read so far.

    Attributes:
        names: The proteins, by all their names.
        ids: Where GO ids lead.
        evidence_codes: Codes and ECO ids that are kept; a table has none and is kept whole.
        limits: What a file may hold.
        counts: How many lines were kept, changed or dropped, and why.
        statements: The kept annotations.
        read: Annotations by file.
        used: Annotations of known proteins with accepted evidence, by file.
        refused: Annotations of known proteins with evidence that is not accepted, by code.
        unknown: Used annotations by file and term, of terms that the release does not have.
        by_symbol: Annotations of proteins found by their symbol, by the symbol, with their files. They wait until all
            files are read (`settle_symbols`): several objects may share it.
        entries: GO ids of InterPro entries, for results of InterProScan; None where no mapping is given.
    """

    names: ProteinNames
    ids: TermIds
    evidence_codes: Collection[str]
    limits: Limits = DEFAULT_LIMITS
    counts: Accounting = field(default_factory=Accounting)
    statements: Statements = field(default_factory=Statements)
    read: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_symbol: dict[str, list[tuple[str, Line]]] = field(default_factory=dict)
    entries: Entries | None = None

    def take(self, path: Path | str, problems: Problems) -> None:
        """Read one more file.

        Args:
            path: The file.
            problems: Collects its faults, or that it names no protein of the run.

        Raises:
            InputError: The file cannot be read, or has another format.
            ProblemsError: Too many faults.
        """
        read = unmatched = 0
        examples: dict[str, None] = {}
        for line in read_annotation_lines(path, problems, self.limits, self.counts, self.entries):
            read += 1
            protein_id, how = self.names.find(line)
            if protein_id is None:
                unmatched += 1
                if len(examples) <= EXAMPLES:
                    examples[line.object_id] = None
            elif how == BY_SYMBOL:
                self.by_symbol.setdefault(line.symbol, []).append((str(path), line))
            else:
                if how:
                    self.counts.add(CHANGED, how)
                self._take_known(str(path), protein_id, line)
        self.read[str(path)] += read
        self.counts.add(READ, count=read)
        if unmatched:
            named = [*examples][:EXAMPLES] + ["…"] * (len(examples) > EXAMPLES)
            self.counts.add(DROPPED, "protein not in the FASTA", unmatched, example=", ".join(named))
        if read == unmatched > 0:
            example = next(iter(examples))
            problems.add(
                InputError(
                    f"annotations match no protein: they name e.g. {example}, the FASTA e.g. {self.names.example()}",
                    path=path,
                    help="use the same kind of ids on both sides, or leave this file out",
                )
            )

    def settle_symbols(self) -> None:
        """Take the annotations found by their symbol; those of a symbol of several objects or organisms are left out.

        Human, fly and yeast genes may have the same symbol: which of them the FASTA means cannot be known.
        """
        for symbol, found in sorted(self.by_symbol.items()):
            if len({(line.object_id, line.taxon) for _, line in found}) > 1:
                self.counts.add(DROPPED, SHARED_SYMBOL, len(found), example=symbol)
                continue
            self.counts.add(CHANGED, BY_SYMBOL, len(found))
            for path, line in found:
                self._take_known(path, self.names.protein_ids[symbol], line)
        self.by_symbol.clear()

    def _take_known(self, path: str, protein_id: str, line: Line) -> None:
        evidence = go_code(line.go_evidence or line.evidence or "")
        if line.evidence is None or evidence in self.evidence_codes or line.evidence.upper() in self.evidence_codes:
            self.used[path] += 1
            self._take_used(path, protein_id, line, evidence)
        else:
            self.refused[evidence or "(none)"] += 1
            kind = "ECO id without a code," if evidence.startswith("ECO:") else "evidence code"
            self.counts.add(DROPPED, f"{kind} {evidence or '(none)'} not asked for")

    def _take_used(self, path: str, protein_id: str, line: Line, evidence: str) -> None:
        go_id, how = self.ids.resolve(line.go_id)
        if how == UNKNOWN:
            self.unknown[path, line.go_id] += 1
            self.counts.add(DROPPED, "term not in this GO release")
            self.counts.add(UNKNOWN_TERM, line.go_id)
        elif go_id is None:
            self.counts.add(DROPPED, "term obsolete, without one replacement")
        else:
            if how:
                self.counts.add(CHANGED, f"term id: {how}")
            negated, relations = qualified(line.qualifiers)
            if negated:
                self.counts.add(DROPPED, "NOT annotation, never a positive")
                self.statements.denied.add((protein_id, go_id))
            else:
                for relation in relations:
                    self.counts.add(QUALIFIED, relation)
                self.statements.state((protein_id, go_id), evidence, self._day(line), line.source)

    def _day(self, line: Line) -> str | None:
        if line.date is None:
            return None
        day = day_of(line.date)
        if day is None:
            self.counts.add(DATELESS, "no such day" if line.date else "none given")
        return day
