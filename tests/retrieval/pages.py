"""A page of a query with hostile names in it, and its data read back."""

import base64
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from retrieval.tiny_model import CUTOFFS, make_model

from gofer.retrieval.forms import FORMS, Context
from gofer.retrieval.predictor import Predicted, Predictor
from gofer.retrieval.query_file import QueryFile, chunks
from gofer.retrieval.trained_model import TrainedModel

HOSTILE_ID = "</script><img/src=x/onerror=alert(1)>"
HOSTILE_NAME = '=HYPERLINK("http://example.org") <b>bold</b> \' " & <!-- </SCRIPT><script>alert(2)</script>'
BLOCK = r'<script type="text/plain" (?:class|id)="{}">([^<]*)</script>'


@dataclass(frozen=True)
class WrittenPage:
    """A page, and what it was made from.

    Attributes:
        path: The page.
        chunks: What was predicted.
        context: What holds for all of it.
    """

    path: Path
    chunks: list[Predicted]
    context: Context

    @property
    def html(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def table(self) -> pd.DataFrame:
        """All predictions."""
        return pd.concat([predicted.table for predicted in self.chunks], ignore_index=True)

    def blocks(self, name: str) -> list:
        """The content of the blocks of a class or id."""
        return [opened(line) for text in re.findall(BLOCK.format(name), self.html) for line in text.split("\n") if line]


def opened(block: str):
    """What a block holds, as the page opens it."""
    return json.loads(zlib.decompress(base64.b64decode(block, validate=True)))


def write_page(folder: Path) -> WrittenPage:
    """The page of 20 proteins in chunks of 7; the second protein is hostile, and the third got nothing."""
    tiny = make_model(folder, name="demo", synthetic=True)
    model = TrainedModel(tiny.path)
    predictor, query = Predictor(model), QueryFile.read(tiny.fasta(folder / "query.fasta", slice(0, 20)))
    proteins = [protein for chunk in chunks(query) for protein in chunk]
    made = [predictor.of_chunk(proteins[first : first + 7]) for first in range(0, len(proteins), 7)]
    made[0] = _changed(made[0])
    warning = "the model <demo> was trained on a synthetic world"
    cutoffs = {aspect: by_percent["50"] for aspect, by_percent in CUTOFFS.items()}
    context = Context(model.terms, model.name, model.release, warning, None, "my <query>", 50, cutoffs)
    FORMS["page"].write(folder / "index.html", lambda: iter(made), context)
    return WrittenPage(folder / "index.html", made, context)


def _changed(predicted: Predicted) -> Predicted:
    names = predicted.proteins["protein_id"].tolist()
    table = predicted.table[predicted.table["protein_id"] != names[2]]
    table = table.assign(nearest_name=HOSTILE_NAME).replace({"protein_id": {names[1]: HOSTILE_ID}})
    proteins = predicted.proteins.replace({"protein_id": {names[1]: HOSTILE_ID}})
    proteins.loc[1, "description"] = f"{HOSTILE_NAME} OS=<i>Nobody</i> OX=9"
    without = pd.DataFrame(
        [(names[2], 60, "no term reaches the score 0.01")], columns=["protein_id", "length", "reason"]
    )
    return Predicted(table.reset_index(drop=True), without, proteins)
