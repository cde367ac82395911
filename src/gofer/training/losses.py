"""The losses, each as the paper would write it.

Shapes: B proteins, C candidate terms, W windows, D shared width. All are finite, with finite gradients, for any batch:
one protein, no positive, or nothing to contrast with gives 0.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(logits_BC: Tensor, weight_BC: Tensor, negative_BC: Tensor) -> Tensor:
    """Multi-positive InfoNCE: each positive against the negatives of its row alone, so that positives do not compete.

    -Σ w_ij log( e^s_ij / (e^s_ij + Σ_k e^s_ik) ) / Σ w_ij, k over the negatives (van den Oord 2018, Khosla 2020).

    Args:
        logits_BC: Scores over temperature.
        weight_BC: Weight of each positive, 0 elsewhere.
        negative_BC: Which are negatives; rows without one are left out.
    """
    weight_BC = weight_BC * negative_BC.any(1, keepdim=True)
    against_B1 = torch.logsumexp(logits_BC.masked_fill(~negative_BC, -1e30), 1, keepdim=True)
    loss_BC = F.softplus(against_B1 - logits_BC)
    return _weighted_mean(loss_BC, weight_BC)


def sigmoid_pairs(logits_BC: Tensor, weight_BC: Tensor, negative_BC: Tensor) -> Tensor:
    """Pairwise sigmoid loss: each pair is a yes-or-no question (SigLIP, Zhai 2023); arguments as for `info_nce`."""
    yes = F.softplus(-logits_BC) * weight_BC
    no = F.softplus(logits_BC) * negative_BC
    total = weight_BC.sum()
    return (yes.sum() + no.sum()) * (total > 0) / total.clamp(min=1e-6)


def binary_cross_entropy(logits_BT: Tensor, positive_BT: Tensor, known_BT: Tensor) -> Tensor:
    """What a plain classifier of all terms minimises, y = 1 for a positive and 0 otherwise, m = 1 where y is known.

    -Σ m_ij ( y_ij log σ(s_ij) + (1 - y_ij) log(1 - σ(s_ij)) ) / Σ m_ij y_ij, so per positive like the losses above.

    Args:
        logits_BT: Scores over temperature, of every term.
        positive_BT: y, which are positives.
        known_BT: m, which count at all.
    """
    positive_BT, known_BT = positive_BT.to(logits_BT), known_BT.to(logits_BT)
    total = (known_BT * positive_BT).sum()
    loss = F.binary_cross_entropy_with_logits(logits_BT, positive_BT, known_BT, reduction="sum")
    return loss * (total > 0) / total.clamp(min=1e-6)


def dag_closeness(child_ED: Tensor, parent_ED: Tensor, *, margin: float) -> Tensor:
    """Mean of max(0, margin - cos(child, parent)) over pairs of unit vectors; 0 without pairs."""
    if not len(child_ED):
        return child_ED.sum()
    return F.relu(margin - (child_ED * parent_ED).sum(-1)).mean()


def attribution_agreement(drop_PW: Tensor, mass_PW: Tensor) -> Tensor:
    """KL(impact ‖ attention): attention should lie where masking lowers the score.

    Args:
        drop_PW: Drop in score when each window of a positive pair's protein is masked; only drops > 0 count. No
            gradient flows into it.
        mass_PW: Attention mass on each window, summing to 1 over the windows.
    """
    drop_PW = drop_PW.detach().clamp(min=0)
    total_P1 = drop_PW.sum(1, keepdim=True)
    told_P = total_P1[:, 0] > 1e-6
    if not told_P.any():
        return mass_PW.sum() * 0
    impact_PW = drop_PW[told_P] / total_P1[told_P]
    return F.kl_div(mass_PW[told_P].clamp(min=1e-12).log(), impact_PW, reduction="batchmean")


def _weighted_mean(loss_BC: Tensor, weight_BC: Tensor) -> Tensor:
    return (loss_BC * weight_BC).sum() / weight_BC.sum().clamp(min=1e-6)


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
