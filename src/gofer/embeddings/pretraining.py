"""Pre-training a small ESM-2 on any proteins: masked language modelling (Devlin et al. 2019; Lin et al. 2023,
doi:10.1126/science.ade2574), judged by the perplexity of proteins held out by sequence clusters.

All chance of a step follows from the seed and its number, so a run that was killed goes on from its last saved state
to the same weights, on the same machine to the bit.
"""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from esm.model.esm2 import ESM2

from gofer.embeddings.esm import MOST_RESIDUES
from gofer.embeddings.pretraining_data import Crops, Masking
from gofer.embeddings.pretraining_forward import MaskedBatch, masked_logits
from gofer.embeddings.pretraining_state import PretrainingState, read_state, write_state

CHECKS = 20  # of the held-out perplexity, evenly over the steps
SAVE_SECONDS = 120
WARM_UP = 0.05
BETAS = (0.9, 0.98)
CLIP_NORM = 1.0
CHECK_BATCH = 8192
# Every residue that is asked is hidden: with the recipe of training a tenth of them would stand there to be copied.
HIDDEN = Masking(0.15, as_mask=1.0, as_random=0.0)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainingConfig:
    """How a model is pre-trained; the keys of `embeddings.pretraining`, and the run's seed.

    Attributes:
        layers: Transformer layers.
        width: E, an even multiple of the heads.
        heads: Attention heads.
        crop: Most residues of a training crop.
        batch_residues: About so many residues a step.
        steps: Steps of the whole schedule.
        minutes: Stop after so many, or None; the weights then depend on the machine.
        learning_rate: The highest, after the warm-up; then it falls to 0 as a cosine.
        weight_decay: AdamW's, for matrices.
        dropout: Of each layer's two updates.
        masked: Share of the residues that are asked.
        held_out: Share of the residues that is never trained on.
        seed: Of all chance.
    """

    layers: int
    width: int
    heads: int
    crop: int
    batch_residues: int
    steps: int
    minutes: float | None
    learning_rate: float
    weight_decay: float
    dropout: float
    masked: float
    held_out: float
    seed: int

    @classmethod
    def from_config(cls, pretraining: Mapping[str, Any], seed: int) -> "PretrainingConfig":
        """From the `embeddings.pretraining` section of a config."""
        return cls(**pretraining, seed=seed)


def begin_esm2(config: PretrainingConfig) -> ESM2:
    """fair-esm's ESM-2 with its own initial weights, except that token vectors have length 1 (about), not sqrt(E)."""
    torch.manual_seed(config.seed)
    model = ESM2(config.layers, config.width, config.heads, alphabet="ESM-1b")
    with torch.no_grad():
        model.embed_tokens.weight.mul_(config.width**-0.5)
    return model


def pretrain(
    train: Sequence[str], held_out: Sequence[str], config: PretrainingConfig, *, state_file: Path | str, mark: str
) -> PretrainingState:
    """Train from the beginning, or from where an earlier call with the same `mark` was stopped.

    Args:
        train: Sequences to learn.
        held_out: Sequences to judge by.
        config: How.
        state_file: Where the state is kept, written every two minutes.
        mark: Digest of what the run depends on; a state with another one is left aside.

    Returns:
        The last state, with the curve and the weights that were best on the held-out sequences.
    """
    model = begin_esm2(config)
    optimizer = _optimizer(model, config)
    state = read_state(state_file, model, optimizer, mark=mark) or PretrainingState(mark)
    crops = Crops(train, model.alphabet, crop=config.crop)
    asked = list(
        Crops(held_out, model.alphabet, crop=MOST_RESIDUES).whole(
            batch_residues=CHECK_BATCH, masking=HIDDEN, seed=config.seed
        )
    )
    check_every = max(1, config.steps // CHECKS)
    begun = saved = time.monotonic() - state.seconds
    while state.step < config.steps and not _out_of_time(state, config):
        loss, residues = _step(model, optimizer, crops, state.step, config)
        state.took(residues, loss, seconds=time.monotonic() - begun)
        if state.step % check_every == 0 or state.step == config.steps:
            state.checked(perplexity(model, asked), model)
            logger.info("%s", state.told())
        if time.monotonic() - saved > SAVE_SECONDS:
            saved = time.monotonic()
            write_state(state_file, state, model, optimizer)
    if not state.curve or state.curve[-1]["step"] != state.step:
        state.checked(perplexity(model, asked), model)
    write_state(state_file, state, model, optimizer)
    return state


@torch.inference_mode()
def perplexity(model: ESM2, asked: Sequence[MaskedBatch]) -> float:
    """exp of the mean negative log-likelihood (natural) of the hidden residues; without dropout, in float32."""
    losses = [F.cross_entropy(masked_logits(model, batch), batch.truth_M, reduction="sum").item() for batch in asked]
    return math.exp(sum(losses) / sum(len(batch.truth_M) for batch in asked))


def _step(
    model: ESM2, optimizer: torch.optim.Optimizer, crops: Crops, step: int, config: PretrainingConfig
) -> tuple[float, int]:
    number = max(1, config.batch_residues // config.crop)
    batch = crops.batch(step, crops=number, masking=Masking(config.masked), seed=config.seed)
    torch.manual_seed(int(np.random.default_rng([config.seed, step]).integers(2**63)))  # for dropout
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, config)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits_MV = masked_logits(model, batch, dropout=config.dropout)
    loss = F.cross_entropy(logits_MV, batch.truth_M)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
    optimizer.step()
    return loss.item(), len(batch.tokens_R) - 2 * len(batch.lengths)


def learning_rate(step: int, config: PretrainingConfig) -> float:
    """Linear from 0 over the first twentieth of the steps, then a cosine to 0."""
    warm_up = max(1, round(WARM_UP * config.steps))
    if step < warm_up:
        return config.learning_rate * (step + 1) / warm_up
    done = (step - warm_up) / max(1, config.steps - warm_up)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def _optimizer(model: ESM2, config: PretrainingConfig) -> torch.optim.AdamW:
    # Contacts are not learned, and the output's matrix is the token vectors' own.
    own = [parameter for name, parameter in model.named_parameters() if not name.startswith("contact_head.")]
    groups = [
        {"params": [parameter for parameter in own if parameter.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [parameter for parameter in own if parameter.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=BETAS, fused=True)


def _out_of_time(state: PretrainingState, config: PretrainingConfig) -> bool:
    return config.minutes is not None and state.seconds >= 60 * config.minutes
