"""Training without one part: only that part is missing, and the full model is that of the stages' jobs."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.worlds import PROTEINS, RELATIONS, worlds
from training.tiny_world import BLOCK, CURRICULUM, RELEASE, TRAINING

from gofer.inputs.held_out import HeldOut
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.splits.expansion import ExpansionConfig, expand, positives_by_protein
from gofer.mining.faiss_index import SHARED, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.vocabulary import Vocabulary
from gofer.report.ablation_section import PARTS
from gofer.training.checkpoint import read_checkpoint, write_checkpoint
from gofer.training.encode import term_vectors
from gofer.training.stage import train_stage
from gofer.training.tracking import Tracker
from gofer.training.variants import VariantInputs, judge, stated_only, train_variant, variant_settings

MINING = {"refresh_epochs": 1, "index": "exact"}
FIGURES = {"fmax", "fmax_MFO", "fmax_BPO", "fmax_CCO", "seen_macro_aupr", "zero_macro_auroc", "zero_macro_aupr"}


@pytest.fixture(autouse=True)
def one_thread():
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(strict)


def inputs_of(world, *, zero_shot=("P16", "P17", "P18")):
    """The world as rule ablate joins it; some proteins have the term that training never sees."""
    rows = world.pid2pos[["protein_id", "true_ids"]].explode("true_ids").rename(columns={"true_ids": "go_id"})
    more = pd.DataFrame({"protein_id": list(zero_shot), "go_id": "GO:0005"})
    annotations = pd.concat([rows, more], ignore_index=True)
    vocabulary = Vocabulary.of_tables(world.terms, world.term_sets, world.texts, relations=["is_a", "part_of"])
    held_out = HeldOut.of_tables(world.terms, world.term_sets, annotations, world.splits)
    texts = dict.fromkeys("ABCD", world.texts)
    return VariantInputs(world.store, world.proteins, world.pid2pos, vocabulary, texts, held_out)


def every_curriculum(**knobs):
    return {**BLOCK, "curriculum": {**CURRICULUM, **knobs}}


CONSTANT = {knob: [last, last] for knob, (_, last) in ((k, v) for k, v in CURRICULUM.items() if isinstance(v, list))}


@pytest.mark.parametrize(
    ("part", "shared", "block"),
    [
        ("full", {}, BLOCK),
        ("expansion", {}, BLOCK),
        ("mining", {}, every_curriculum(hard_frac=[0.0, 0.0], k_hard=[0, 0])),
        ("curriculum", {}, every_curriculum(**CONSTANT)),
        ("dag", {}, {**BLOCK, "lambda_dag": 0.0}),
        ("attribution", {}, {**BLOCK, "lambda_attr_start": 0.0, "lambda_attr_max": 0.0}),
        ("phase_texts", {}, {**BLOCK, "text_phase": "D"}),
        ("go_to_protein", {"objective": "infonce", "go_to_protein": False}, BLOCK),
        ("free_term_vectors", {"free_term_vectors": False}, BLOCK),
        ("windows", {"pooling": "mean", "win_size": None}, BLOCK),
        ("sigmoid", {"objective": "sigmoid"}, BLOCK),
        ("infonce", {"objective": "infonce"}, BLOCK),
        ("bce", {"objective": "bce"}, BLOCK),
    ],
)
def test_a_part_changes_its_settings_and_no_others(part, shared, block):
    before = copy.deepcopy(TRAINING)
    assert variant_settings(part, TRAINING) == {**TRAINING, **shared, "stages": dict.fromkeys("ABCD", block)}
    assert before == TRAINING


def test_without_curriculum_the_hardness_is_that_of_the_last_step_throughout():
    stages = {**TRAINING["stages"], "D": every_curriculum(k_hard=[3, 9])}
    changed = variant_settings("curriculum", {**TRAINING, "stages": stages})["stages"]
    assert {name: changed[name]["curriculum"]["k_hard"] for name in "ABCD"} == dict.fromkeys("ABCD", [9, 9])


def test_every_part_of_the_config_can_be_left_out_and_has_a_name(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    parts = schema["properties"]["ablation"]["properties"]["parts"]["items"]["enum"]
    assert set(parts) == set(PARTS)
    for part in parts:
        variant_settings(part, TRAINING)
    with pytest.raises(ValueError, match="not a variant of training"):
        variant_settings("everything", TRAINING)


@pytest.mark.slow
def test_the_full_model_has_the_bits_of_the_stages_jobs(world, tmp_path):
    ablated = train_variant("full", inputs_of(world), TRAINING, MINING, seed=5, share=1.0)
    previous = None
    for name in "ABCD":
        model, data, miner, stage, config = world.begin(stage=name, previous=previous, seed=5)
        if previous:
            z_TD = term_vectors(model, data.vocabulary.go_ids, data.vocabulary.text_TG)
            index = TermIndex.of_vectors(data.vocabulary.go_ids, z_TD, space=SHARED)
            miner = Miner(index, data.vocabulary.go_ids, data.vocabulary.text_TG)
        tracker = Tracker(name)
        model = train_stage(model, data, miner, stage, config, tracker)
        previous = tmp_path / f"{name}.safetensors"
        write_checkpoint(previous, model, RELEASE)
    staged = read_checkpoint(previous)[0].state_dict()
    assert all(torch.equal(weight, staged[name]) for name, weight in ablated.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize("part", ["full", *PARTS])
def test_every_part_trains_and_is_judged(world, part):
    inputs = inputs_of(world)
    first, again = (judge(train_variant(part, inputs, TRAINING, MINING, seed=1, share=0.1), inputs) for _ in range(2))
    assert set(first) == FIGURES
    assert np.isnan(first["fmax_CCO"])  # no term of the world
    assert all(0 <= value <= 1 for name, value in first.items() if name != "fmax_CCO")
    assert first == pytest.approx(again, nan_ok=True, abs=0)


def test_judging_uses_unseen_terms_of_validation_proteins_only(world):
    model = train_variant("full", inputs_of(world), TRAINING, MINING, seed=1, share=0.1)
    figures = judge(model, inputs_of(world))
    assert judge(model, inputs_of(world, zero_shot=("P16", "P17", "P18", "P01"))) == pytest.approx(figures, nan_ok=True)
    assert np.isnan(judge(model, inputs_of(world, zero_shot=("P01",)))["zero_macro_auroc"])


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(worlds(), st.sampled_from(["all", "sparse"]), st.booleans())
def test_without_expansion_the_labels_are_those_of_expansion_none(case, expansion, drop):
    terms, stated = case
    annotations = propagate(stated, terms, RELATIONS)
    counts = label_matrix(annotations, PROTEINS, terms["go_id"].tolist()).sum(axis=0)
    splits = pd.DataFrame({"protein_id": PROTEINS, "split": "train"})

    def labels(expansion):
        config = ExpansionConfig(
            expansion=expansion,
            min_positives=3,
            max_hops=1,
            max_ancestors=2,
            drop_through_held_out=drop,
        )
        table, held_out = terms.assign(training_count=counts), {terms["go_id"].iloc[-1]}
        return positives_by_protein(expand(annotations, splits, table, held_out, config, RELATIONS))

    pd.testing.assert_frame_equal(stated_only(labels(expansion)), labels("none"))


def test_without_expansion_only_stated_terms_are_positives_and_all_stay_true():
    pid2pos = pd.DataFrame(
        {"protein_id": ["P1", "P2"], "split": "train", "go_ids": [["a", "b", "c"], ["b"]], "hops": [[1, 0, 2], [1]],
         "true_ids": [["a", "b", "c"], ["b"]]}
    )  # fmt: skip
    labels = stated_only(pid2pos)
    assert labels["go_ids"].tolist() == [["b"], []]
    assert labels["hops"].tolist() == [[0], []]
    assert labels["true_ids"].tolist() == pid2pos["true_ids"].tolist()
    assert pid2pos["hops"].tolist() == [[1, 0, 2], [1]]
