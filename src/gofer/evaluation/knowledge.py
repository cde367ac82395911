"""What was known of the test proteins before they were tested: no, limited and partial knowledge, as in CAFA.

Of a protein that is asked for terms of an aspect, before the first day of the test there was

- no knowledge: no annotation at all;
- limited knowledge: one in another aspect, none in this one;
- partial knowledge: one in this aspect. What was known, and what follows from it, is then left out of truth and
  predictions, so that only what is new counts (CAFA-evaluator-PK does this with its option -known).

Definitions: Zhou et al. 2019, doi:10.1186/s13059-019-1835-8 (no, limited); CAFA 5 and LAFA (partial). gofer goes one
step further than they ask: it is never trained on a protein that it is tested on, so that it does not know either what
was known before. cafaeval has no such option, so that gofer's own metrics judge the proteins of partial knowledge.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gofer.evaluation.judged import LIMITED, NO, PARTIAL
from gofer.inputs.labels import propagate


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
    """
    tested = splits.loc[splits["split"] == "test", "protein_id"]
    own = annotations[annotations["protein_id"].isin(tested)].assign(
        aspect=lambda table: table["go_id"].map(terms.set_index("go_id")["aspect"])
    )
    own = own[~own["go_id"].isin(terms.loc[terms["depth"] == 0, "go_id"])]
    before = own[(own["hops"] == 0) & (own["date"] < test_from)]
    known = propagate(before[["protein_id", "go_id", "evidence", "date", "source"]], terms, relations)
    known = known[["protein_id", "go_id"]]
    new = own.merge(known.assign(known=True), on=["protein_id", "go_id"], how="left")
    keys = ["protein_id", "aspect"]
    asked = new.loc[new["known"].isna(), keys].drop_duplicates().sort_values(keys, ignore_index=True)
    pairs = set(zip(before["protein_id"], before["aspect"], strict=True))
    here = [pair in pairs for pair in zip(asked["protein_id"], asked["aspect"], strict=True)]
    anywhere = asked["protein_id"].isin(before["protein_id"])
    told = np.select([here, anywhere], [PARTIAL, LIMITED], NO)
    return asked.assign(knowledge=told), known
