"""One step of training: from a batch of proteins to the loss, with everything that is reported beside it.

Shapes: B proteins, C candidate terms, T training terms, W windows, D shared width, P positive pairs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gofer.mining.curriculum import Knobs
from gofer.mining.miner import Miner
from gofer.mining.negatives import Candidates, all_terms, choose_candidates
from gofer.training import losses
from gofer.training.attribution import can_be_masked, impact
from gofer.training.dataset import ProteinBatch
from gofer.training.model import GoferModel, PooledProteins
from gofer.training.settings import StageConfig, TrainingConfig
from gofer.training.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class TermTensors:
    """What a step needs of the vocabulary, as tensors."""

    text_TG: Tensor
    base_rate_T: Tensor
    few_T: Tensor
    edges_E2: Tensor

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "TermTensors":
        """Copy a vocabulary."""
        return cls(
            text_TG=torch.from_numpy(vocabulary.text_TG),
            base_rate_T=torch.from_numpy(vocabulary.base_rate_T),
            few_T=torch.from_numpy(vocabulary.few_T),
            edges_E2=torch.from_numpy(vocabulary.neighbourhood.edges()),
        )


@dataclass(frozen=True, eq=False)
class StepLoss:
    """The loss of one step, and figures to report."""

    total: Tensor
    figures: dict[str, float]


@dataclass(frozen=True, eq=False)
class Stepper:
    """Computes the loss of a batch.

    Attributes:
        model: In training mode.
        vocabulary: The training terms.
        terms: The same, as tensors.
        miner: Finds hard negatives.
        stage: Weights of the losses.
        config: What all stages share.
        rng: Source of the chance in negatives and pairs.
    """

    model: GoferModel
    vocabulary: Vocabulary
    terms: TermTensors
    miner: Miner
    stage: StageConfig
    config: TrainingConfig
    rng: np.random.Generator

    def loss(self, batch: ProteinBatch, knobs: Knobs, lambda_attr: float) -> StepLoss:
        """Contrast, DAG and attribution of one batch."""
        pooled = self.model.encode_proteins(batch.residues_RE, batch.layout)
        z_BD = pooled.z_BD
        candidates = self._candidates(batch, z_BD, knobs)
        term_C = torch.from_numpy(candidates.term_C)
        z_CD = self.model.project_terms(self.terms.text_TG[term_C], term_C)
        con, few_share = self._contrast(z_BD @ z_CD.T / self.model.temperature, candidates, term_C)
        dag = self._dag(z_CD, term_C)
        attr = self._attribution(pooled, z_CD, candidates) if lambda_attr > 0 else z_BD.sum() * 0
        total = self.stage.lambda_con * con + self.stage.lambda_dag * dag + lambda_attr * attr
        parts = {"loss": total.detach(), "con": con.detach(), "dag": dag.detach(), "attr": attr.detach()}
        figures = parts | self._told(pooled, z_CD, candidates)
        return StepLoss(total, {name: float(value) for name, value in figures.items()} | {"few_share": few_share})

    def _candidates(self, batch: ProteinBatch, z_BD: Tensor, knobs: Knobs) -> Candidates:
        if self.config.objective == "bce":
            return all_terms(batch.hops_BT, batch.truth_BT)
        mined_from = z_BD.detach().numpy()
        return choose_candidates(
            batch.hops_BT,
            batch.truth_BT,
            self.vocabulary.neighbourhood,
            knobs,
            lambda k: self.miner.nearest(mined_from, batch.hops_BT, k),
            self.rng,
        )

    def _contrast(self, logits_BC: Tensor, candidates: Candidates, term_C: Tensor) -> tuple[Tensor, float]:
        hops_BC = torch.from_numpy(candidates.hops_BC)
        with_base_rate_BC = logits_BC + self.terms.base_rate_T[term_C]
        negative_BC, allowed_BC = torch.from_numpy(candidates.negative_BC), torch.from_numpy(candidates.allowed_BC)
        if self.config.objective == "bce":
            positive_BC = hops_BC >= 0
            few_share = float((positive_BC & self.terms.few_T[term_C]).sum() / positive_BC.sum().clamp(min=1))
            return losses.binary_cross_entropy(with_base_rate_BC, positive_BC, positive_BC | negative_BC), few_share
        weight_BC = torch.where(hops_BC >= 0, self.config.gamma ** hops_BC.clamp(min=0).float(), 0.0)
        weight_BC, few_share = losses.few_shot_weights(
            weight_BC, self.terms.few_T[term_C], target=self.config.fs_target_ratio
        )
        if self.config.objective == "sigmoid":
            return losses.sigmoid_pairs(with_base_rate_BC, weight_BC, negative_BC), few_share
        to_go = losses.info_nce(with_base_rate_BC, weight_BC, negative_BC)
        if not self.config.go_to_protein:
            return to_go, few_share
        to_protein = losses.info_nce(logits_BC.T, weight_BC.T, allowed_BC.T)
        return (to_go + to_protein) / 2, few_share

    def _dag(self, z_CD: Tensor, term_C: Tensor) -> Tensor:
        place_T = torch.full((len(self.terms.text_TG),), -1)
        place_T[term_C] = torch.arange(len(term_C))
        place_E2 = place_T[self.terms.edges_E2]
        place_E2 = place_E2[(place_E2 >= 0).all(1)]
        return losses.dag_closeness(z_CD[place_E2[:, 0]], z_CD[place_E2[:, 1]], margin=self.config.dag_margin)

    def _attribution(self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates) -> Tensor:
        protein_P, place_P = self._stated_pairs(candidates)
        moved_BWD = impact(self.model, pooled)
        drop_PW = torch.einsum("pwd,pd->pw", moved_BWD[protein_P], z_CD.detach()[place_P])
        told_P = can_be_masked(pooled).any(1)[protein_P]
        return losses.attribution_agreement(drop_PW[told_P], pooled.window_attention_mass()[protein_P[told_P]])

    def _stated_pairs(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        # Up to `attr_pairs` stated positives of each protein, drawn at random.
        chance_BC = np.where(candidates.hops_BC == 0, self.rng.random(candidates.hops_BC.shape), -1.0)
        best_BK = np.argsort(-chance_BC, axis=1, kind="stable")[:, : self.config.attr_pairs]
        protein_P, place_P = np.nonzero(np.take_along_axis(chance_BC, best_BK, axis=1) >= 0)
        return torch.from_numpy(protein_P), torch.from_numpy(best_BK[protein_P, place_P])

    def _told(self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates) -> dict[str, Tensor | float]:
        with torch.no_grad():
            mass_BW = pooled.beta_BW.clamp(min=1e-12)
            return {
                "temperature": self.model.temperature.detach(),
                "attention_entropy": -(mass_BW * mass_BW.log() * pooled.layout.window_mask_BW).sum(1).mean(),
                "alignment": losses.alignment(pooled.z_BD, z_CD, torch.from_numpy(candidates.hops_BC >= 0)),
                "uniformity": losses.uniformity(pooled.z_BD),
                "negatives": float(candidates.negative_BC.sum(axis=1).mean()),
                "index_age": float(self.miner.age),
            }
