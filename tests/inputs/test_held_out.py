"""Labels and annotations of some splits are read without those of the others."""

import pandas as pd

from gofer.artefacts import Manifest, write_table
from gofer.inputs.held_out import read_annotations_of, read_labels
from gofer.inputs.schemas import PID2POS, typed


def test_labels_of_some_splits_are_pairs_of_protein_and_term(tmp_path):
    lists = {"go_ids": [[], ["a"], ["b"]], "hops": [[], [0], [0]], "true_ids": [["a", "b"], ["a"], ["b"]]}
    table = pd.DataFrame({"protein_id": ["P1", "P2", "P3"], "split": ["train", "val", "known"], **lists})
    write_table(tmp_path / "pid2pos.parquet", typed(table, PID2POS), Manifest())
    labels = read_labels(tmp_path / "pid2pos.parquet", "train", "known")
    assert labels.astype("str").values.tolist() == [["P1", "a"], ["P1", "b"], ["P3", "b"]]
    assert read_labels(tmp_path / "pid2pos.parquet", "test").empty


def test_only_annotations_of_held_out_proteins_are_read(tmp_path):
    table = pd.DataFrame({"protein_id": ["P1", "P1", "P2"], "go_id": ["a", "b", "a"]})
    write_table(tmp_path / "a.parquet", table, Manifest())
    splits = pd.DataFrame({"protein_id": ["P1", "P2", "P3"], "split": ["test", "train", "val"]})
    assert read_annotations_of(tmp_path / "a.parquet", splits, "val", "test").values.tolist() == [
        ["P1", "a"],
        ["P1", "b"],
    ]
