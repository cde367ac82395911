"""Held-out proteins are searched among the known ones once, and what was found is that of every protein."""

import pandas as pd

from gofer.artefacts import Manifest, write_table
from gofer.inputs.proteins.known_hits import hits_of_all, read_hits, search_known

PROTEINS = pd.DataFrame(
    [("V", "AAA", "val"), ("X", "CCC", "test"), ("Y", "AAA", "test"), ("T2", "DDD", "train"), ("T1", "DDD", "known"),
     ("T3", "EEE", "train"), ("U", "FFF", "unused")],
    columns=["protein_id", "sequence", "split"],
)  # fmt: skip


class Found:
    """Finds both known sequences for the first that is asked for, and none for the second."""

    def hits(self, queries, targets):
        assert list(queries) == ["AAA", "CCC"]
        assert list(targets) == ["DDD", "EEE"]
        rows = {"query": [0, 0], "target": [0, 1], "bitscore": [90.0, 40.0], "identity": [80.0, 30.0]}
        return pd.DataFrame(rows)


def test_every_different_sequence_is_searched_once_and_one_without_a_hit_has_a_row(tmp_path):
    write_table(tmp_path / "hits.parquet", search_known(PROTEINS, Found()), Manifest())
    found = read_hits(tmp_path / "hits.parquet")
    assert found["protein_id"].tolist() == ["V", "V", "X"]
    assert found["known_id"].tolist()[:2] == ["T1", "T3"]
    assert found["known_id"].isna().tolist() == [False, False, True]
    assert found["bitscore"].tolist()[:2] == [90, 40]


def test_proteins_of_one_sequence_have_the_same_hits(tmp_path):
    write_table(tmp_path / "hits.parquet", search_known(PROTEINS, Found()), Manifest())
    queries, targets = (
        PROTEINS[PROTEINS["split"].isin(splits)].reset_index(drop=True)
        for splits in (["val", "test"], ["train", "known"])
    )
    found = hits_of_all(read_hits(tmp_path / "hits.parquet"), queries, targets)
    pairs = zip(queries["protein_id"][found["query"]], targets["protein_id"][found["target"]], strict=True)
    assert list(pairs) == [(one, other) for one in ("V", "Y") for other in ("T2", "T1", "T3")]
    assert found["bitscore"].tolist() == [90, 90, 40] * 2
