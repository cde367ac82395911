"""Open a run and draw a protein: python examples/draw_protein.py results/<run> my.fasta protein.svg.

The cells (# %%) can be run one by one in an editor that knows them, or pasted into a notebook.
"""

# %% What to draw
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import gofer

run, fasta, picture = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

# %% Open the run: its model file is all that a prediction needs
model = gofer.load(next((run / "model").glob("*.gofer")))
table = model.predict(fasta)
protein = table["protein_id"].iloc[0]
rows = table[(table["protein_id"] == protein) & (table["evidence"] != "")].nlargest(8, "score")
print(rows[["go_id", "name", "score", "evidence"]].to_string(index=False))

# %% Draw: a line for each term, and the residues that support it
colours = {"MFO": "tab:blue", "BPO": "tab:green", "CCO": "tab:purple"}
figure, axes = plt.subplots(figsize=(9, 1 + 0.4 * len(rows)), layout="constrained")
for place, row in enumerate(rows.itertuples()):
    for stretch in row.evidence.split(","):
        first, last = map(int, stretch.split("-"))
        axes.barh(place, last - first + 1, left=first - 0.5, color=colours[row.aspect])
axes.set_yticks(range(len(rows)), rows["name"] + " " + rows["score"].map("{:.2f}".format))
axes.invert_yaxis()
axes.set(xlabel="residue", title=f"{protein}, by the model {model.name}")
figure.savefig(picture)
print(picture)
