"""One step of training: from a batch of proteins to the loss, with everything that is reported beside it.

Shapes: B proteins, C candidate terms, T training terms, W windows, D shared width, P positive pairs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gofer.mining.curriculum import Knobs
from gofer.mining.miner import Miner
from gofer.mining.negatives import Candidates, all_terms, choose_candidates
from gofer.mining.vocabulary import Vocabulary
from gofer.training import losses
from gofer.training.attribution import can_be_masked, impact
from gofer.training.dataset import ProteinBatch
from gofer.training.model import GoferModel, PooledProteins
from gofer.training.parallel import ALONE, CPU, Team
from gofer.training.settings import StageConfig, TrainingConfig


@dataclass(frozen=True, eq=False)
class TermTensors:
    """What a step needs of the vocabulary, as tensors."""

    text_TG: Tensor
    base_rate_T: Tensor
    few_T: Tensor
    edges_E2: Tensor

    @classmethod
    def of(cls, vocabulary: Vocabulary, device: torch.device = CPU) -> "TermTensors":
        """Copy a vocabulary to a device."""
        return cls(
            text_TG=torch.from_numpy(vocabulary.text_TG).to(device),
            base_rate_T=torch.from_numpy(vocabulary.base_rate_T).to(device),
            few_T=torch.from_numpy(vocabulary.few_T).to(device),
            edges_E2=torch.from_numpy(vocabulary.graph.within_aspects.edges_E2).to(device),
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
        rng: Source of the chance in negatives and pairs, the same in all processes.
        team: The processes that share each batch.
    """

    model: GoferModel
    vocabulary: Vocabulary
    terms: TermTensors
    miner: Miner
    stage: StageConfig
    config: TrainingConfig
    rng: np.random.Generator
    team: Team = ALONE

    def loss(self, batch: ProteinBatch, knobs: Knobs, lambda_attr: float) -> StepLoss:
        """Contrast, DAG and attribution of one batch."""
        own = self.team.part(len(batch.rows))
        with self._precision():
            pooled = self._pooled(batch, own)
        z_BD = pooled.z_BD
        candidates = self._candidates(batch, z_BD, knobs)
        term_C = self._here(candidates.term_C)
        with self._precision():
            z_CD = self.model.project_terms(self.terms.text_TG[term_C], term_C)
        con, few_share = self._contrast(z_BD @ z_CD.T / self.model.temperature, candidates, term_C)
        dag = self._dag(z_CD, term_C)
        attr = self._attribution(pooled, z_CD, candidates, own) if lambda_attr > 0 else z_BD.sum() * 0
        total = self.stage.lambda_con * con + self.stage.lambda_dag * dag + lambda_attr * attr
        parts = {"loss": total.detach(), "con": con.detach(), "dag": dag.detach(), "attr": attr.detach()}
        figures = parts | self._told(pooled, z_CD, candidates, own)
        return StepLoss(total, {name: float(value) for name, value in figures.items()} | {"few_share": few_share})

    def _candidates(self, batch: ProteinBatch, z_BD: Tensor, knobs: Knobs) -> Candidates:
        if self.config.objective == "bce":
            return all_terms(batch.hops_BT, batch.truth_BT)
        own = self.team.part(len(batch.rows))
        mined_from = z_BD.detach()[own].cpu().numpy()

        def nearest(k: int) -> NDArray[np.int64]:
            rows_BK = self.miner.nearest(mined_from, batch.hops_BT[own], k)
            return self.team.gathered(self._here(rows_BK)).cpu().numpy()

        graph = self.vocabulary.graph.within_aspects
        return choose_candidates(batch.hops_BT, batch.truth_BT, graph, knobs, nearest, self.rng)

    def _pooled(self, batch: ProteinBatch, own: slice) -> PooledProteins:
        count = own.stop - own.start
        return self.model.encode_proteins(
            batch.residues_RE.to(self.team.device),
            batch.layout.to(self.team.device),
            lambda own_BV: self.team.gathered(own_BV[:count]),
        )

    def _precision(self) -> torch.autocast:
        # The products of the towers alone: cosines over a small temperature need float32.
        low = self.config.precision == "bfloat16"
        return torch.autocast(self.team.device.type, torch.bfloat16, enabled=low)

    def _here(self, values: NDArray) -> Tensor:
        return torch.from_numpy(values).to(self.team.device)

    def _contrast(self, logits_BC: Tensor, candidates: Candidates, term_C: Tensor) -> tuple[Tensor, float]:
        hops_BC = self._here(candidates.hops_BC)
        with_base_rate_BC = logits_BC + self.terms.base_rate_T[term_C]
        negative_BC, allowed_BC = self._here(candidates.negative_BC), self._here(candidates.allowed_BC)
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
        place_T = torch.full((len(self.terms.text_TG),), -1, device=term_C.device)
        place_T[term_C] = torch.arange(len(term_C), device=term_C.device)
        place_E2 = place_T[self.terms.edges_E2]
        place_E2 = place_E2[(place_E2 >= 0).all(1)]
        return losses.dag_closeness(z_CD[place_E2[:, 0]], z_CD[place_E2[:, 1]], margin=self.config.dag_margin)

    def _attribution(self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates, own: slice) -> Tensor:
        protein_P, place_P = self._stated_pairs(candidates)
        own_P = (protein_P >= own.start) & (protein_P < own.stop)
        protein_P, place_P = protein_P[own_P] - own.start, place_P[own_P]
        with self._precision():
            moved_BWD = impact(self.model, pooled)
        drop_PW = torch.einsum("pwd,pd->pw", moved_BWD[protein_P], z_CD.detach()[place_P])
        told_P = can_be_masked(pooled).any(1)[protein_P]
        mass_PW = pooled.window_attention_mass()[protein_P[told_P]]
        return losses.attribution_agreement(self.team.gathered(drop_PW[told_P]), self.team.gathered(mass_PW))

    def _stated_pairs(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        # Up to `attr_pairs` stated positives of each protein, drawn at random.
        chance_BC = np.where(candidates.hops_BC == 0, self.rng.random(candidates.hops_BC.shape), -1.0)
        best_BK = np.argsort(-chance_BC, axis=1, kind="stable")[:, : self.config.attr_pairs]
        protein_P, place_P = np.nonzero(np.take_along_axis(chance_BC, best_BK, axis=1) >= 0)
        return self._here(protein_P), self._here(best_BK[protein_P, place_P])

    def _told(
        self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates, own: slice
    ) -> dict[str, Tensor | float]:
        with torch.no_grad():
            mass_BW = pooled.beta_BW.clamp(min=1e-12)
            entropy_BW = -(mass_BW * mass_BW.log() * pooled.layout.window_mask_BW)[: own.stop - own.start]
            return {
                "temperature": self.model.temperature.detach(),
                "attention_entropy": self.team.gathered(entropy_BW).sum(1).mean(),
                "alignment": losses.alignment(pooled.z_BD, z_CD, self._here(candidates.hops_BC >= 0)),
                "uniformity": losses.uniformity(pooled.z_BD),
                "negatives": float(candidates.negative_BC.sum(axis=1).mean()),
                "index_age": float(self.miner.age),
                # None before the first search.
                **({} if self.miner.is_exact or self.miner.recall is None else {"index_recall": self.miner.recall}),
            }
