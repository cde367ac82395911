"""A stage of training, from the previous stage's checkpoint to its own.

The epoch with the best mean Fmax on the validation proteins is kept. With one seed and one number of threads, a stage
gives the same weights to the bit on a CPU.
"""

import copy
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from gofer.errors import GoferError
from gofer.mining.miner import Miner
from gofer.training.dataset import ContrastiveEmbCollator, ProteinBatch
from gofer.training.model import GoferModel
from gofer.training.settings import STAGES, StageConfig, TrainingConfig
from gofer.training.stage_data import LabelledProteins, StageData
from gofer.training.step import Stepper, TermTensors
from gofer.training.tracking import Tracker
from gofer.training.validation import term_vectors, validation_fmax
from gofer.workflow import progress

logger = logging.getLogger(__name__)

LEAST_RATE = 0.1  # of the learning rate, reached at the last step
RATE_WARMUP = 0.05  # share of the steps in which the learning rate rises


class NotFiniteError(ArithmeticError):
    """Training has diverged."""


def steps_of(data: StageData, stage: StageConfig, config: TrainingConfig) -> int:
    """Steps of a whole stage."""
    return stage.epochs * math.ceil(len(data.train.proteins) / config.batch_proteins)


def train_stage(
    model: GoferModel, data: StageData, miner: Miner, stage: StageConfig, config: TrainingConfig, tracker: Tracker
) -> GoferModel:
    """Train `model` for one stage.

    Args:
        model: New, or as the previous stage left it; changed in place.
        data: Training and validation proteins, and the terms.
        miner: Over the phase's index.
        stage: This stage's settings.
        config: What all stages share.
        tracker: Receives every figure.

    Returns:
        The model at its best epoch, in evaluation mode.

    Raises:
        GoferError: The loss or its gradient is not finite.
    """
    seed = config.seed * len(STAGES) + STAGES.index(stage.name)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(seed)
    terms = TermTensors.of(data.vocabulary)
    stepper = Stepper(model, data.vocabulary, terms, miner, stage, config, rng)
    optimiser = Optimiser.of(model, stage, config, steps_of(data, stage, config))
    run = _Run(stepper, optimiser, tracker, data.train.proteins.protein_ids)
    val_labels_NT = data.val.truth_NT.toarray()

    best_fmax, best_weights = -1.0, copy.deepcopy(model.state_dict())
    for epoch in progress(range(1, stage.epochs + 1), f"stage {stage.name}, epochs"):
        if epoch > 1 and (epoch - 1) % config.refresh_epochs == 0:
            miner.refresh(term_vectors(model.eval(), data.vocabulary.go_ids, data.vocabulary.text_TG))
        run.epoch(epoch, _batches(data.train, model, config, rng))
        figures = validation_fmax(model.eval(), data.val.proteins, val_labels_NT, data.vocabulary)
        tracker.log(epoch=epoch, step=run.step, split="val", **figures)
        logger.info("stage %s, epoch %d: validation Fmax %.4f", stage.name, epoch, figures["fmax"])
        miner.age += 1
        if not figures["fmax"] <= best_fmax:  # NaN where no validation protein has a label: then the last epoch is kept
            best_fmax, best_weights = figures["fmax"], copy.deepcopy(model.state_dict())
    model.load_state_dict(best_weights)
    return model.eval()


def _batches(
    train: LabelledProteins, model: GoferModel, config: TrainingConfig, rng: np.random.Generator
) -> Iterator[ProteinBatch]:
    collate = ContrastiveEmbCollator(train.hops_NT, train.truth_NT, model.sizes.win_size, model.sizes.win_stride)
    order = rng.permutation(len(train.proteins))
    for start in range(0, len(order), config.batch_proteins):
        yield collate([train.proteins[int(row)] for row in order[start : start + config.batch_proteins]])


@dataclass(frozen=True, eq=False)
class Optimiser:
    """AdamW whose rate rises, then falls along a cosine; long gradients are cut."""

    adamw: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LambdaLR
    clip_norm: float
    steps: int

    @classmethod
    def of(cls, model: GoferModel, stage: StageConfig, config: TrainingConfig, steps: int) -> "Optimiser":
        """For all weights of a model; only matrices decay."""
        matrices = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        adamw = torch.optim.AdamW(groups, lr=stage.learning_rate)
        warmup = max(1, round(RATE_WARMUP * steps))

        def rate(step: int) -> float:
            if step < warmup:
                return (step + 1) / warmup
            way = (step - warmup) / max(1, steps - warmup)
            return LEAST_RATE + (1 - LEAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * min(way, 1.0)))

        return cls(adamw, torch.optim.lr_scheduler.LambdaLR(adamw, rate), config.clip_norm, steps)

    def update(self, loss: torch.Tensor, model: GoferModel) -> None:
        """One step down the gradient.

        Raises:
            NotFiniteError: The loss or its gradient is not finite; the weights are as they were.
        """
        if not torch.isfinite(loss):
            raise NotFiniteError(f"the loss is {float(loss.detach())}")
        self.adamw.zero_grad(set_to_none=True)
        loss.backward()
        length = float(torch.nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm))
        if not math.isfinite(length):
            raise NotFiniteError(f"the gradient is {length}")
        self.adamw.step()
        self.schedule.step()


class _Run:
    # Counts the steps of a stage over its epochs.
    def __init__(self, stepper: Stepper, optimiser: Optimiser, tracker: Tracker, protein_ids: list[str]) -> None:
        self.stepper, self.optimiser, self.tracker = stepper, optimiser, tracker
        self.protein_ids = protein_ids
        self.step = 0

    def epoch(self, epoch: int, batches: Iterator[ProteinBatch]) -> None:
        stage, steps = self.stepper.stage, self.optimiser.steps
        figures: list[dict[str, float]] = []
        self.stepper.model.train()
        self.stepper.miner.seconds = 0.0
        for batch in batches:
            knobs = stage.curriculum.at(self.step, steps)
            result = self.stepper.loss(batch, knobs, stage.lambda_attr(self.step, steps))
            try:
                self.optimiser.update(result.total, self.stepper.model)
            except NotFiniteError as error:
                logger.error("proteins of the batch: %s", " ".join(self.protein_ids[row] for row in batch.rows))
                raise GoferError(
                    f"{error} in stage {stage.name}, epoch {epoch}, step {self.step}",
                    help=f"lower training.stages.{stage.name}.learning_rate; nothing of this stage was written",
                ) from error
            figures.append(result.figures)
            self.step += 1
        means = {name: float(np.mean([row[name] for row in figures])) for name in figures[0]}
        means["mining_seconds"] = self.stepper.miner.seconds
        self.tracker.log(epoch=epoch, step=self.step, split="train", **means)
