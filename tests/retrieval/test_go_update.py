"""A model in another GO release: what is unchanged stays; terms, labels and columns follow the release."""

import numpy as np
import pandas as pd
import pytest
from retrieval.tiny_model import ASPECT, PARENTS, make_model

from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.errors import GoferError
from gofer.retrieval.go_update import TEXT, read_newer, updated
from gofer.retrieval.learned_blend import BoostedTrees, LearnedBlend
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.selftest import checks
from gofer.retrieval.trained_model import TrainedModel

MINILM = {"encoder": "minilm", "max_tokens": 32, "pooling": "mean"}
NAMESPACE = {"MFO": "molecular_function", "BPO": "biological_process", "CCO": "cellular_component"}
ABOVE, BELOW, SIDE, MERGED = "GO:7000001", "GO:7000002", "GO:7000003", "GO:0016740"


def stanza(go_id, namespace, parents, *more):
    lines = [f"id: {go_id}", f"name: name of {go_id}", f"namespace: {namespace}", f'def: "What {go_id} is." []', *more]
    return "\n".join(["[Term]", *lines, *(f"is_a: {parent}" for parent in parents), "", ""])


def obo(path, date, *, without=(), more=(), parents=(), tags=()):
    """The tiny model's release, with some terms left out, moved or tagged, and some stanzas more."""
    moved, tagged = {**PARENTS, **dict(parents)}, dict(tags)
    stanzas = [
        stanza(go_id, NAMESPACE[aspect], moved[go_id], *tagged.get(go_id, ()))
        for go_id, aspect in zip(PARENTS, ASPECT, strict=True)
        if go_id not in without
    ]
    path.write_text(f"format-version: 1.2\ndata-version: releases/{date}\n\n" + "".join([*stanzas, *more]))
    return path


def newer(path):
    """GO:0016740 merged into GO:0005488, GO:0005634 obsolete; new: above GO:0016787, below it, and aside."""
    gone = "\n".join(
        ["[Term]", "id: GO:0005634", "name: nucleus", "namespace: cellular_component", "is_obsolete: true"]
    )
    function = NAMESPACE["MFO"]
    more = [
        stanza(ABOVE, function, ["GO:0003824"]),
        stanza(BELOW, function, ["GO:0016787"]),
        stanza(SIDE, function, ["GO:0005488"]),
        gone,
    ]
    return obo(
        path,
        "2022-07-01",
        without=("GO:0005634", MERGED),
        more=more,
        parents=[("GO:0016787", [ABOVE])],
        tags=[("GO:0005488", [f"alt_id: {MERGED}"])],
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    half = BoostedTrees(0.0, np.array([[3]]), np.float32([[0]]), np.float32([[-1, 1]]))  # by transferred labels
    blend = LearnedBlend(half, 10, {})
    tiny = make_model(tmp_path_factory.mktemp("older"), texts=TextEncoder.load(**MINILM), blend=blend)
    return tiny, TrainedModel(tiny.path)


@pytest.fixture(scope="module")
def new(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("newer")
    found = updated(model[1], read_newer(newer(folder / "new.obo"), model[1]))
    found.write(folder / "new.gofer")
    return found, TrainedModel(folder / "new.gofer")


def labels(model):
    bank = model.own_bank
    table = pd.DataFrame.sparse.from_spmatrix(bank.labels_NT.astype(int), bank.protein_ids, model.terms["go_id"])
    return table.sparse.to_dense().astype(bool)


def test_the_same_release_gives_the_same_numbers_and_needs_no_text_encoder(model, tmp_path):
    tiny, older = model
    release = read_newer(obo(tmp_path / "same.obo", "2022-01-01"), older)
    found = updated(older, release, text_encoder="/nowhere")
    assert found.embedded == 0
    assert found.changes.empty
    found.write(tmp_path / "same.gofer")
    same = TrainedModel(tmp_path / "same.gofer")
    assert same.release == {**older.release, "go_release": "releases/2022-01-01"}
    order = pd.Index(older.terms["go_id"]).get_indexer(same.terms["go_id"])
    np.testing.assert_array_equal(same.space.z_TD, older.space.z_TD[order])
    pd.testing.assert_frame_equal(labels(same), labels(older)[same.terms["go_id"]], check_names=False)
    proteins = [*QueryFile.read(tiny.fasta(tmp_path / "q.fasta"))]
    was, now = (Predictor(m, device="cpu").of_chunk(proteins).table for m in (older, same))
    key = ["protein_id", "go_id"]
    both = was.merge(now, on=key, suffixes=("", "_now"), how="outer")
    # Related terms are found by texts that the file holds in 16 bits.
    np.testing.assert_allclose(both["score"], both["score_now"], rtol=1e-3)


def test_only_new_and_changed_texts_are_embedded_and_the_others_keep_their_vectors(model, new):
    older, (found, newer_model) = model[1], new
    texts = set(found.changes.loc[found.changes["kind"] == TEXT, "go_id"])
    assert texts == {"GO:0016787"}  # its parent has another name
    assert found.embedded == 4
    kept = sorted(set(older.terms["go_id"]) & set(newer_model.terms["go_id"]) - texts)
    rows = [pd.Index(m.terms["go_id"]).get_indexer(kept) for m in (older, newer_model)]
    np.testing.assert_array_equal(older.space.z_TD[rows[0]], newer_model.space.z_TD[rows[1]])


def test_labels_of_gone_terms_go_to_their_heirs_and_a_new_term_above_a_known_one_takes_its_labels(model, new):
    before, after = labels(model[1]), labels(new[1])
    np.testing.assert_array_equal(after[ABOVE], before["GO:0016787"])
    np.testing.assert_array_equal(after["GO:0016787"], before["GO:0016787"])
    assert not after[[BELOW, SIDE]].to_numpy().any()
    assert not {MERGED, "GO:0005634"} & set(after.columns)
    terms = new[1].terms.set_index("go_id")
    assert terms.loc[ABOVE, "training_count"] == terms.loc["GO:0016787", "training_count"]
    assert terms.loc[[BELOW, SIDE], "term_set"].tolist() == ["zero", "zero"]
    assert new[0].with_labels == 1


def test_every_protein_has_a_score_for_new_terms_at_once_never_above_their_parents(new, model, tmp_path):
    proteins = [*QueryFile.read(model[0].fasta(tmp_path / "q.fasta"))]
    table = (
        Predictor(new[1], device="cpu")
        .of_chunk(proteins)
        .table.pivot(index="protein_id", columns="go_id", values="score")
    )
    assert {ABOVE, BELOW, SIDE} <= set(table.columns)
    for child, parent in ((BELOW, "GO:0016787"), (SIDE, "GO:0005488"), ("GO:0016787", ABOVE)):
        assert (table[child].fillna(0) <= table[parent].fillna(0)).all()
    assert all(check.holds for check in checks(Predictor(new[1], device="cpu")))


def test_the_changes_name_what_came_went_and_moved_with_their_known_proteins(new):
    changes = new[0].changes.set_index(["kind", "go_id"])
    assert changes.loc[("merged", MERGED), "after"] == "GO:0005488 name of GO:0005488"
    assert changes.loc[("obsoleted", "GO:0005634"), "known_proteins_before"] == 8
    assert changes.loc[("moved", "GO:0016787"), "after"] == f"is_a {ABOVE} name of {ABOVE}"
    assert changes.loc[("added", ABOVE), "known_proteins_after"] == 8
    assert {kind for kind, _ in changes.index} == {"added", "merged", "obsoleted", "moved", TEXT}


def test_a_merged_term_that_was_known_lends_labels_column_and_vector(model, tmp_path):
    older = model[1]
    text = obo(tmp_path / "n.obo", "2022-01-01", without=("GO:0016787",), tags=[(MERGED, ["alt_id: GO:0016787"])])
    found = updated(older, read_newer(text, older))
    go_ids = found.scorer.label_model.go_ids
    was = older.scorer.label_model
    np.testing.assert_array_equal(
        found.scorer.label_model.regression.weight_MT[:, go_ids.index(MERGED)],
        was.regression.weight_MT[:, was.go_ids.index("GO:0016787")],
    )
    assert MERGED in found.scorer.space.model.seen_go_ids
    column = found.scorer.space.go_ids.index(MERGED)
    assert found.bank.labels_NT[:, [column]].sum() == labels(older)["GO:0016787"].sum()


def test_two_known_terms_that_become_one_count_every_protein_once(model, tmp_path):
    older = model[1]
    tags = [("GO:0008152", ["alt_id: GO:0009987"])]
    found = updated(older, read_newer(obo(tmp_path / "n.obo", "2022-01-01", without=("GO:0009987",), tags=tags), older))
    was, now = older.scorer.label_model, found.scorer.label_model
    joined, first, second = now.go_ids.index("GO:0008152"), *map(was.go_ids.index, ("GO:0008152", "GO:0009987"))
    # No protein has both: the sum.
    np.testing.assert_allclose(
        now.regression.mean_T[joined], was.regression.mean_T[first] + was.regression.mean_T[second], rtol=1e-6
    )
    counts = found.scorer.space.terms.set_index("go_id")["training_count"]
    assert counts["GO:0008152"] == 24


def test_what_is_no_newer_release_is_refused(model, tmp_path):
    older = model[1]
    for date, why in (("2015-07-11", "has already"), ("2014-01-01", "older than that of the model")):
        path = obo(tmp_path / f"{date}.obo", date)
        with pytest.raises(GoferError, match=why):
            read_newer(path, older)
        assert len(read_newer(path, older, any_release=True).terms) == len(PARENTS)
    (tmp_path / "no.obo").write_text(">P1\nMKV\n")
    with pytest.raises(GoferError, match="no.obo"):
        read_newer(tmp_path / "no.obo", older)
    part = obo(tmp_path / "part.obo", "2022-01-01", without=("GO:0016740", "GO:0016787", "GO:0009987"))
    with pytest.raises(GoferError, match="lacks 3 of the model's 12 terms"):
        read_newer(part, older)


def test_without_the_text_encoder_changed_texts_are_refused(model, tmp_path):
    release = read_newer(newer(tmp_path / "new.obo"), model[1])
    with pytest.raises(GoferError, match="which is not here"):
        updated(model[1], release, text_encoder=str(tmp_path / "none"))
