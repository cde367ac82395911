"""A method blended with labels of similar proteins (DIAMOND): how much they count is chosen on validation proteins.

score = (1 - share) · the method's + share · DIAMOND's, for proteins that DIAMOND has a hit for; the others keep the
method's scores. One share per aspect.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gofer.evaluation.cafa import COLUMNS
from gofer.evaluation.pairs import count
from gofer.evaluation.quality import quality_of
from gofer.evaluation.truth import HeldOut, aspect_pairs

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def fit_shares(method: pd.DataFrame, similar: pd.DataFrame, held_out: HeldOut, *, min_score: float) -> dict[str, float]:
    """DIAMOND's share per aspect with the best `quality` of the blend on the validation proteins.

    Of equally good shares the lowest; 0 for an aspect without a label.

    Args:
        method: Columns protein_id, go_id, score of the method.
        similar: The same of DIAMOND.
        held_out: The validation labels.
        min_score: Lower scores are left out of the blend.
    """
    validation = held_out.of_split("val")["protein_id"].unique()
    own, near = (table[table["protein_id"].isin(validation)] for table in (method, similar))
    aspect_of = held_out.terms.set_index("go_id")["aspect"]
    told: dict[str, list[float]] = {str(aspect): [] for aspect in aspect_of.unique()}
    for share in SHARES:
        blended = blend(own, near, dict.fromkeys(told, share), aspect_of, min_score=min_score)
        for aspect, qualities in told.items():
            joined = aspect_pairs(blended, held_out, aspect, "val")
            counts = (count(joined.pairs, accretion_C) for accretion_C in (None, joined.accretion_C))
            qualities.append(quality_of(*counts))
    return {aspect: SHARES[int(np.argmax(qualities))] for aspect, qualities in told.items()}


def blend(
    method: pd.DataFrame, similar: pd.DataFrame, shares: Mapping[str, float], aspect_of: pd.Series, *, min_score: float
) -> pd.DataFrame:
    """Blended predictions: columns protein_id, go_id, score in (0, 1], sorted.

    Args:
        method: Columns protein_id, go_id, score of the method, propagated.
        similar: The same of DIAMOND.
        shares: DIAMOND's share by aspect.
        aspect_of: Aspect by go_id.
        min_score: Lower scores are left out.
    """
    own, near = (table.astype({"protein_id": str, "go_id": str})[COLUMNS] for table in (method, similar))
    both = own.merge(near, on=["protein_id", "go_id"], how="outer", suffixes=("", "_near"))
    both = both.fillna({"score": 0.0, "score_near": 0.0}).assign(aspect=both["go_id"].map(aspect_of))
    # A hit counts for the aspects that it has a label in: where it has none, it says nothing of them.
    hits = near.assign(aspect=near["go_id"].map(aspect_of))[["protein_id", "aspect"]].drop_duplicates()
    hits["share"] = hits["aspect"].map(shares).astype(float)
    share_P = both[["protein_id", "aspect"]].merge(hits, how="left")["share"].fillna(0.0).to_numpy()
    both["score"] = (1 - share_P) * both["score"] + share_P * both["score_near"]
    kept = both.loc[both["score"] >= min_score, COLUMNS]
    return kept.sort_values(["protein_id", "score", "go_id"], ascending=[True, False, True], ignore_index=True)
