"""cafa_format: a CAFA file written in parts equals one written at once."""

import json

import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import Manifest
from gofer.errors import GoferError
from gofer.retrieval import cafa_format as cafa_parts
from gofer.retrieval.cafa_format import write_cafa, write_cafa_parts

MANIFEST = Manifest({"go_release": "x"})


def tables():
    rng = np.random.default_rng(0)
    for protein in range(5):
        terms = [f"GO:{place:07d}" for place in range(protein)]
        yield pd.DataFrame({"protein_id": f"P{protein}", "go_id": terms, "score": rng.uniform(0.001, 1, protein)})


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_parts_give_the_bytes_of_the_whole(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(cafa_parts, "ROWS_AT_ONCE", at_once)
    whole = pd.concat([table for table in tables() if len(table)])
    write_cafa(tmp_path / "whole.tsv", whole["protein_id"], whole["go_id"], whole["score"], manifest=MANIFEST)
    write_cafa_parts(tmp_path / "parts.tsv", tables(), MANIFEST)
    for ending in ("tsv", "tsv.json"):
        assert (tmp_path / f"parts.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def test_a_score_that_no_file_may_hold_leaves_no_file(tmp_path):
    bad = pd.DataFrame({"protein_id": ["P9"], "go_id": ["GO:1"], "score": [7.5]})
    with pytest.raises(GoferError, match="7.5"):
        write_cafa_parts(tmp_path / "parts.tsv", [*tables(), bad], MANIFEST)
    assert list(tmp_path.iterdir()) == []


def test_without_a_prediction_the_file_is_empty(tmp_path):
    write_cafa_parts(tmp_path / "parts.tsv", [], MANIFEST)
    assert (tmp_path / "parts.tsv").read_bytes() == b""
    assert json.loads((tmp_path / "parts.tsv.json").read_text())["predictions"] == 0
