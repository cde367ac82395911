"""Pre-training a small ESM-2 on any proteins, measured by the perplexity of held-out sequence clusters.

The objective is masked language modelling as in ESM-2 (Lin et al. 2023, doi:10.1126/science.ade2574).
The random draws of a step depend only on the seed and its number, so a killed run resumes from its last saved state and
gives the same weights, bit-identical on the same machine.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from esm.model.esm2 import ESM2

from gofer.embeddings.pretraining.crops import Crops, Masking
from gofer.embeddings.pretraining.masked_forward import MaskedBatch, masked_logits
from gofer.embeddings.pretraining.ngrams import NGrams
from gofer.embeddings.pretraining.pretraining_state import PretrainingState, parameters_of, read_state, write_state
from gofer.embeddings.residues.esm import MOST_RESIDUES

CHECKS = 20  # of the held-out perplexity, at equal intervals
SAVE_SECONDS = 120
WARM_UP = 0.05
DROPOUT = 4  # a random stream, further to those of `crops`
BETAS = (0.9, 0.98)
CLIP_NORM = 1.0
COLUMNS = ["model", "step", "residues", "train_loss", "held_out_perplexity"]
CHECK_BATCH = 8192
# Every predicted residue is hidden: the recipe of training leaves a tenth of them unchanged, to be copied.
HIDDEN = Masking(0.15, as_mask=1.0, as_random=0.0)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig:
    """How a model is pre-trained; a config sets `layers`, `width`, `heads`, `steps` and `minutes`.

    Attributes:
        layers: Transformer layers.
        width: E, an even multiple of the heads.
        heads: Attention heads.
        crop: Most residues of a training crop.
        batch_residues: Residues of a step, about.
        steps: Steps of the whole schedule.
        minutes: The schedule ends after so many minutes at the latest; the weights then depend on the machine. Or None.
        learning_rate: The highest, after the warm-up; then it falls to 0 as a cosine.
        weight_decay: Of the layers' matrices.
        dropout: Of each layer's two updates.
        masked: Share of the residues that are predicted.
        held_out: Share of the residues that are held out.
        float16: Whether the weights are written in half precision.
        seed: Seed of all random draws.
    """

    layers: int
    width: int
    heads: int
    crop: int = 256
    batch_residues: int = 2048
    steps: int
    minutes: float | None
    learning_rate: float = 0.003
    weight_decay: float = 0.05
    dropout: float = 0.0
    masked: float = 0.2
    held_out: float = 0.05
    float16: bool = True
    seed: int

    @classmethod
    def from_config(cls, pretraining: Mapping[str, Any], seed: int) -> "PretrainingConfig":
        """From the `embeddings.pretraining` section of a config."""
        return cls(**pretraining, seed=seed)


def begin_esm2(config: PretrainingConfig) -> ESM2:
    """fair-esm's ESM-2 with its initial weights, except that token vectors have length 1 (about), not sqrt(E)."""
    torch.manual_seed(config.seed)
    model = ESM2(config.layers, config.width, config.heads, alphabet="ESM-1b")
    with torch.no_grad():
        model.embed_tokens.weight.mul_(config.width**-0.5)
    return model


def run_mark(config: PretrainingConfig, train: Sequence[str], held_out: Sequence[str], *, code: str) -> str:
    """Digest of everything that the weights depend on.

    Args:
        config: Settings.
        train: Training sequences.
        held_out: Held-out sequences.
        code: Fingerprint of the library.
    """
    text = json.dumps([asdict(config), list(train), list(held_out), code, torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def pretrain(
    train: Sequence[str], held_out: Sequence[str], config: PretrainingConfig, *, state_file: Path | str, mark: str
) -> PretrainingState:
    """Train from the beginning, or from where an earlier call with the same `mark` was stopped.

    Args:
        train: Training sequences.
        held_out: Held-out sequences.
        config: Settings.
        state_file: Where the state is kept, written every two minutes.
        mark: Digest of what the run depends on; a state with another one is ignored.

    Returns:
        The last state, with the curve and the weights that were best on the held-out sequences.
    """
    model = begin_esm2(config)
    optimizers = _optimizers(model, config)
    state = read_state(state_file, model, optimizers, mark=mark) or PretrainingState(mark)
    crops = Crops(train, model.alphabet, crop=config.crop)
    batches = hidden_batches(held_out, model, seed=config.seed)
    begun, saved = time.monotonic() - state.seconds, time.monotonic()
    while (done := progress(state, config)) < 1:
        loss, residues = _step(model, optimizers, crops, state, config)
        state.took(residues, loss, seconds=time.monotonic() - begun)
        now = progress(state, config)
        if int(now * CHECKS) > int(done * CHECKS):
            state.checked(_quick_perplexity(model, batches), model)
            logger.info("%s", state.last_check())
        if now == 1 or time.monotonic() - saved > SAVE_SECONDS:
            saved = time.monotonic()
            write_state(state_file, state, model, optimizers)
    return state


def best_esm2(state: PretrainingState, config: PretrainingConfig) -> ESM2:
    """The model with the weights that were best on the held-out sequences."""
    model = begin_esm2(config)
    with torch.no_grad():
        for name, parameter in parameters_of(model).items():
            parameter.copy_(state.best[name])
    return model.eval()


def figures(state: PretrainingState, train: Sequence[str], held_out: Sequence[str]) -> pd.DataFrame:
    """The curve, the best weights, and the n-gram baselines on the same held-out sequences.

    Returns:
        model (esm2, esm2 kept, 1-gram, 2-gram, 3-gram), step, residues (seen in training), train_loss (mean since the
        check before, natural logarithm), held_out_perplexity.
    """
    curve = [("esm2", row["step"], row["residues"], row["loss"], row["perplexity"]) for row in state.curve]
    kept = min(curve, key=lambda row: row[-1])
    counted = [
        (f"{order}-gram", None, sum(map(len, train)), None, NGrams(train, order=order).perplexity(held_out))
        for order in (1, 2, 3)
    ]
    table = pd.DataFrame([*curve, ("esm2 kept", *kept[1:]), *counted], columns=COLUMNS)
    return table.astype({"step": "Int64", "residues": "Int64"})


def hidden_batches(sequences: Sequence[str], model: ESM2, *, seed: int) -> list[MaskedBatch]:
    """The batches of `perplexity`: each sequence, cut to the length that the model takes, 15 % of it hidden."""
    crops = Crops(sequences, model.alphabet, crop=MOST_RESIDUES)
    return list(crops.whole(batch_residues=CHECK_BATCH, masking=HIDDEN, seed=seed))


@torch.inference_mode()
def perplexity(model: ESM2, batches: Sequence[MaskedBatch]) -> float:
    """The exponential of the mean negative log-likelihood (natural) of the hidden residues, without dropout."""
    losses = [F.cross_entropy(masked_logits(model, batch), batch.truth_M, reduction="sum").item() for batch in batches]
    return math.exp(sum(losses) / sum(len(batch.truth_M) for batch in batches))


def _quick_perplexity(model: ESM2, batches: Sequence[MaskedBatch]) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return perplexity(model, batches)


def _step(
    model: ESM2,
    optimizers: Sequence[torch.optim.Optimizer],
    crops: Crops,
    state: PretrainingState,
    config: PretrainingConfig,
) -> tuple[float, int]:
    number = max(1, config.batch_residues // config.crop)
    batch = crops.batch(state.step, crops=number, masking=Masking(config.masked), seed=config.seed)
    torch.manual_seed(int(np.random.default_rng([config.seed, DROPOUT, state.step]).integers(2**63)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits_MV = masked_logits(model, batch, dropout=config.dropout)
    loss = F.cross_entropy(logits_MV, batch.truth_M)
    model.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
    rate = config.learning_rate * schedule(progress(state, config))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return loss.item(), len(batch.tokens_R) - 2 * len(batch.lengths)


def progress(state: PretrainingState, config: PretrainingConfig) -> float:
    """Share of the run that is done, in [0, 1]: of the steps or of the minutes, whichever is larger."""
    share = state.step / config.steps
    return min(1.0, share if config.minutes is None else max(share, state.seconds / (60 * config.minutes)))


def schedule(done: float) -> float:
    """Factor of the learning rate: linear from 0 over the first twentieth, then a cosine to 0.

    Args:
        done: `progress`.
    """
    if done < WARM_UP:
        return (done + 1e-3) / (WARM_UP + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def _optimizers(model: ESM2, config: PretrainingConfig) -> list[torch.optim.Optimizer]:
    # After 125 steps of the shipped model's settings Muon had a perplexity of 18.51, only AdamW 18.57.
    # Token vectors, biases and norms are not for Muon.
    parameters = parameters_of(model)
    matrices = [parameters[name] for name in parameters if name.startswith("layers.") and parameters[name].dim() == 2]
    others = [
        parameters[name] for name in parameters if not (name.startswith("layers.") and parameters[name].dim() == 2)
    ]
    rate = config.learning_rate
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=BETAS, weight_decay=0.0, fused=True),
    ]
