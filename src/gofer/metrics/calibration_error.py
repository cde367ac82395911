"""Whether scores are probabilities: of the pairs scored .3, three in ten should be true.

Shapes: B proteins, P predicted pairs, U bins, N resamples; `draws_NB` as in `ranking`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.metrics.sparse_pairs import Pairs

BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted pairs in bins of equal count, lowest scores first.

    Attributes:
        score_NU: Mean score of each bin; NaN for a bin without a pair.
        share_NU: Share of its pairs that are true.
        pairs_NU: Its pairs.
    """

    score_NU: NDArray[np.float64]
    share_NU: NDArray[np.float64]
    pairs_NU: NDArray[np.float64]

    @property
    def error_N(self) -> NDArray[np.float64]:
        """Expected calibration error: Σ (pairs in bin / pairs) · |share of true pairs − mean score|, in [0, 1].

        Naeini et al. 2015 (AAAI), Guo et al. 2017 (arXiv:1706.04599), here with bins of equal count (Nguyen and
        O'Connor 2015, doi:10.18653/v1/D15-1182), since most scores are low: bins of equal width would hold nearly all
        pairs in the first. NaN where nothing is predicted.
        """
        apart_NU = np.abs(self.share_NU - self.score_NU)
        weighted_N = np.where(self.pairs_NU > 0, self.pairs_NU * apart_NU, 0).sum(axis=1)
        total_N = self.pairs_NU.sum(axis=1)
        return np.divide(weighted_N, total_N, out=np.full(len(total_N), np.nan), where=total_N > 0)


def reliability(pairs: Pairs, draws_NB: NDArray, *, n_bins: int = BINS) -> Reliability:
    """Bin the predicted pairs (score above 0; of others the method says nothing) by score.

    Pairs of equal score stay in one bin, so bins can differ in count, and some can be empty. Bins are those of all
    proteins once; a resample weighs their pairs.

    Args:
        pairs: Predicted and true.
        draws_NB: How often each protein is drawn in each resample.
        n_bins: Most bins, U.
    """
    score_P, true_P = pairs.score_P, pairs.true_P
    last_P = np.maximum(len(score_P) * np.arange(1, n_bins) // n_bins - 1, 0)
    edges = np.unique(np.sort(score_P)[last_P]) if len(score_P) else np.empty(0)
    cell_P = pairs.protein_P * np.int64(n_bins) + np.searchsorted(edges, score_P, side="left")
    shape = pairs.n_proteins, n_bins
    pairs_NU, score_NU, true_NU = (
        draws_NB @ np.bincount(cell_P, weight_P, minlength=shape[0] * shape[1]).reshape(shape)
        for weight_P in (np.ones(len(score_P)), score_P, true_P.astype(float))
    )
    some = pairs_NU > 0
    return Reliability(
        score_NU=np.divide(score_NU, pairs_NU, out=np.full(pairs_NU.shape, np.nan), where=some),
        share_NU=np.divide(true_NU, pairs_NU, out=np.full(pairs_NU.shape, np.nan), where=some),
        pairs_NU=pairs_NU.astype(float),
    )
