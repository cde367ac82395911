"""The settings of training as records, read once from the config; stages A–D are four blocks of the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gofer.mining.curriculum import CurriculumConfig, progress_at

STAGES = "ABCD"


@dataclass(frozen=True)
class Weights:
    """λ of each loss at one step."""

    con: float
    attr: float
    dag: float


@dataclass(frozen=True)
class StageConfig:
    """One of the stages A–D.

    Attributes:
        name: A, B, C or D.
        epochs: Passes over the training proteins, or over epoch_proteins of them.
        learning_rate: Highest learning rate of AdamW.
        lambda_con: Weight of the contrastive loss.
        lambda_attr_start: Weight of the attribution loss at the first step.
        lambda_attr_max: Its weight at the last step.
        lambda_dag: Weight of the DAG loss.
        curriculum: Hardness of the negatives.
    """

    name: str
    epochs: int
    learning_rate: float
    lambda_con: float
    lambda_attr_start: float
    lambda_attr_max: float
    lambda_dag: float
    curriculum: CurriculumConfig

    @classmethod
    def from_config(cls, training: Mapping[str, Any], name: str) -> "StageConfig":
        """From the `training` section of a config."""
        block = training["stages"][name]
        numbers = ["learning_rate", "lambda_con", "lambda_attr_start", "lambda_attr_max", "lambda_dag"]
        return cls(
            name=name,
            epochs=int(block["epochs"]),
            curriculum=CurriculumConfig.from_config(block["curriculum"]),
            **{number: float(block[number]) for number in numbers},
        )

    def weights(self, step: int, steps: int) -> Weights:
        """λ at a step; λ_attr moves evenly from its first to its last value."""
        way = progress_at(step, steps, warmup=0.0, shape="linear")
        attr = self.lambda_attr_start + way * (self.lambda_attr_max - self.lambda_attr_start)
        return Weights(con=self.lambda_con, attr=attr, dag=self.lambda_dag)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What all stages share.

    Attributes:
        objective: "infonce", "sigmoid" or "bce".
        go_to_protein: For infonce: whether a term is also contrasted over the proteins of the batch.
        batch_proteins: Proteins of a batch, over all processes.
        epoch_proteins: Training proteins of an epoch, drawn anew for each; None for all.
        weight_decay: Of AdamW.
        clip_norm: Highest norm of the gradient; a higher one is scaled down.
        gamma: A propagated positive weighs gamma^hops.
        fs_target_ratio: Share of the positives' weight that few-shot terms reach.
        dag_margin: Cosine of a child and its parent below which the DAG loss is above 0.
        attr_pairs: Positive pairs per protein and step in the attribution loss.
        accumulate: Batches per update of the weights.
        patience: Epochs without a better validation Fmax after which a stage ends; None for never.
        refresh_epochs: Epochs between two projections of the mining index.
        precision: "float32", or "bfloat16" for the products of the towers.
        seed: Seed of all random draws.
    """

    objective: str
    go_to_protein: bool
    batch_proteins: int
    epoch_proteins: int | None = None
    weight_decay: float
    clip_norm: float = 1.0
    gamma: float
    fs_target_ratio: float
    dag_margin: float
    attr_pairs: int = 1
    accumulate: int
    patience: int | None
    refresh_epochs: int
    precision: str
    seed: int

    @classmethod
    def from_config(cls, training: Mapping[str, Any], mining: Mapping[str, Any], seed: int) -> "TrainingConfig":
        """From the sections `training` and `mining` of a config."""
        shared = {name: training[name] for name in cls.__dataclass_fields__ if name in training}
        return cls(refresh_epochs=int(mining["refresh_epochs"]), seed=seed, **shared)
