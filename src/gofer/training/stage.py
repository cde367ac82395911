"""A stage of training, from the previous stage's checkpoint to the next.

The epoch with the best mean Fmax on the validation proteins is kept. With one seed and one number of threads, a stage
gives bit-identical weights on a CPU, also when it was stopped and resumed.
"""

import copy
import logging
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gofer.errors import GoferError
from gofer.mining.curriculum import Knobs
from gofer.mining.miner import Miner
from gofer.training.encode import term_vectors
from gofer.training.model import GoferModel
from gofer.training.optimiser import NotFiniteError, Optimiser, finite
from gofer.training.parallel import ALONE, Team
from gofer.training.resume import ResumePoint, StageState
from gofer.training.settings import STAGES, StageConfig, TrainingConfig, Weights
from gofer.training.shuffled_rows import ShuffledRows
from gofer.training.stage_data import StageData
from gofer.training.step import Stepper
from gofer.training.tracking import Cost, Tracker, means
from gofer.training.validation import validation_figures
from gofer.workflow import progress

logger = logging.getLogger(__name__)


def sampler_of(data: StageData, config: TrainingConfig) -> ShuffledRows:
    """The order of the training proteins, before it is drawn."""
    return ShuffledRows(
        len(data.train.proteins),
        batch_proteins=config.batch_proteins,
        accumulate=config.accumulate,
        epoch_rows=config.epoch_proteins,
    )


def steps_of(data: StageData, stage: StageConfig, config: TrainingConfig) -> int:
    """Steps (updates of the weights) of a whole stage."""
    return stage.epochs * sampler_of(data, config).groups_per_epoch


def train_stage(
    model: GoferModel,
    data: StageData,
    miner: Miner,
    stage: StageConfig,
    config: TrainingConfig,
    tracker: Tracker,
    resume: ResumePoint | None = None,
    team: Team = ALONE,
) -> GoferModel:
    """Train `model` for one stage.

    Args:
        model: New, or as the previous stage left it; changed in place.
        data: Training and validation proteins, and the terms.
        miner: Over the phase's index.
        stage: This stage's settings.
        config: What all stages share.
        tracker: Records every figure.
        resume: Where the stage's state is kept, and read from if there is one.
        team: The processes that share each batch.

    Returns:
        The model at its best epoch, in evaluation mode.

    Raises:
        GoferError: The loss or its gradient is not finite, or the processes no longer agree.
        SystemExit: A stop was requested, and the state was kept.
    """
    run = _StageRun(model, data, miner, stage, config, tracker, resume, team)
    if resume and resume.state:
        run.restore(resume.state)
        logger.info("resuming stage %s at epoch %d, step %d", stage.name, run.epoch, run.step)
    for _ in progress(range(run.epoch, stage.epochs + 1), f"stage {stage.name}, epochs"):
        run.finish_epoch()
        if run.has_stalled():
            logger.info("stage %s: stopping early, no better validation Fmax in %s epochs", stage.name, config.patience)
            break
    model.load_state_dict(run.best_weights)
    return model.eval()


class _StageRun:
    # A running stage. What `state` returns, and nothing else, decides how it continues.
    def __init__(
        self,
        model: GoferModel,
        data: StageData,
        miner: Miner,
        stage: StageConfig,
        config: TrainingConfig,
        tracker: Tracker,
        resume: ResumePoint | None,
        team: Team,
    ) -> None:
        self.seed = config.seed * len(STAGES) + STAGES.index(stage.name)
        torch.manual_seed(self.seed)
        torch.use_deterministic_algorithms(True)
        self.rng = np.random.default_rng(self.seed)
        self.model, self.data, self.miner, self.tracker, self.resume = model, data, miner, tracker, resume
        self.stage, self.config, self.team = stage, config, team
        self.stepper = Stepper.of(model, data.vocabulary, miner, config, self.rng, team)
        self.sampler = sampler_of(data, config)
        self.steps = steps_of(data, stage, config)
        self.optimiser = Optimiser.of(model, stage, config, self.steps)
        self.epoch, self.step, self.begun = 1, 0, False
        self.figures: list[dict[str, float]] = []
        self.best_fmax, self.best_epoch = -1.0, 0
        self.best_weights = copy.deepcopy(model.state_dict())

    def finish_epoch(self) -> None:
        """Finish the current epoch, validate the model, and keep it if it is the best so far."""
        if not self.begun:
            self._begin_epoch()
        began, residues = time.perf_counter(), 0
        self.miner.seconds, steps = 0.0, 0
        for rows in self.sampler:
            residues += self._update(rows)
            steps += 1
            if self.resume and self.team.any(self.resume.due()):
                self._keep(self.resume)
        self._log_training(time.perf_counter() - began, residues, steps)
        self._validate()
        self.epoch, self.begun = self.epoch + 1, False

    def _keep(self, resume: ResumePoint) -> None:
        resume.stopping = self.team.any(resume.stopping)
        try:
            resume.keep(self.state())
        finally:
            self.team.any(False)  # no process exits before the state is written

    def has_stalled(self) -> bool:
        """Whether none of the last `patience` epochs was better."""
        return self.config.patience is not None and self.epoch - 1 - self.best_epoch >= self.config.patience

    def _begin_epoch(self) -> None:
        if self.epoch > 1 and (self.epoch - 1) % self.config.refresh_epochs == 0:
            vocabulary = self.data.vocabulary
            self.miner.refresh(term_vectors(self.model.eval(), vocabulary.go_ids, vocabulary.text_TG))
        self.sampler.shuffle(self.rng)
        random = [*self.team.random_state().values(), torch.from_numpy(self.sampler.order)]
        self.team.refuse_drift([*self.model.state_dict().values(), *random])
        self.figures, self.begun = [], True

    def _update(self, rows: list[NDArray[np.int64]]) -> int:
        # One update of the weights from some batches; returns how many residues they have.
        self.model.train()
        try:
            for batch in self.data.train.batches(rows, self.model.sizes, self.team):
                loss = self.stepper.loss(batch, self._knobs(), self._weights())
                self.figures.append(loss.figures)
                (finite(loss.total, "loss") / len(rows)).backward()
            self.optimiser.step(self.model, self.team)
        except NotFiniteError as error:
            ids = self.data.train.proteins.protein_ids
            logger.error("proteins of the batch: %s", " ".join(ids[row] for row in np.concatenate(rows)))
            raise GoferError(
                f"{error} in stage {self.stage.name}, epoch {self.epoch}, step {self.step}",
                help=f"lower training.stages.{self.stage.name}.learning_rate; nothing of this stage was written",
            ) from error
        self.step += 1
        return int(self.data.train.proteins.lengths[np.concatenate(rows)].sum())

    def _knobs(self) -> Knobs:
        return self.stage.curriculum.at(min(self.step, self.steps - 1), self.steps)

    def _weights(self) -> Weights:
        return self.stage.weights(min(self.step, self.steps - 1), self.steps)

    def _log_training(self, seconds: float, residues: int, steps: int) -> None:
        self.tracker.log(epoch=self.epoch, step=self.step, split="train", **means(self.figures))
        if steps:  # 0 if all steps of the epoch were done before a stop
            cost = Cost(seconds=seconds, steps=steps, residues=residues, mining_seconds=self.miner.seconds)
            self.tracker.log_cost(self.epoch, self.step, cost)

    def _validate(self) -> None:
        self.model.eval()
        labels_NT = self.data.val.truth_NT.toarray()
        figures = validation_figures(self.model, self.data.val.proteins, labels_NT, self.data.vocabulary, self.team)
        self.tracker.log(epoch=self.epoch, step=self.step, split="val", **figures, **self._validation_losses())
        logger.info("stage %s, epoch %d: validation Fmax %.4f", self.stage.name, self.epoch, figures["fmax"])
        self.miner.age += 1
        # NaN where no validation protein has a label: then the last epoch is kept.
        if not figures["fmax"] <= self.best_fmax:
            self.best_fmax, self.best_epoch = figures["fmax"], self.epoch
            self.best_weights = copy.deepcopy(self.model.state_dict())

    def _validation_losses(self) -> dict[str, float]:
        # Candidates are drawn with a separate seed, the same in every epoch, so that epochs can be compared.
        stepper = replace(self.stepper, rng=np.random.default_rng(self.seed))
        size = self.config.batch_proteins
        rows_N = np.arange(len(self.data.val.proteins))
        groups = [rows_N[start : start + size] for start in range(0, len(rows_N), size)]
        with torch.no_grad():
            results = [
                stepper.loss(batch, self._knobs(), self._weights()).figures
                for batch in self.data.val.batches(groups, self.model.sizes, self.team)
            ]
        reported = ("loss", "con", "dag", "attr", "attention_entropy", "alignment", "uniformity")
        return {name: value for name, value in means(results).items() if name in reported}

    def state(self) -> StageState:
        """Everything that decides how the stage continues."""
        moments, optimiser = self.optimiser.state()
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        tensors |= {f"moments.{name}": value for name, value in moments.items()}
        tensors |= {**self.team.random_state(), "order": torch.from_numpy(self.sampler.order)}
        if (vectors_TD := self.miner.renewed_vectors) is not None:
            tensors["index"] = torch.from_numpy(vectors_TD)
        names = ("epoch", "step", "figures", "best_fmax", "best_epoch")
        plain: dict[str, Any] = {name: getattr(self, name) for name in names}
        plain |= {
            "place": self.sampler.place,
            "index_age": self.miner.age,
            "index_recall": self.miner.recall,
            "optimiser": optimiser,
        }
        plain |= {"numpy_rng": self.rng.bit_generator.state, "tracker": self.tracker.state()}
        return StageState(tensors, plain)

    def restore(self, state: StageState) -> None:
        """The inverse of `state`; the state was kept within an epoch, after a step."""
        self.model.load_state_dict(state.below("model."))
        self.best_weights = state.below("best.")
        self.optimiser.restore(state.below("moments."), state.plain["optimiser"])
        self.team.restore_random_state(state.tensors)
        self.rng.bit_generator.state = state.plain["numpy_rng"]
        self.sampler.order, self.sampler.place = state.tensors["order"].numpy(), state.plain["place"]
        if "index" in state.tensors:
            self.miner.refresh(state.tensors["index"].numpy())
        self.miner.age, self.miner.recall = state.plain["index_age"], state.plain["index_recall"]
        for name in ("epoch", "step", "figures", "best_fmax", "best_epoch"):
            setattr(self, name, state.plain[name])
        self.tracker.restore(state.plain["tracker"])
        self.begun = True
