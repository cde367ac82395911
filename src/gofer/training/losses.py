"""The losses, each as the paper would write it.

L_con is one of three objectives, which share one call: `InfoNCE`, `SigmoidPairs` or `BCE` of the scores
s_ij = z_i·z_j/τ + b_j, where b_j is the base rate of term j (its log-odds among the training proteins).

Shapes: B proteins, C candidate terms, W windows, P positive pairs, E edges, D shared width. All losses are finite, with
finite gradients, for any batch; one protein, no positive, or nothing to contrast with gives 0.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Targets:
    """What the scores of a batch should say; a pair that is no positive and no negative does not count.

    Attributes:
        weight_BC: w, the weight of each positive, 0 elsewhere.
        negative_BC: Which terms are negatives of a protein.
        allowed_BC: Which proteins may be negatives of a term.
    """

    weight_BC: Tensor
    negative_BC: Tensor
    allowed_BC: Tensor


class Objective(Protocol):
    """L_con; `all_terms` is True where each training term is a candidate, and each positive has weight 1."""

    all_terms: ClassVar[bool]

    def __call__(self, logits_BC: Tensor, base_rate_C: Tensor, targets: Targets) -> Tensor:
        """The loss of a batch.

        Args:
            logits_BC: z_i·z_j/τ.
            base_rate_C: b_j.
            targets: What they are compared with.
        """
        ...


@dataclass(frozen=True)
class InfoNCE:
    """Multi-positive InfoNCE, from protein to GO and from GO to protein (van den Oord 2018, Khosla 2020).

    -Σ w_ij log( e^s_ij / (e^s_ij + Σ_k e^s_ik) ) / Σ w_ij, k over the negatives of i: positives do not compete.
    L_con is the mean of this and of the same over the columns.

    Attributes:
        go_to_protein: Whether a term is also contrasted over the proteins of the batch.
    """

    all_terms: ClassVar[bool] = False
    go_to_protein: bool = True

    def __call__(self, logits_BC: Tensor, base_rate_C: Tensor, targets: Targets) -> Tensor:
        """The loss of a batch; rows without a negative are left out."""
        to_go = _info_nce(logits_BC + base_rate_C, targets.weight_BC, targets.negative_BC)
        if not self.go_to_protein:
            return to_go
        # Over the proteins of one term b_j cancels.
        to_protein = _info_nce(logits_BC.T, targets.weight_BC.T, targets.allowed_BC.T)
        return (to_go + to_protein) / 2


def _info_nce(score_BC: Tensor, weight_BC: Tensor, negative_BC: Tensor) -> Tensor:
    weight_BC = weight_BC * negative_BC.any(1, keepdim=True)
    against_B1 = torch.logsumexp(score_BC.masked_fill(~negative_BC, -1e30), 1, keepdim=True)
    loss_BC = F.softplus(against_B1 - score_BC)
    return (loss_BC * weight_BC).sum() / weight_BC.sum().clamp(min=1e-6)


@dataclass(frozen=True)
class SigmoidPairs:
    """Pairwise sigmoid loss: each pair is a yes-or-no question (SigLIP, Zhai 2023).

    -( Σ w_ij log σ(s_ij) + Σ log(1 - σ(s_ik)) ) / Σ w_ij, k over the negatives of i.
    """

    all_terms: ClassVar[bool] = False

    def __call__(self, logits_BC: Tensor, base_rate_C: Tensor, targets: Targets) -> Tensor:
        """The loss of a batch."""
        score_BC = logits_BC + base_rate_C
        yes = F.softplus(-score_BC) * targets.weight_BC
        no = F.softplus(score_BC) * targets.negative_BC
        return _per_positive(yes.sum() + no.sum(), targets.weight_BC.sum())


@dataclass(frozen=True)
class BCE:
    """Binary cross-entropy over all training terms, as a plain classifier has it.

    -Σ m_ij ( y_ij log σ(s_ij) + (1 - y_ij) log(1 - σ(s_ij)) ) / Σ y_ij, where y_ij is 1 for a positive, and m_ij is 1
    for a positive or a negative.
    """

    all_terms: ClassVar[bool] = True

    def __call__(self, logits_BC: Tensor, base_rate_C: Tensor, targets: Targets) -> Tensor:
        """The loss of a batch."""
        positive_BC = targets.weight_BC > 0
        known_BC = positive_BC | targets.negative_BC
        score_BC, positive_BC, known_BC = logits_BC + base_rate_C, positive_BC.to(logits_BC), known_BC.to(logits_BC)
        loss = F.binary_cross_entropy_with_logits(score_BC, positive_BC, known_BC, reduction="sum")
        return _per_positive(loss, positive_BC.sum())


def _per_positive(loss: Tensor, positives: Tensor) -> Tensor:
    return loss * (positives > 0) / positives.clamp(min=1e-6)


def attribution_agreement(drop_PW: Tensor, mass_PW: Tensor) -> Tensor:
    """L_attr = KL(impact ‖ attention): attention should be where masking lowers the score.

    Args:
        drop_PW: Drop in score when each window of a positive pair's protein is masked; only drops > 0 count. No
            gradient flows into it.
        mass_PW: Attention mass on each window, summing to 1 over the windows.
    """
    drop_PW = drop_PW.detach().clamp(min=0)
    total_P1 = drop_PW.sum(1, keepdim=True)
    has_drop_P = total_P1[:, 0] > 1e-6
    if not has_drop_P.any():
        return mass_PW.sum() * 0
    impact_PW = drop_PW[has_drop_P] / total_P1[has_drop_P]
    return F.kl_div(mass_PW[has_drop_P].clamp(min=1e-12).log(), impact_PW, reduction="batchmean")


def dag_closeness(child_ED: Tensor, parent_ED: Tensor, *, margin: float) -> Tensor:
    """L_DAG = mean of max(0, margin - cos(child, parent)) over pairs of unit vectors; 0 without pairs."""
    if not len(child_ED):
        return child_ED.sum()
    return F.relu(margin - (child_ED * parent_ED).sum(-1)).mean()


def few_shot_weights(weight_BC: Tensor, few_C: Tensor, *, target: float, most: float = 10.0) -> tuple[Tensor, float]:
    """Raise the weights of few-shot positives until they make up `target` of the total.

    Args:
        weight_BC: Weights of the positives.
        few_C: Which candidates are few-shot terms.
        target: Share wanted, in [0, 1).
        most: A weight is raised at most by this factor.

    Returns:
        The weights, and the share that the few-shot positives now have (0 where the batch has none).
    """
    few, rest = float(weight_BC[:, few_C].sum()), float(weight_BC[:, ~few_C].sum())
    if few == 0 or rest == 0:
        return weight_BC, float(few > 0)
    factor = min(max(target * rest / ((1 - target) * few), 1.0), most)
    return torch.where(few_C, weight_BC * factor, weight_BC), factor * few / (factor * few + rest)


def alignment(z_BD: Tensor, z_CD: Tensor, positive_BC: Tensor) -> Tensor:
    """Mean squared distance of positive pairs (Wang & Isola 2020), in [0, 4]; lower is closer."""
    cosine_BC = z_BD @ z_CD.T
    return ((2 - 2 * cosine_BC) * positive_BC).sum() / positive_BC.sum().clamp(min=1)


def uniformity(z_BD: Tensor) -> Tensor:
    """Log mean e^(-2 d²) over pairs of different proteins (Wang & Isola 2020); lower is more even; one protein: 0."""
    if len(z_BD) < 2:
        return z_BD.sum() * 0
    return torch.pdist(z_BD).square().mul(-2).exp().mean().log()
