"""scorer, predictor, residue_evidence: scores in (0, 1], no parent below its child, evidence within the protein."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training.tiny_world import TRAINING

from gofer.artefacts import Manifest, read_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import ArtefactError
from gofer.evaluation.evidence_examples import choose_examples, explained_examples, planted_ranges
from gofer.evaluation.held_out_predictions import predict_held_out
from gofer.inputs.ontology.go_graph import TRUE_PATH, hierarchy_consistent
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.bank import Bank
from gofer.retrieval.ensemble import AspectEnsemble, Ensemble
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelWeights
from gofer.retrieval.label_model import LabelledSequences, LabelModel
from gofer.retrieval.own_evidence import ANY, AspectTrust, OwnEvidence
from gofer.retrieval.prediction_rows import Cutoffs, TermFacts, with_term_sets
from gofer.retrieval.predictor import ChunkScorer
from gofer.retrieval.protein_vectors import Described, ProteinVectors
from gofer.retrieval.query_file import QueryProtein
from gofer.retrieval.residue_evidence import as_text, explain_protein, merged
from gofer.retrieval.scorer import Scorer, TextScorer
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.term_space import TermSpace
from gofer.retrieval.unthresholded_scores import UnthresholdedScores, UnthresholdedWriter
from gofer.tables import PREDICTIONS
from gofer.training.dataset import ProteinEmbDataset, truth_matrix
from gofer.training.stage_data import begin_model


@pytest.fixture(scope="module")
def space(world):
    """The terms as a model with uneven attention sees them."""
    model = begin_model(world.data(), TRAINING, seed=1, previous=None)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(1)
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.2)
    return TermSpace.of_model(model.eval(), world.terms, world.texts)


@pytest.fixture(scope="module")
def dataset(world):
    return ProteinEmbDataset(world.store, world.proteins)


@pytest.fixture(scope="module")
def vectors(world, space, dataset):
    return ProteinVectors.of_model(space.model, dataset, world.splits["split"].to_numpy(str))


@pytest.fixture(scope="module")
def calibration():
    """Weights under which the protein matters as much as the base rate."""
    return Calibration({"MFO": (0.2, 0.8, 0.1), "BPO": (0.3, 0.5, 0.0)})


@pytest.fixture(scope="module")
def sequences(world):
    """A sequence for each protein, by id."""
    rng = np.random.default_rng(5)
    lengths = zip(world.proteins["protein_id"], world.proteins["length"], strict=True)
    return {protein_id: "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), length)) for protein_id, length in lengths}


@pytest.fixture(scope="module")
def scorer(world, space, vectors, calibration, sequences):
    """Texts and labels mixed, as if validation had said so."""
    train = vectors.of_splits("train")
    seen = world.terms[(world.terms["training_count"] > 0) & (world.terms["depth"] > 0)]
    go_ids = seen["go_id"].tolist()
    kernel = KernelWeights(**dict.fromkeys(SIMILARITIES, 1.0), sharpness=3.0, ridge=1.0, evenness=0.25, landmarks=99)
    labels = truth_matrix(world.pid2pos, train.protein_ids, go_ids)
    aspects = seen["aspect"].to_numpy(str)
    label_model = LabelModel.fit(train.described(sequences), labels, go_ids, aspects, kernel, aligned=50, seed=1)
    ensemble = Ensemble(
        {"MFO": AspectEnsemble(2.0, 0.75), "BPO": AspectEnsemble(0.0, 0.5, (0.0, 0.5, 1.0), (1e-6, 0.3, 1.0))}
    )
    return Scorer(space, calibration, label_model, ensemble)


def all_scores(scorer, vectors, sequences):
    return scorer.scores(vectors.described(sequences))


def predicted(world, scorer, dataset, vectors, sequences, **changed):
    space = scorer.space
    annotations = world.pid2pos.explode("true_ids").rename(columns={"true_ids": "go_id"})
    bank = Bank.of_tables(vectors.known("train"), sequences, {}, annotations, space.terms)
    terms = with_term_sets(space.terms, world.term_sets)
    facts = TermFacts.of_terms(terms, space.graph, Cutoffs({"MFO": 0.3}), "tiny")
    reported = {"min_score": 0.001, "max_terms": 500, "evidence_windows": 3, **changed}
    proteins = [QueryProtein(protein_id, sequences[protein_id]) for protein_id in dataset.protein_ids]
    residues = [dataset[row].residues_LE for row in range(len(dataset))]
    return ChunkScorer(scorer, bank, facts, **reported).predict(proteins, residues).table


@pytest.fixture(scope="module")
def table(world, scorer, dataset, vectors, sequences):
    return predicted(world, scorer, dataset, vectors, sequences)


def test_scores_are_in_zero_to_one_and_no_parent_is_below_its_child(space, scorer, vectors, sequences):
    scores_BT = all_scores(scorer, vectors, sequences)
    assert (scores_BT > 0).all()
    assert (scores_BT <= 1).all()
    graph = space.graph
    assert (scores_BT[:, graph.parent_E] >= scores_BT[:, graph.child_E]).all()
    np.testing.assert_array_equal(hierarchy_consistent(scores_BT, graph), scores_BT)


def test_the_table_has_every_column_filled_and_each_proteins_best_first(world, table):
    assert table.columns.tolist() == PREDICTIONS
    assert table["protein_id"].drop_duplicates().tolist() == world.proteins["protein_id"].tolist()
    assert not table.drop(columns=["nearest_identity", "nearest_coverage"]).isna().any().any()
    assert not table.duplicated(["protein_id", "go_id"]).any()
    for _, rows in table.groupby(["protein_id", "recommended"]):
        assert rows["score"].is_monotonic_decreasing


def test_roots_are_never_predicted_and_unseen_terms_are(space, table):
    assert not set(table["go_id"]) & {"GO:0000", "GO:1000"}
    assert "GO:0005" in set(table["go_id"])
    assert set(table.loc[table["go_id"] == "GO:0005", "term_set"]) == {"zero"}
    assert space.is_root_T.sum() == 2


@pytest.mark.fault(69)
def test_a_protein_is_predicted_the_same_alone_and_held_out(scorer, vectors, sequences, table):
    held_out = pd.concat(predict_held_out(scorer, vectors, sequences, min_score=0.001))
    both = table.merge(held_out, on=["protein_id", "go_id"], suffixes=("", "_held_out"), how="outer")
    assert both["score"].to_numpy(float) == pytest.approx(both["score_held_out"].to_numpy(float), abs=1e-5)


def test_scores_without_a_cutoff_are_those_of_chosen_proteins_and_every_term_with_a_label(
    space, scorer, vectors, sequences, tmp_path, monkeypatch
):
    proteins = vectors.of_splits("train")
    first = proteins.protein_ids[0]
    labels = pd.DataFrame({"protein_id": [first, "elsewhere"], "go_id": ["GO:0005", "GO:0001"]})
    labels = labels[labels["protein_id"] == first]
    monkeypatch.setattr("gofer.evaluation.held_out_predictions.PROTEINS_AT_ONCE", 2)
    with UnthresholdedWriter(tmp_path, space.terms, labels, TRUE_PATH) as writer:
        chosen = {"min_score": 0.001, "unthresholded": writer, "test": proteins.protein_ids}
        table = pd.concat(predict_held_out(scorer, vectors, sequences, **chosen))
        writer.write(tmp_path / "unthresholded.parquet", tmp_path / "ranks.parquet", Manifest())
    assert set(table["protein_id"]) == set(vectors.protein_ids)
    unthresholded, ranks = (
        UnthresholdedScores.open(tmp_path / "unthresholded.parquet"),
        read_table(tmp_path / "ranks.parquet"),
    )
    assert unthresholded.protein_ids.tolist() == proteins.protein_ids
    [(place, score_N)] = unthresholded.of_terms(pd.Index(["elsewhere", "GO:0005"]))
    assert place == 1
    scores_BT = all_scores(scorer, proteins, sequences)
    column = space.go_ids.index("GO:0005")
    np.testing.assert_allclose(score_N, scores_BT[:, column], rtol=1e-5)
    assert ranks[["protein_id", "go_id"]].values.tolist() == [[first, "GO:0005"]]
    aspect = space.terms["aspect"].to_numpy(str)
    rivals = (aspect == aspect[column]) & ~space.is_root_T
    above = (scores_BT[0, rivals] > scores_BT[0, column]).sum()
    assert ranks[["above_seen", "above_unseen"]].sum(axis=1).item() == above


def test_no_held_out_protein_gives_no_table(scorer, vectors, sequences):
    assert list(predict_held_out(scorer, vectors.of_splits("test"), sequences, min_score=0.01)) == []


def test_low_scores_are_left_out(world, scorer, dataset, vectors, sequences, table):
    some = predicted(world, scorer, dataset, vectors, sequences, min_score=0.3)
    assert 0 < len(some) < len(table)
    assert some["score"].min() >= 0.3
    assert predicted(world, scorer, dataset, vectors, sequences, min_score=1.1).empty


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_limit_on_terms_keeps_the_best_and_their_parents(world, scorer, dataset, vectors, sequences, table, most):
    parents = dict(zip(world.terms["go_id"], world.terms["is_a"], strict=True))
    roots = {"GO:0000", "GO:1000"}
    short = predicted(world, scorer, dataset, vectors, sequences, max_terms=most)
    assert set(short["protein_id"]) == set(table["protein_id"])
    for protein_id, rows in short.groupby("protein_id"):
        assert len(rows) == most
        kept = set(rows["go_id"])
        assert all(set(parents[go_id]) - roots <= kept for go_id in kept)
        rest = table[(table["protein_id"] == protein_id) & ~table["go_id"].isin(kept)]
        assert rows["score"].min() >= rest["score"].max()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_with_ties_too_a_kept_term_has_its_parents(space, data):
    graph = space.graph
    raw = data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=10, max_size=10))
    scores_BT = hierarchy_consistent(np.array([raw], np.float32), graph)
    most = data.draw(st.integers(0, 10))
    keep_T = space.to_keep(scores_BT, min_score=0.15, max_terms=most)[0]
    assert keep_T.sum() <= most
    below = ~space.is_root_T[graph.parent_E]
    assert not (keep_T[graph.child_E] & ~keep_T[graph.parent_E] & below).any()


def test_evidence_is_within_the_protein(world, table):
    length_of = dict(zip(world.proteins["protein_id"], world.proteins["length"], strict=True))
    assert (table["evidence"] != "").any()
    for row in table.itertuples():
        last_before = 0
        for part in filter(None, row.evidence.split(",")):
            first, last = (int(number) for number in re.fullmatch(r"(\d+)-(\d+)", part).groups())
            assert last_before < first <= last <= length_of[row.protein_id]
            last_before = last


def test_the_nearest_protein_carries_the_term(world, table):
    transferred = {row.protein_id: set(row.go_ids) for row in world.pid2pos.itertuples() if row.split == "train"}
    assert len(table)
    for row in table.itertuples():
        assert row.nearest_protein == "" if row.go_id == "GO:0005" else row.go_id in transferred[row.nearest_protein]


def test_where_a_known_protein_aligns_it_is_the_nearest(world, scorer, dataset, vectors, sequences):
    train = {row.protein_id: row.go_ids for row in world.pid2pos.itertuples() if row.split == "train"}
    relative = next(protein_id for protein_id, go_ids in train.items() if len(go_ids))
    asked = vectors.of_splits("val").protein_ids[0]
    changed = {**sequences, asked: sequences[relative]}
    table = predicted(world, scorer, dataset, vectors, changed)
    rows = table[(table["protein_id"] == asked) & table["go_id"].isin(train[relative])]
    assert len(rows)
    assert set(rows["nearest_protein"]) == {relative}


def test_scores_propagate_along_the_relations_of_the_run(world, space):
    child, parent = "GO:0004", "GO:0003"
    terms = world.terms.assign(regulates=[[parent] if go_id == child else [] for go_id in world.terms["go_id"]])
    followed = TermSpace.of_model(space.model, terms, world.texts, ["is_a", "part_of", "regulates"]).graph
    more, usual = ({*zip(h.child_E.tolist(), h.parent_E.tolist(), strict=True)} for h in (followed, space.graph))
    assert more - usual == {(space.go_ids.index(child), space.go_ids.index(parent))}
    assert usual < more


def test_terms_of_a_newer_release_that_no_list_names_are_zero_shot(world, space, scorer, dataset, vectors, sequences):
    extra = pd.DataFrame(
        {"go_id": ["GO:9999"], "name": ["new"], "aspect": ["MFO"], "is_a": [["GO:0001"]], "part_of": [[]], "depth": [2],
         "information_accretion": [0.0], "training_count": [0]}
    )  # fmt: skip
    vectors_TG = np.vstack([world.texts.vectors_TG, world.texts.vectors_TG[:1]])
    texts = GoLookupCache([*world.texts.go_ids, "GO:9999"], vectors_TG)
    newer = TermSpace.of_model(space.model, pd.concat([world.terms, extra]), texts)
    table = predicted(world, replace(scorer, space=newer), dataset, vectors, sequences)
    new = table[table["go_id"] == "GO:9999"]
    assert len(new)
    assert set(new["term_set"]) == {"zero"}
    assert set(new["name"]) == {"new"}


def test_the_calibration_is_fitted_over_seen_terms_alone(world, space, vectors):
    labels_BT = truth_matrix(world.pid2pos, vectors.protein_ids, space.go_ids).toarray()
    fitted = space.calibrate(vectors.vectors_ND, labels_BT)
    assert set(fitted.weights) == {"MFO", "BPO"}
    assert (0.0, 1.0, 0.0) not in fitted.weights.values()
    labels_BT[:, [0, 5, 6]] = True  # roots and the zero-shot term
    assert space.calibrate(vectors.vectors_ND, labels_BT) == fitted


def test_a_drop_is_the_cosine_with_minus_without_the_window(space, dataset):
    row = int(np.argmax(dataset.lengths))
    explained = explain_protein(space.model, dataset, row)
    assert explained.attention_L.sum() == pytest.approx(1, abs=1e-5)
    assert explained.attention_L.shape == (dataset.lengths[row],)
    drop_WT = explained.drops(space.z_TD)
    assert drop_WT.shape == (int(explained.layout.window_mask_BW.sum()), 10)
    without_WD = explained.z_D - explained.moved_WD
    assert np.linalg.norm(without_WD, axis=1) == pytest.approx(np.ones(len(without_WD)), abs=1e-5)
    assert drop_WT == pytest.approx((explained.z_D @ space.z_TD.T)[None] - without_WD @ space.z_TD.T, abs=1e-5)


def test_ranges_are_the_windows_of_the_highest_drop_merged(space, dataset):
    row = int(np.argmax(dataset.lengths))
    explained = explain_protein(space.model, dataset, row)
    windows = int(explained.layout.window_mask_BW.sum())
    drop_W = np.zeros(windows, np.float32)
    drop_W[[1, 2, 5]] = 0.3, 0.2, 0.1  # windows of 8 residues, one begins every 4
    assert explained.ranges(drop_W, windows=3) == [(5, 16), (21, 28)]
    assert explained.ranges(drop_W, windows=2) == [(5, 16)]
    assert explained.ranges(-drop_W, windows=3) == []
    impact_L = explained.residue_impact(drop_W)
    assert len(impact_L) == dataset.lengths[row]
    assert impact_L[8] == pytest.approx(0.25)  # in the windows of 0.3 and 0.2
    assert impact_L[0] == 0


def test_a_protein_of_one_window_rests_on_all_of_it(space, dataset):
    row = int(np.argmin(dataset.lengths))
    explained = explain_protein(space.model, dataset, row)
    assert explained.ranges(np.zeros(1, np.float32), windows=3) == [(1, int(dataset.lengths[row]))]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10)).map(lambda pair: (pair[0], sum(pair)))))
def test_merged_ranges_cover_the_same_residues_and_do_not_touch(ranges):
    out = merged(ranges)
    cover = lambda some: {residue for first, last in some for residue in range(first, last + 1)}  # noqa: E731
    assert cover(out) == cover(ranges)
    assert all(before[1] + 1 < after[0] for before, after in zip(out, out[1:], strict=False))
    assert as_text([(1, 3), (7, 9)]) == "1-3,7-9"


def test_examples_are_correct_informative_predictions_of_several_proteins(world):
    predictions = pd.DataFrame(
        [
            ("P1", "GO:0002", 0.9),
            ("P1", "GO:0001", 0.95),
            ("P1", "GO:0005", 0.2),
            ("P2", "GO:0003", 0.9),
            ("P3", "GO:0004", 0.5),
        ],  # fmt: skip
        columns=["protein_id", "go_id", "score"],
    ).astype({"protein_id": "category", "go_id": "category"})
    labels = pd.DataFrame(
        {"protein_id": ["P1", "P1", "P1", "P3"], "go_id": ["GO:0001", "GO:0002", "GO:0005", "GO:0004"]}
    )
    chosen = choose_examples(predictions, labels, world.terms, ["P1", "P2", "P3"], most=9)
    assert chosen.values.tolist() == [["P1", "GO:0002", 0.9], ["P3", "GO:0004", 0.5]]
    assert len(choose_examples(predictions, labels, world.terms, ["P1", "P2", "P3"], most=1)) == 1
    assert choose_examples(predictions, labels, world.terms, [], most=9).empty


def test_planted_motifs_of_descendants_count_for_a_term(space):
    planted = pd.DataFrame(
        {"protein_id": ["P1", "P1", "P1", "P2"], "go_id": ["GO:0002", "GO:0005", "GO:0004", "GO:0002"],
         "start": [5, 8, 30, 1], "end": [9, 12, 33, 4]}
    )  # fmt: skip
    column = space.go_ids.index("GO:0002")
    assert planted_ranges(space, planted, "P1", column) == [(5, 12)]
    assert planted_ranges(space, planted, "P1", space.go_ids.index("GO:0001")) == [(5, 12)]
    assert planted_ranges(space, planted, "P1", space.go_ids.index("GO:0003")) == []


def test_explained_examples_have_residues_of_the_right_protein(space, dataset, world):
    examples = pd.DataFrame({"protein_id": ["P05", "P02"], "go_id": ["GO:0002", "GO:1002"], "score": [0.9, 0.8]})
    planted = pd.DataFrame({"protein_id": ["P05"], "go_id": ["GO:0005"], "start": [2], "end": [3]})
    table = explained_examples(space, dataset, examples, planted, windows=2)
    assert table["protein_id"].tolist() == ["P05", "P02"]
    assert table["name"].tolist() == ["name of GO:0002", "name of GO:1002"]
    assert table["planted"].tolist() == ["2-3", ""]
    for row in table.itertuples():
        length = int(world.proteins.set_index("protein_id")["length"][row.protein_id])
        assert row.length == len(row.attention) == len(row.impact) == length
    assert explained_examples(space, dataset, examples.iloc[:0], None, windows=2).empty


def test_a_base_rate_alone_predicts_the_same_for_every_protein(space, vectors):
    scores_BT = space.text_scores(vectors.vectors_ND, Calibration({}))
    assert np.ptp(scores_BT, axis=0).max() == 0


def test_a_fitted_regression_comes_back_from_its_file_and_a_damaged_file_is_refused(
    scorer, vectors, sequences, tmp_path
):
    described = vectors.described(sequences)
    scorer.label_model.write(tmp_path / "label_model.safetensors", Manifest({"go_release": "tiny"}))
    again = LabelModel.read(tmp_path / "label_model.safetensors")
    assert again.go_ids == scorer.label_model.go_ids
    one, two = again.predict(described), scorer.label_model.predict(described)
    for name in ("regressed_BT", "transferred_BT"):
        assert getattr(one, name).any()
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for aspect, similarity_B in one.similarity.items():
        assert similarity_B.any()
        np.testing.assert_array_equal(similarity_B, two.similarity[aspect])
    content = bytearray((tmp_path / "label_model.safetensors").read_bytes())
    content[-20] ^= 1
    (tmp_path / "label_model.safetensors").write_bytes(content)
    with pytest.raises(ArtefactError, match="is no readable label model"):
        LabelModel.read(tmp_path / "label_model.safetensors")


def test_labels_of_proteins_without_vectors_are_transferred_but_change_no_regression(world, vectors, sequences):
    train, go_ids = vectors.of_splits("train"), ["GO:0002", "GO:1002"]
    labels_NT = truth_matrix(world.pid2pos, train.protein_ids, go_ids)
    kernel = KernelWeights(**dict.fromkeys(SIMILARITIES, 1.0), landmarks=99)
    rng = np.random.default_rng(3)
    relative = "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 80))
    others = LabelledSequences([relative], sp.csr_array([[False, True]]))
    described, aspects = train.described(sequences), np.array(["MFO", "BPO"])
    alone, more = (
        LabelModel.fit(described, labels_NT, go_ids, aspects, kernel, aligned=50, seed=1, others=those)
        for those in (None, others)
    )
    np.testing.assert_array_equal(alone.regression.weight_MT, more.regression.weight_MT)
    asked = Described(described.vectors_BD[:1], described.summaries_BS[:1], [relative])
    assert alone.predict(asked).transferred_BT.tolist() == [[0, 0]]
    assert more.predict(asked).transferred_BT.tolist() == [[0, 1]]


def test_a_term_that_training_has_not_seen_moves_with_seen_terms_of_like_text_and_stays_below_its_parents(
    scorer, vectors, sequences
):
    space = scorer.space
    unseen, scores_BT = space.go_ids.index("GO:0005"), all_scores(scorer, vectors, sequences)
    expected_BS = scorer.ensemble.labels(
        scorer.label_model.predict(vectors.described(sequences)), scorer.label_model.aspects_T
    )
    text_BT = space.text_scores(vectors.vectors_ND, scorer.calibration)
    raised_B = scorer.related.raised(text_BT, expected_BS)[:, unseen]
    parents = space.graph.parent_E[space.graph.child_E == unseen]
    limit_B = scores_BT[:, parents].min(axis=1)
    wanted_B = np.minimum(np.maximum(raised_B * np.sqrt(limit_B), 1e-6), limit_B)
    np.testing.assert_allclose(scores_BT[:, unseen], wanted_B, rtol=1e-5)


def test_towers_alone_score_seen_terms_by_text_and_base_rate_and_no_term_above_its_parents(scorer, vectors, sequences):
    space = scorer.space
    scores_BT = TextScorer(space, scorer.calibration).scores(vectors.described(sequences))
    text_BT = space.text_scores(vectors.vectors_ND, scorer.calibration)
    unseen = space.go_ids.index("GO:0005")
    own_T = ~space.is_root_T
    own_T[unseen] = False
    seen_BT = hierarchy_consistent(np.where(np.arange(len(own_T)) == unseen, 0, text_BT), space.graph)
    np.testing.assert_array_equal(scores_BT[:, own_T], seen_BT[:, own_T])
    parents = space.graph.parent_E[space.graph.child_E == unseen]
    np.testing.assert_array_equal(
        scores_BT[:, unseen], np.minimum(text_BT[:, unseen], scores_BT[:, parents].min(axis=1))
    )
    assert (scores_BT[:, space.is_root_T] == 1).all()


def test_stated_terms_change_the_scores_of_their_proteins_alone_also_of_terms_that_training_has_not_seen(
    world, space, scorer, vectors, sequences
):
    first, row, column = vectors.protein_ids[1], 1, space.go_ids.index("GO:0005")
    aspect = space.terms["aspect"][column]
    trusting = replace(scorer, own=OwnEvidence({aspect: AspectTrust(0.9, {ANY: 0.95}, {ANY: {}})}))
    table = pd.DataFrame({"protein_id": [first], "go_id": ["GO:0005"], "evidence": ["IEA"]})
    stated = StatedTerms.of_table(table, space.terms, TRUE_PATH)
    before_BT, described = all_scores(scorer, vectors, sequences), vectors.described(sequences)
    after_BT = trusting.scores(described, stated=stated.of_proteins(vectors.protein_ids))
    others = np.arange(len(before_BT)) != row
    np.testing.assert_array_equal(after_BT[others], before_BT[others])
    assert after_BT[row, column] > max(before_BT[row, column], 0.8)
    graph = space.graph
    assert (after_BT[:, graph.parent_E] >= after_BT[:, graph.child_E]).all()
    np.testing.assert_array_equal(trusting.scores(described), before_BT)
    held_out = pd.concat(predict_held_out(trusting, vectors, sequences, min_score=0.001, stated=stated))
    score = held_out.set_index(["protein_id", "go_id"])["score"][first, "GO:0005"]
    assert score == pytest.approx(after_BT[row, column], abs=1e-6)


def test_trust_in_stated_terms_is_fitted_where_they_are_known_and_changes_nothing_else(
    world, space, scorer, vectors, sequences
):
    train = vectors.of_splits("train")
    truth_BT = truth_matrix(world.pid2pos, train.protein_ids, space.go_ids).toarray()
    rows = [(train.protein_ids[b], space.go_ids[t], "IEA") for b, t in zip(*np.nonzero(truth_BT), strict=True)]
    table = pd.DataFrame(rows, columns=["protein_id", "go_id", "evidence"])
    stated = StatedTerms.of_table(table, space.terms, TRUE_PATH).of_proteins(train.protein_ids)
    arguments = space, scorer.label_model, train.described(sequences), truth_BT, ["is_a", "part_of"]
    plain, trusting = Scorer.fit(*arguments), Scorer.fit(*arguments, stated=stated)
    found = trusting.fitted()
    own = OwnEvidence.from_json(found.pop("own"))
    assert found == plain.fitted()
    assert own == trusting.own
    assert all(trust.shares[ANY] == 1 for trust in own.aspects.values())


def test_a_scorer_is_fitted_on_validation_proteins(world, space, scorer, vectors, sequences):
    val = vectors.of_splits("val")
    truth_BT = truth_matrix(world.pid2pos, val.protein_ids, space.go_ids).toarray()
    fitted = Scorer.fit(space, scorer.label_model, val.described(sequences), truth_BT, ["is_a", "part_of"])
    scores_BT = all_scores(fitted, val, sequences)
    assert (scores_BT > 0).all()
    assert (scores_BT <= 1).all()
    assert set(fitted.ensemble.aspects) <= {"MFO", "BPO"}
