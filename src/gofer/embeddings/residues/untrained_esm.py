"""An ESM-2 without training, for the demo and for tests: nothing to download, the same weights on every machine.

Numbers come from NumPy's bit generator and are only scaled, because torch's normal numbers may differ between
processors in the last bit. A transformer with plain random weights attends to everything equally, so that a residue's
vector would hold little more than its amino acid. Here each head attends mostly to one neighbour at a fixed
distance (the rotary angles of its query and key biases differ by that distance), so a vector depends on the residues
around it, as that of a trained model does: from untrained_t4_d96_h8 a linear classifier names the next residue in more
than 80 of 100 cases, from fair-esm's random weights in fewer than 10 (tests/embeddings/test_esm.py).
"""

import math
import re
from typing import Any

import numpy as np
import torch
from esm.model.esm2 import ESM2
from torch import Tensor

from gofer.errors import GoferError

NAME = re.compile(r"untrained_t(\d+)_d(\d+)_h(\d+)")
SEED = 20_150_711
FARTHEST = 4
FOCUS = 6.0
CONTENT = 0.3


def untrained_esm2(name: str) -> ESM2:
    """The model that `untrained_t<layers>_d<width>_h<heads>` names.

    Raises:
        GoferError: The name is of another form, or the width is not an even multiple of the heads.
    """
    found = NAME.fullmatch(name)
    layers, width, heads = map(int, found.groups()) if found else (0, 0, 0)
    if min(layers, width, heads) < 1 or width % (2 * heads):
        raise GoferError(
            f"embeddings.residues.model {name} is not an untrained model",
            help="write untrained_t<layers>_d<width>_h<heads>, width a multiple of 2 * heads, e.g. untrained_t4_d96_h8",
        )
    model = ESM2(num_layers=layers, embed_dim=width, attention_heads=heads, alphabet="ESM-1b")
    generator = np.random.default_rng(SEED)
    with torch.no_grad():
        for parameter_name, parameter in sorted(model.named_parameters()):
            _fill(parameter_name, parameter, generator)
        for number, layer in enumerate(model.layers):
            _attend_to_neighbours(layer.self_attn, first=number * heads)
    return model


def _fill(name: str, parameter: Tensor, generator: np.random.Generator) -> None:
    """Uniform numbers of variance 1 / inputs (1 for token vectors); biases 0, layer norms 1."""
    if "layer_norm" in name or parameter.dim() < 2:
        parameter.fill_(1.0 if "layer_norm" in name and name.endswith("weight") else 0.0)
        return
    bound = math.sqrt(3.0 / (1 if name == "embed_tokens.weight" else parameter.shape[1]))
    numbers = generator.random(tuple(parameter.shape), dtype=np.float32)
    parameter.copy_(torch.from_numpy((2 * numbers - 1) * np.float32(bound)))


def _attend_to_neighbours(attention: Any, *, first: int) -> None:
    """Set the biases of queries and keys so that head h prefers the residue at distance -4, …, -1, 1, …, 4 in turn."""
    distances = [distance for distance in range(-FARTHEST, FARTHEST + 1) if distance]
    angle_F = torch.from_numpy(10_000.0 ** -(np.arange(0, attention.head_dim, 2) / attention.head_dim))
    strength = math.sqrt(FOCUS * math.sqrt(attention.head_dim))
    for projection in (attention.q_proj, attention.k_proj):
        projection.weight.mul_(CONTENT)
    key_HE = attention.k_proj.bias.view(attention.num_heads, attention.head_dim)
    query_HE = attention.q_proj.bias.view(attention.num_heads, attention.head_dim)
    for head in range(attention.num_heads):
        turn_F = angle_F * distances[(first + head) % len(distances)]
        key_HE[head] = strength * torch.cat([torch.ones_like(turn_F), torch.zeros_like(turn_F)])
        query_HE[head] = strength * torch.cat([turn_F.cos(), turn_F.sin()])
