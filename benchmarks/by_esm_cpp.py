"""Residue vectors by esm-cpp, one .npy per protein: what `speed.py --esm-cpp PYTHON` runs by that Python.

    python by_esm_cpp.py model.safetensors sequences.json FOLDER [--int8]

Prints the CPU seconds before the first protein, which do not count.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from esm_cpp import Model, Tokenizer

weights, sequences, folder, *options = sys.argv[1:]
model, tokenizer = Model.load_from_safetensors(weights), Tokenizer()
if options == ["--int8"]:
    model.quantize_weights()
read = json.loads(Path(sequences).read_text())
print(time.process_time())
for number, sequence in enumerate(read):
    ids = np.asarray(tokenizer.encode(sequence), dtype=np.int32)
    _, hidden = model.forward_with_hidden_states(ids)
    np.save(Path(folder) / f"{number}.npy", hidden[-1][1:-1])
