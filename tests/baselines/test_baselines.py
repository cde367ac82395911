"""The naive and the DIAMOND baseline equal a computation by hand."""

import shutil

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.artefacts import Manifest
from gofer.baselines.diamond import DIAMOND_MISSING, DiamondSearch, transferred_labels
from gofer.baselines.kmer_ridge import kmer_ridge
from gofer.baselines.naive import naive
from gofer.errors import GoferError
from gofer.retrieval.cafa_format import prediction_status, read_cafa, write_cafa
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelWeights

NEEDS_DIAMOND = pytest.mark.skipif(
    shutil.which("diamond") is None, reason="DIAMOND is not on the PATH (apt-get install diamond-aligner)"
)
SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVVHSLAKWKRQTLGQHDFSAGEGLYTHMKALRPDEDRLS"
OTHER = "MGSSHHHHHHSSGLVPRGSHMASMTGGQQMGRGSEFDDDDKNPWWCCYYFFTTIILLVVGGAAPPQQEENNDDKKRRHHSSTTWWYYFFMMCCLLIIVVGGAAPPQQ"


def test_naive_gives_every_protein_the_frequency_of_the_term_in_its_aspect():
    parents = {"m": [], "a": ["m"], "b": ["a"], "rare": ["a"], "p": [], "c": ["p"]}
    aspects = dict.fromkeys(["m", "a", "b", "rare"], "MFO") | {"p": "BPO", "c": "BPO"}
    terms = terms_table(parents, aspect=aspects, training_count=[200, 150, 20, 1, 50, 10])
    table = naive(terms, ["P1", "P2"], min_score=0.01)
    wanted = [("a", 0.75), ("c", 0.2), ("b", 0.1)]
    assert table.values.tolist() == [[protein, *pair] for protein in ("P1", "P2") for pair in wanted]


def test_naive_without_training_proteins_predicts_nothing():
    terms = terms_table({"m": [], "a": ["m"]}, training_count=[0, 0])
    assert naive(terms, ["P1"], min_score=0.0).empty


@pytest.fixture
def transfer():
    queries = pd.DataFrame({"protein_id": ["Q1", "Q2"]})
    targets = pd.DataFrame({"protein_id": ["T1", "T2", "T3"]})
    labels = pd.DataFrame(
        [("T1", "a"), ("T1", "b"), ("T2", "a"), ("T2", "a"), ("elsewhere", "c")], columns=["protein_id", "go_id"]
    )
    return queries, targets, labels


def test_transferred_labels_are_weighed_by_bit_score(transfer):
    hits = pd.DataFrame({"query": [0, 0, 0], "target": [0, 1, 2], "bitscore": [300.0, 100.0, 999.0]})
    table = transferred_labels(hits, *transfer, min_score=0.01)
    assert table.values.tolist() == [["Q1", "a", 1.0], ["Q1", "b", 0.75]]  # T3 has no label and counts nowhere
    assert transferred_labels(hits, *transfer, min_score=0.8)["go_id"].tolist() == ["a"]


def test_without_a_hit_nothing_is_transferred(transfer):
    hits = pd.DataFrame({"query": [], "target": [], "bitscore": []}).astype({"query": int, "target": int})
    assert transferred_labels(hits, *transfer, min_score=0.01).empty


def test_a_program_that_is_not_there_is_told_in_the_status_of_an_empty_file(tmp_path):
    assert not DiamondSearch(program="no-such-program").installed
    write_cafa(tmp_path / "d.tsv", [], [], [], manifest=Manifest(), status=DIAMOND_MISSING)
    assert "not installed" in prediction_status(tmp_path / "d.tsv")
    assert read_cafa(tmp_path / "d.tsv").empty


@pytest.fixture
def search(tmp_path, monkeypatch):
    """A stand-in for DIAMOND: it notes its arguments and writes the hits that it was told to."""

    def make(hits: str, *, status: int = 0) -> DiamondSearch:
        script = tmp_path / "diamond"
        script.write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\n[ "$1" = version ] && echo "diamond version 2.0"\n'
            f"if [ $1 = blastp ]; then while [ $1 != --out ]; do shift; done; cp {tmp_path}/hits $2; fi\n"
            f"echo boom >&2; exit {status}\n"
        )
        script.chmod(0o755)
        (tmp_path / "hits").write_text(hits)
        return DiamondSearch(program=str(script))

    return make


@pytest.fixture
def proteins():
    return pd.DataFrame({"protein_id": ["a b|c", "-x"], "sequence": [SEQUENCE, OTHER]})


def test_of_several_alignments_the_best_counts_in_a_fixed_order(search, proteins):
    hits = search("1\t0\t50.5\t90\n0\t1\t20\t80\n0\t1\t33\t45.5\n").hits(proteins, proteins)
    assert hits.values.tolist() == [[0, 1, 33.0, 45.5], [1, 0, 50.5, 90.0]]
    assert search("").version() == "diamond version 2.0"


def test_no_hit_at_all_is_no_error(search, proteins, transfer):
    queries, targets, labels = transfer
    hits = search("").hits(proteins, proteins)
    assert hits.empty
    assert transferred_labels(hits, queries, targets, labels, min_score=0.01).empty


def test_no_protein_to_search_for_or_in_is_no_error(search, proteins):
    assert search("", status=3).hits(proteins.iloc[:0], proteins).empty
    assert search("", status=3).hits(proteins, proteins.iloc[:0]).empty


def test_a_failure_of_diamond_is_told_with_its_last_words(search, proteins):
    with pytest.raises(GoferError, match="diamond makedb ended with status 3: boom"):
        search("", status=3).hits(proteins, proteins)


@NEEDS_DIAMOND
def test_diamond_finds_a_sequence_in_itself_and_not_in_another(proteins):
    search = DiamondSearch()
    assert search.installed
    assert "diamond" in search.version()
    hits = search.hits(proteins.iloc[:1], proteins)
    assert hits["target"].tolist() == [0]
    assert hits["bitscore"][0] > 150
    labels = pd.DataFrame({"protein_id": ["a b|c", "-x"], "go_id": ["t", "u"]})
    table = transferred_labels(hits, proteins.iloc[:1], proteins, labels, min_score=0.01)
    assert table.values.tolist() == [["a b|c", "t", 1.0]]


@NEEDS_DIAMOND
def test_diamond_gives_the_same_hits_twice(proteins):
    rng = np.random.default_rng(1)
    letters = np.array(list(SEQUENCE))
    mutants = ["".join(np.where(rng.random(len(letters)) < 0.1, "A", letters)) for _ in range(6)]
    targets = pd.DataFrame({"protein_id": [f"T{i}" for i in range(6)], "sequence": mutants})
    first = DiamondSearch().hits(proteins, targets)
    pd.testing.assert_frame_equal(first, DiamondSearch().hits(proteins, targets))
    assert first["query"].unique().tolist() == [0]


def test_a_ridge_on_words_of_residues_carries_labels_to_similar_proteins():
    rng = np.random.default_rng(1)
    family = np.arange(40) % 2
    sequences = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 40)) + ["WWCHW", "MMKYM"][f] * 3 for f in family]
    terms = pd.DataFrame(
        {"go_id": ["GO:1", "GO:2", "GO:3"], "aspect": "MFO", "is_a": [[], ["GO:1"], ["GO:1"]], "part_of": [[], [], []]}
    )
    true_ids = [["GO:1", "GO:2" if f else "GO:3"] for f in family]
    kernel = KernelWeights(
        **dict.fromkeys(SIMILARITIES, 2.0), sharpness=3.0, ridge=1.0, evenness=1.0, landmarks=99
    ).of_kmers()
    table = kmer_ridge(
        (sequences[:30], true_ids[:30]),
        ([f"P{i}" for i in range(30, 40)], sequences[30:]),
        terms,
        kernel,
        relations=["is_a"],
        min_score=0.01,
        seed=1,
    )
    scores = table.pivot(index="protein_id", columns="go_id", values="score").fillna(0)
    assert (scores["GO:1"] >= scores[["GO:2", "GO:3"]].max(axis=1)).all()
    assert ((scores["GO:2"] > scores["GO:3"]).to_numpy() == (family[30:] == 1)).mean() >= 0.9
