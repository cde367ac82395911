"""Taxon constraints of GO: which terms cannot be true of a protein of a taxon, by the lineage of the taxon.

only_in_taxon (in_taxon) names the taxa outside which a term is never true, never_in_taxon those inside which it is not.
Every term below, over is_a and part_of but not over regulates, inherits both
(https://geneontology.org/docs/taxon-constraints/; Deegan, Dimmer and Mungall 2010, doi:10.1186/1471-2105-11-530).
They are relationships or property values of go.obo and of files such as go-computed-taxon-constraints.obo;
go-basic.obo has none. A union, NCBITaxon_Union, is any of its taxa; go-taxon-groupings.obo defines them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gofer.errors import InputError
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.inputs.ontology.obo_stanzas import NEVER_IN, Stanza, read_stanzas
from gofer.inputs.text_files import DEFAULT_LIMITS, decoded, read_lines

CONSTRAINTS = ["go_id", "rule", "taxon", "name"]
ROOTS = {1, 131567, 10239}  # root, cellular organisms, viruses: where a whole lineage ends
WHERE = "UniProt's Taxonomy gives the lineage of a taxon as ids; nodes.dmp is in NCBI's taxdump"


def constraint_table(stanzas: Iterable[Stanza]) -> pd.DataFrame:
    """The constraints of some terms, columns `CONSTRAINTS`; rule is `only_in_taxon` or `never_in_taxon`."""
    rows = [(stanza.go_id, *constraint) for stanza in stanzas for constraint in stanza.taxa]
    return pd.DataFrame(rows, columns=CONSTRAINTS).drop_duplicates(ignore_index=True)


@dataclass(frozen=True, eq=False)
class TaxonConstraints:
    """Constraints, and what the unions among their taxa are.

    Attributes:
        table: Columns `CONSTRAINTS`.
        unions: Taxa of each union that was defined.
    """

    table: pd.DataFrame
    unions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, paths: Sequence[Path | str]) -> "TaxonConstraints":
        """Read OBO files; terms of other ontologies in them are passed over.

        Raises:
            InputError: A file is at fault, or none of them holds a constraint or a union.
        """
        stanzas = [stanza for path in paths for stanza in read_stanzas(path, {}, DEFAULT_LIMITS) if not stanza.obsolete]
        unions = {stanza.go_id: stanza.union_of for stanza in stanzas if stanza.union_of}
        found = cls(constraint_table(one for one in stanzas if one.go_id.startswith("GO:")), unions)
        if paths and not unions and found.table.empty:
            help = "give go.obo, go-plus.obo or go-computed-taxon-constraints.obo; go-basic.obo has none"
            raise InputError("it holds no taxon constraint", path=paths[0], help=help)
        return found

    def undefined(self) -> list[str]:
        """Unions that a constraint names and no file defines: such a constraint cannot be judged."""
        return sorted({taxon for taxon in self.table["taxon"] if self._members(taxon) is None})

    def violated(self, lineage: "Lineage") -> dict[str, str]:
        """By term, the first of its own constraints that a taxon does not meet, in words."""
        found: dict[str, str] = {}
        for row in self.table.itertuples():
            members = self._members(row.taxon)
            if members is not None and bool(members & lineage.ids) == (row.rule == NEVER_IN):
                name = f" ({row.name})" if row.name else ""
                found.setdefault(row.go_id, f"{row.rule} {row.taxon}{name}")
        return found

    def impossible(self, lineage: "Lineage", terms: pd.DataFrame) -> dict[str, str]:
        """By term that cannot be true in the taxon, why; those below a violated constraint name the term that has it.

        Args:
            lineage: Of the taxon.
            terms: Columns go_id, aspect and the parents over is_a and part_of.
        """
        known, graph = set(terms["go_id"]), GoGraph.of_terms(terms, TRUE_PATH)
        why: dict[str, tuple[int, str]] = {}
        for go_id, reason in self.violated(lineage).items():
            for below, hops in graph.descendants([go_id] if go_id in known else []).items():
                said = reason if not hops else f"{reason} of {go_id}"
                why[below] = min(why.get(below, (hops, said)), (hops, said))
        return {go_id: reason for go_id, (_, reason) in why.items()}

    def _members(self, taxon: str) -> frozenset[int] | None:
        number = taxon.removeprefix("NCBITaxon:")
        if number.isdecimal():
            return frozenset({int(number)})
        if taxon not in self.unions:
            return None
        others = {name: members for name, members in self.unions.items() if name != taxon}
        parts = [TaxonConstraints(self.table, others)._members(part) for part in self.unions[taxon]]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))


@dataclass(frozen=True)
class Lineage:
    """A taxon of NCBI's taxonomy with all taxa above it.

    Attributes:
        taxon: Its id.
        ids: Its id and those above it.
    """

    taxon: int
    ids: frozenset[int]

    @classmethod
    def of(cls, text: str, path: Path | str | None = None) -> "Lineage":
        """From ids, or from one id and a file.

        Args:
            text: The id of a taxon; or its whole lineage, the taxon first, with commas.
            path: NCBI's nodes.dmp, or a table of taxon and parent separated by tabs; plain, gz or bz2.

        Raises:
            InputError: An id is no number, the file is at fault or lacks the taxon, or the lineage is not whole.
        """
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words or not all(word.isdecimal() for word in words):
            raise InputError(f"the taxon {text!r} is no id of NCBI's taxonomy", help=f"write 9606 for human. {WHERE}")
        ids = [int(word) for word in words]
        if path is not None:
            ids = _upwards(ids[0], _parents(path), path)
        if not ROOTS & set(ids):
            raise InputError(
                f"the lineage of taxon {ids[0]} does not reach the root ({', '.join(map(str, sorted(ROOTS)))})",
                help=f"name nodes.dmp with --lineage, or write all ids, {ids[0]},…,131567,1, with commas. {WHERE}",
            )
        return cls(ids[0], frozenset(ids))


def _parents(path: Path | str) -> dict[int, int]:
    parents: dict[int, int] = {}
    for number, raw in read_lines(path, DEFAULT_LIMITS):
        line = decoded(path, number, raw)
        fields = [one.strip() for one in line.split("\t|\t" if "\t|" in line else "\t")]
        if not line.strip() or line.startswith("#") or (number == 1 and not fields[0].isdecimal()):
            continue
        if len(fields) < 2 or not (fields[0].isdecimal() and fields[1].isdecimal()):
            what = f"{line[:80]!r} is no taxon and its parent"
            raise InputError(what, path=path, line=number, help="give NCBI's nodes.dmp, or a TSV of two ids")
        parents[int(fields[0])] = int(fields[1])
    return parents


def _upwards(taxon: int, parents: Mapping[int, int], path: Path | str) -> list[int]:
    if taxon not in parents:
        what = f"it does not hold the taxon {taxon}"
        raise InputError(what, path=path, help="NCBI may have merged it into another: use that id")
    ids = [taxon]
    while (above := parents.get(ids[-1], ids[-1])) not in ids:
        ids.append(above)
    return ids
