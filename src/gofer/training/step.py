"""One step of training: from a batch of proteins to the loss, and the figures that are reported with it.

Shapes: B proteins, C candidate terms, T training terms, W windows, D shared width, P positive pairs, E parent-child
pairs.
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
from gofer.training.losses import BCE, InfoNCE, Objective, SigmoidPairs, Targets
from gofer.training.model import GoferModel, PooledProteins
from gofer.training.parallel import ALONE, CPU, Team
from gofer.training.settings import TrainingConfig, Weights


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
        objective: L_con.
        config: What all stages share.
        rng: Draws negatives and pairs, the same in all processes.
        team: The processes that share each batch.
    """

    model: GoferModel
    vocabulary: Vocabulary
    terms: TermTensors
    miner: Miner
    objective: Objective
    config: TrainingConfig
    rng: np.random.Generator
    team: Team = ALONE

    @classmethod
    def of(
        cls,
        model: GoferModel,
        vocabulary: Vocabulary,
        miner: Miner,
        config: TrainingConfig,
        rng: np.random.Generator,
        team: Team = ALONE,
    ) -> "Stepper":
        """With the objective that the config names, on the device of the team."""
        objectives: dict[str, Objective] = {
            "infonce": InfoNCE(go_to_protein=config.go_to_protein),
            "sigmoid": SigmoidPairs(),
            "bce": BCE(),
        }
        terms = TermTensors.of(vocabulary, team.device)
        return cls(model.to(team.device), vocabulary, terms, miner, objectives[config.objective], config, rng, team)

    def loss(self, batch: ProteinBatch, knobs: Knobs, weights: Weights) -> StepLoss:
        """L = λ_con L_con + λ_attr L_attr + λ_DAG L_DAG of one batch.

        L_con is the objective over the scores s_ij = z_i·z_j/τ + b_j, where z_i is the vector of protein i, z_j that of
        term j, τ the temperature, and b_j the base rate of the term. L_attr compares attention with the drops of
        z_i·z_j when a window is masked. L_DAG keeps the vectors of a child and its parent close.

        Args:
            batch: Proteins with their labels.
            knobs: Hardness of the negatives.
            weights: λ_con, λ_attr and λ_DAG at this step.
        """
        part = self.team.part(len(batch.rows))
        with self._precision():
            pooled = self._pooled(batch, part)
        candidates = self._candidates(batch, pooled.z_BD, knobs)
        term_C = self._here(candidates.term_C)
        with self._precision():
            z_CD = self.model.project_terms(self.terms.text_TG[term_C], term_C)
        targets, few_share = self._targets(candidates, term_C)

        logits_BC = pooled.z_BD @ z_CD.T / self.model.temperature
        con = self.objective(logits_BC, self.terms.base_rate_T[term_C], targets)
        attr = self._attribution(pooled, z_CD, candidates, part) if weights.attr > 0 else pooled.z_BD.sum() * 0
        dag = self._dag(z_CD, term_C)
        total = weights.con * con + weights.attr * attr + weights.dag * dag

        parts = {"loss": total.detach(), "con": con.detach(), "dag": dag.detach(), "attr": attr.detach()}
        figures = parts | self._figures(pooled, z_CD, candidates, part)
        return StepLoss(total, {name: float(value) for name, value in figures.items()} | {"few_share": few_share})

    def _pooled(self, batch: ProteinBatch, part: slice) -> PooledProteins:
        count = part.stop - part.start
        return self.model.encode_proteins(
            batch.residues_RE.to(self.team.device),
            batch.layout.to(self.team.device),
            lambda pooled_BV: self.team.gathered(pooled_BV[:count]),
        )

    def _candidates(self, batch: ProteinBatch, z_BD: Tensor, knobs: Knobs) -> Candidates:
        if self.objective.all_terms:
            return all_terms(batch.hops_BT, batch.truth_BT)
        part = self.team.part(len(batch.rows))
        queries_BD = z_BD.detach()[part].cpu().numpy()

        def nearest(k: int) -> NDArray[np.int64]:
            rows_BK = self.miner.nearest(queries_BD, batch.hops_BT[part], k)
            return self.team.gathered(self._here(rows_BK)).cpu().numpy()

        graph = self.vocabulary.graph.within_aspects
        return choose_candidates(batch.hops_BT, batch.truth_BT, graph, knobs, nearest, self.rng)

    def _targets(self, candidates: Candidates, term_C: Tensor) -> tuple[Targets, float]:
        # The second is the few-shot terms' share of the positives' weight.
        gamma, few_target = self.config.gamma, self.config.fs_target_ratio
        if self.objective.all_terms:
            gamma, few_target = 1.0, 0.0
        hops_BC = self._here(candidates.hops_BC)
        weight_BC = torch.where(hops_BC >= 0, gamma ** hops_BC.clamp(min=0).float(), 0.0)
        weight_BC, few_share = losses.few_shot_weights(weight_BC, self.terms.few_T[term_C], target=few_target)
        return Targets(weight_BC, self._here(candidates.negative_BC), self._here(candidates.allowed_BC)), few_share

    def _precision(self) -> torch.autocast:
        # For the products of the towers only: cosines over a small temperature need float32.
        low = self.config.precision == "bfloat16"
        return torch.autocast(self.team.device.type, torch.bfloat16, enabled=low)

    def _here(self, values: NDArray) -> Tensor:
        return torch.from_numpy(values).to(self.team.device)

    def _attribution(self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates, part: slice) -> Tensor:
        protein_P, place_P = self._stated_pairs(candidates)
        in_part_P = (protein_P >= part.start) & (protein_P < part.stop)
        protein_P, place_P = protein_P[in_part_P] - part.start, place_P[in_part_P]
        with self._precision():
            moved_BWD = impact(self.model, pooled)
        drop_PW = torch.einsum("pwd,pd->pw", moved_BWD[protein_P], z_CD.detach()[place_P])
        maskable_P = can_be_masked(pooled).any(1)[protein_P]
        mass_PW = pooled.window_attention_mass()[protein_P[maskable_P]]
        return losses.attribution_agreement(self.team.gathered(drop_PW[maskable_P]), self.team.gathered(mass_PW))

    def _stated_pairs(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        # Up to `attr_pairs` stated positives of each protein, drawn at random.
        chance_BC = np.where(candidates.hops_BC == 0, self.rng.random(candidates.hops_BC.shape), -1.0)
        best_BK = np.argsort(-chance_BC, axis=1, kind="stable")[:, : self.config.attr_pairs]
        protein_P, place_P = np.nonzero(np.take_along_axis(chance_BC, best_BK, axis=1) >= 0)
        return self._here(protein_P), self._here(best_BK[protein_P, place_P])

    def _dag(self, z_CD: Tensor, term_C: Tensor) -> Tensor:
        place_T = torch.full((len(self.terms.text_TG),), -1, device=term_C.device)
        place_T[term_C] = torch.arange(len(term_C), device=term_C.device)
        place_E2 = place_T[self.terms.edges_E2]
        place_E2 = place_E2[(place_E2 >= 0).all(1)]
        return losses.dag_closeness(z_CD[place_E2[:, 0]], z_CD[place_E2[:, 1]], margin=self.config.dag_margin)

    def _figures(
        self, pooled: PooledProteins, z_CD: Tensor, candidates: Candidates, part: slice
    ) -> dict[str, Tensor | float]:
        with torch.no_grad():
            mass_BW = pooled.beta_BW.clamp(min=1e-12)
            entropy_BW = -(mass_BW * mass_BW.log() * pooled.layout.window_mask_BW)[: part.stop - part.start]
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
