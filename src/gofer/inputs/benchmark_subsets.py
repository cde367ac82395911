"""What a benchmark evaluates besides all terms and all test proteins: vocabulary, sets, and what was known before.

Knowledge of a test protein in an aspect, before the first day of the test:

- no knowledge: no annotation at all;
- limited knowledge: annotations in another aspect, none in this one;
- partial knowledge: annotations in this aspect. These terms and their ancestors are left out of truth and predictions,
  so that only new terms count (as CAFA-evaluator-PK does with its option -known).

Definitions: Zhou et al. 2019, doi:10.1186/s13059-019-1835-8 (no, limited); CAFA 5 and LAFA (partial). gofer is
    stricter: it never trains on a test protein, so it does not see its earlier annotations either. cafaeval 1.3.0 has
    no option -known, so gofer's metrics evaluate the proteins of partial knowledge. What was known is read from the
    days of the annotations; in a judged split, of those that judge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gofer.errors import GoferError, InputError
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.proteins.protein_lists import read_lists, read_marked
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits

NO, LIMITED, PARTIAL = "no_knowledge", "limited_knowledge", "partial_knowledge"  # see `knowledge`
PARTIAL_SPLIT = f"test_{PARTIAL}"
TERMS = pa.schema([("go_id", pa.string())])
PROTEINS = pa.schema([(name, pa.string()) for name in ("protein_set", "aspect", "protein_id")])
KNOWLEDGE = pa.schema([(name, pa.string()) for name in ("protein_id", "aspect", "knowledge")])
KNOWN = pa.schema([(name, pa.string()) for name in ("protein_id", "go_id")])


@dataclass(frozen=True, eq=False)
class Judged:
    """Subsets that are evaluated separately.

    Attributes:
        terms: Column go_id: the vocabulary of evaluation.terms; empty without one.
        proteins: Columns of `PROTEINS`: the sets of evaluation.protein_sets.
        knowledge: Columns of `KNOWLEDGE`, of the test proteins; empty unless inputs.splits.later is test, or the split
            is judged and has a day test_from.
        known: Columns of `KNOWN`: the terms that they had before the test, propagated.
    """

    terms: pd.DataFrame = field(default_factory=TERMS.empty_table().to_pandas)
    proteins: pd.DataFrame = field(default_factory=PROTEINS.empty_table().to_pandas)
    knowledge: pd.DataFrame = field(default_factory=KNOWLEDGE.empty_table().to_pandas)
    known: pd.DataFrame = field(default_factory=KNOWN.empty_table().to_pandas)

    def sets(self, aspect: str) -> dict[str, pd.Index]:
        """The proteins of each set in one aspect, by its name; sets by knowledge among them.

        Partial knowledge has no set: it is a separate split.
        """
        sets = pd.concat([self.proteins, self.knowledge.rename(columns={"knowledge": "protein_set"})])
        names = [*dict.fromkeys(sets["protein_set"])]
        of_aspect = sets[sets["aspect"] == aspect]
        return {name: pd.Index(of_aspect.loc[of_aspect["protein_set"] == name, "protein_id"]) for name in names}


def read_protein_sets(
    sources: Iterable[Mapping[str, Any]],
    tested: Iterable[str],
    aspects: Iterable[str],
    limits: Limits = DEFAULT_LIMITS,
) -> pd.DataFrame:
    """The sets of test proteins that a config names.

    Args:
        sources: What `gofer.config.protein_sets` gives: name, aspect or None for all, path, column or None.
        tested: Ids of the test proteins; others in a list are left out, since a benchmark's lists name all of its
            targets.
        aspects: All aspects.
        limits: What a file may hold.

    Returns:
        Columns of `PROTEINS`, each row once.

    Raises:
        InputError: A fault in a file, or a source without a test protein.
    """
    tested, rows = set(tested), []
    for source in sources:
        path, column = source["path"], source["column"]
        named = read_marked(path, column, limits) if column else read_lists([path], limits)
        members = [protein_id for protein_id in named if protein_id in tested]
        if not members:
            raise InputError(
                f"none of its {len(named):,} proteins, e.g. {next(iter(named))}, is tested",
                path=path,
                help=f"evaluation.protein_sets.{source['name']} takes ids of test proteins, as in the FASTA",
            )
        rows += [
            (source["name"], aspect, protein_id)
            for aspect in ([source["aspect"]] if source["aspect"] else aspects)
            for protein_id in members
        ]
    table = pd.DataFrame(rows, columns=PROTEINS.names, dtype="str")
    return table.drop_duplicates(ignore_index=True)


def by_knowledge(
    truth: pd.DataFrame, terms: pd.DataFrame, knowledge: pd.DataFrame, known: pd.DataFrame
) -> pd.DataFrame:
    """The truth with partial knowledge as a separate split, `PARTIAL_SPLIT`, which holds only new terms.

    Args:
        truth: Columns protein_id, go_id, split.
        terms: Columns go_id, aspect.
        knowledge: Columns protein_id, aspect, knowledge, of the test proteins.
        known: Columns protein_id, go_id.

    Returns:
        As `truth`; of the split test, terms of aspects with nothing new are left out.
    """
    joined = truth.assign(aspect=truth["go_id"].map(terms.set_index("go_id")["aspect"]))
    joined = joined.merge(knowledge, on=["protein_id", "aspect"], how="left")
    joined = joined.merge(known.assign(known=True), on=["protein_id", "go_id"], how="left")
    tested, partial = joined["split"] == "test", joined["knowledge"] == PARTIAL
    kept = ~tested | (joined["knowledge"].notna() & ~(partial & joined["known"].notna()))
    joined["split"] = joined["split"].where(~(tested & partial), PARTIAL_SPLIT)
    return joined.loc[kept, ["protein_id", "go_id", "split"]].reset_index(drop=True)


def knowledge_before(
    annotations: pd.DataFrame, splits: pd.DataFrame, terms: pd.DataFrame, relations: Iterable[str], test_from: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was known of each test protein before a day.

    Args:
        annotations: Columns protein_id, go_id, hops, evidence, date (year-month-day where hops is 0), source;
            propagated.
        splits: Columns protein_id, split.
        terms: The ontology table.
        relations: Relations along which annotations propagate.
        test_from: The day, year-month-day.

    Returns:
        Columns protein_id, aspect, knowledge: of each test protein the aspects in which there is something new to ask
        for, sorted; and columns protein_id, go_id of what was known, propagated.

    Raises:
        GoferError: There is nothing new.
    """
    tested = splits.loc[splits["split"] == "test", "protein_id"]
    labels = annotations[annotations["protein_id"].isin(tested)].assign(
        aspect=lambda table: table["go_id"].map(terms.set_index("go_id")["aspect"])
    )
    labels = labels[~labels["go_id"].isin(root_ids(terms))]
    before = labels[(labels["hops"] == 0) & (labels["date"] < test_from)]
    known = propagate(before[["protein_id", "go_id", "evidence", "date", "source"]], terms, relations)
    known = known[["protein_id", "go_id"]]
    new = labels.merge(known.assign(known=True), on=["protein_id", "go_id"], how="left")
    keys = ["protein_id", "aspect"]
    asked = new.loc[new["known"].isna(), keys].drop_duplicates().sort_values(keys, ignore_index=True)
    if asked.empty:
        what = f"no term of a test protein is new since {test_from}"
        raise GoferError(what, help="give an earlier day as inputs.splits.test_from, or null")
    pairs = set(zip(before["protein_id"], before["aspect"], strict=True))
    here = [pair in pairs for pair in zip(asked["protein_id"], asked["aspect"], strict=True)]
    anywhere = asked["protein_id"].isin(before["protein_id"])
    how_much = np.select([here, anywhere], [PARTIAL, LIMITED], NO)
    return asked.assign(knowledge=how_much), known
