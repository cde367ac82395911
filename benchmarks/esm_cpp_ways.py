"""ESM by esm-cpp, for `speed.py`: another environment, since it needs an older numpy."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from esm.model.esm2 import ESM2
from safetensors.torch import save_file
from transformers import EsmForMaskedLM, EsmModel

SCRIPT = Path(__file__).with_name("by_esm_cpp.py")


class EsmCpp:
    """The weights of a model as esm-cpp reads them, and its vectors of some proteins.

    Args:
        python: Of an environment with esm-cpp.
        model: fair-esm's.
        theirs: The same weights in transformers' class.
        sequences: The proteins.
        folder: Where all is written.
    """

    def __init__(self, python: Path, model: ESM2, theirs: EsmModel, sequences: list[str], folder: Path) -> None:
        whole = EsmForMaskedLM(theirs.config)
        whole.esm.load_state_dict(theirs.state_dict())
        state = {name: weights.clone() for name, weights in whole.state_dict().items()}
        width = model.embed_dim // model.attention_heads
        rates = 10_000 ** -(torch.arange(0, width, 2) / width)  # of rotary positions; newer transformers keep none
        for layer in range(model.num_layers):
            state[f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"] = rates.clone()
        save_file(state, folder / "model.safetensors")
        (folder / "sequences.json").write_text(json.dumps(sequences))
        self.command = [python, SCRIPT, folder / "model.safetensors", folder / "sequences.json", folder]
        self.folder = folder

    def write(self, *, int8: bool = False) -> float:
        """One .npy a protein; the CPU seconds before the first one."""
        done = subprocess.run([*self.command, *(["--int8"] * int8)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"esm-cpp failed: {done.stderr[-2000:]}")
        return float(done.stdout)

    def refuse_other_vectors(self, vectors: Mapping[int, np.ndarray]) -> None:
        """End the run unless its vectors in float32 equal `vectors`, and those in int8 nearly do."""
        for int8, least in ((False, 0.9999999), (True, 0.999)):
            self.write(int8=int8)
            for number, vectors_LE in vectors.items():
                found_LE = np.load(self.folder / f"{number}.npy").astype(np.float64)
                lengths_L = np.linalg.norm(found_LE, axis=1) * np.linalg.norm(vectors_LE, axis=1)
                cosine = ((found_LE * vectors_LE).sum(1) / lengths_L).mean()
                assert cosine > least, (number, int8, cosine)
