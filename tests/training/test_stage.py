"""A stage of training learns, is reproducible bit by bit, and stops at values that are not finite."""

import copy
import dataclasses
import logging

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from training.tiny_world import BLOCK, CURRICULUM, RELEASE, TRAINING

from gofer.errors import ArtefactError, GoferError
from gofer.training.checkpoint import write_checkpoint
from gofer.training.encode import protein_vectors, term_vectors
from gofer.training.optimiser import Optimiser
from gofer.training.settings import StageConfig, TrainingConfig, Weights
from gofer.training.stage import steps_of, train_stage
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.step import Stepper
from gofer.training.tracking import Tracker
from gofer.training.validation import validation_figures


@pytest.fixture(autouse=True)
def _one_thread():
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(strict)


def training(**changed):
    return {**copy.deepcopy(TRAINING), **changed}


def with_stage(name="A", **changed):
    settings = training()
    settings["stages"] = {**settings["stages"], name: {**BLOCK, **changed}}
    return settings


def trained(world, folder, *, stage="A", settings=TRAINING, previous=None, seed=1):
    """Train a stage and write its checkpoint; the tracker's table and the checkpoint's bytes."""
    model, data, miner, config, shared = world.begin(stage=stage, training=settings, previous=previous, seed=seed)
    tracker = Tracker(stage)
    model = train_stage(model, data, miner, config, shared, tracker)
    write_checkpoint(folder / f"{stage}.safetensors", model, RELEASE.with_facts(stage=stage))
    return tracker.table(), (folder / f"{stage}.safetensors").read_bytes()


def test_the_same_seed_gives_the_same_figures_and_the_same_bytes(world, tmp_path):
    first, bytes_1 = trained(world, tmp_path / "1")
    second, bytes_2 = trained(world, tmp_path / "2")
    assert first.equals(second)
    assert bytes_1 == bytes_2


def test_another_seed_gives_another_model(world, tmp_path):
    assert trained(world, tmp_path / "1")[1] != trained(world, tmp_path / "2", seed=2)[1]


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 1}, {"learning_rate": 0.02}, {"lambda_con": 0.5}, {"lambda_attr_start": 0.3},
        {"lambda_attr_max": 0.0}, {"lambda_dag": 5.0}, {"curriculum": {**CURRICULUM, "hard_frac": [1.0, 1.0]}},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_stage_changes_with_its_settings(world, tmp_path, change):
    close = training(dag_margin=0.999)  # so that the DAG loss is there from the first step
    changed = {**close, "stages": {**close["stages"], "A": {**BLOCK, **change}}}
    assert trained(world, tmp_path / "1", settings=close)[1] != trained(world, tmp_path / "2", settings=changed)[1]


def test_a_stage_does_not_change_with_another_stages_settings(world, tmp_path):
    changed = with_stage("B", learning_rate=0.1, epochs=9)
    assert trained(world, tmp_path / "1")[1] == trained(world, tmp_path / "2", settings=changed)[1]


@pytest.mark.parametrize(
    "change",
    [
        {"objective": "sigmoid"}, {"objective": "bce"}, {"go_to_protein": False}, {"weight_decay": 0.9},
        {"clip_norm": 0.01}, {"gamma": 0.1}, {"fs_target_ratio": 0.9}, {"batch_proteins": 16}, {"epoch_proteins": 9},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_shared_settings_count_too(world, tmp_path, change):
    assert trained(world, tmp_path / "1")[1] != trained(world, tmp_path / "2", settings=training(**change))[1]


@pytest.mark.parametrize("objective", ["infonce", "sigmoid", "bce"])
def test_training_lowers_the_loss_and_reports_every_figure(world, tmp_path, objective):
    settings = {**with_stage(epochs=12), "objective": objective}
    table, _ = trained(world, tmp_path, settings=settings)
    loss = table[(table["metric"] == "loss") & (table["split"] == "train")]["value"].to_numpy()
    assert loss[-3:].mean() < loss[0]
    assert np.isfinite(table[table["split"] == "train"]["value"]).all()
    names = set(table["metric"])
    assert {"con", "dag", "attr", "temperature", "attention_entropy", "alignment", "uniformity", "few_share"} <= names
    assert {"negatives", "index_age", "fmax", "fmax_MFO", "fmax_BPO"} <= names
    assert {"recall_at_10_to_go", "mrr_to_go", "recall_at_10_to_protein", "mrr_to_protein"} <= names
    assert table["epoch"].max() == 12


@pytest.mark.parametrize("variant", [{"pooling": "mean"}, {"win_size": None}, {"heads": 2}], ids=str)
def test_variants_of_the_model_are_trained_by_config_alone(world, tmp_path, variant):
    table, weights = trained(world, tmp_path / "1", settings=training(**variant))
    assert weights != trained(world, tmp_path / "2")[1]
    attr = table[(table["metric"] == "attr") & (table["split"] == "train")]["value"]
    assert attr.any() == ("win_size" not in variant)  # a single window cannot be masked


def test_the_best_epoch_by_validation_fmax_is_kept(world, tmp_path):
    table, _ = trained(world, tmp_path, settings=with_stage(epochs=6, learning_rate=0.05))
    best = table[(table["metric"] == "fmax")]["value"].max()
    _, data, *_ = world.begin()
    kept = begin_model(data, TRAINING, seed=1, previous=tmp_path / "A.safetensors")
    labels_NT = data.val.truth_NT.toarray()
    assert validation_figures(kept, data.val.proteins, labels_NT, data.vocabulary)["fmax"] == pytest.approx(best)


def test_without_any_validation_label_the_last_epoch_is_kept_not_the_first_weights(world, tmp_path):
    model, data, miner, stage, config = world.begin()
    blank = LabelledProteins(data.val.proteins, data.val.hops_NT * 0, sp.csr_array(data.val.truth_NT.shape, dtype=bool))
    before = copy.deepcopy(model.state_dict())
    tracker = Tracker("A")
    model = train_stage(model, StageData(data.train, blank, data.vocabulary), miner, stage, config, tracker)
    assert any(not torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert tracker.table().query("metric == 'fmax'")["value"].isna().all()


def test_validation_compares_with_all_true_terms_positives_or_not(world, tmp_path):
    tables = []
    for positives in (True, False):
        model, data, miner, stage, config = world.begin()
        hops_NT = data.val.hops_NT if positives else data.val.hops_NT * 0
        val = LabelledProteins(data.val.proteins, hops_NT, data.val.truth_NT)
        tracker = Tracker("A")
        train_stage(model, StageData(data.train, val, data.vocabulary), miner, stage, config, tracker)
        tables.append(tracker.table().query("split == 'val' and metric.str.startswith('fmax')"))
    assert tables[0]["value"].notna().any()
    pd.testing.assert_frame_equal(*tables)


def test_the_index_is_projected_again_after_the_set_number_of_epochs(world, tmp_path):
    model, data, miner, stage, config = world.begin(training=with_stage(epochs=5))
    tracker = Tracker("A")
    train_stage(model, data, miner, stage, dataclasses.replace(config, refresh_epochs=2), tracker)
    ages = tracker.table().query("metric == 'index_age'")["value"].tolist()
    assert ages == [0, 1, 0, 1, 0]


def test_stages_start_from_the_previous_checkpoint(world, tmp_path):
    trained(world, tmp_path, stage="A")
    model, *_ = world.begin(stage="B", previous=tmp_path / "A.safetensors")
    trained(world, tmp_path, stage="B", previous=tmp_path / "A.safetensors")
    for name in ("A", "B"):
        write_checkpoint(tmp_path / "again.safetensors", model, RELEASE.with_facts(stage="A"))
        same = (tmp_path / "again.safetensors").read_bytes() == (tmp_path / f"{name}.safetensors").read_bytes()
        assert same == (name == "A")


@pytest.mark.parametrize("previous", [None, []])
def test_stage_a_starts_from_the_seed(world, previous):
    first, second = (world.begin(previous=previous)[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = world.begin(previous=previous, seed=2)[0].state_dict()
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("change", [{"shared_width": 7}, {"win_size": 4}, {"temperature": [0.1, 0.5]}])
def test_a_checkpoint_of_other_shapes_is_refused_and_both_sides_are_named(world, tmp_path, change):
    trained(world, tmp_path)
    with pytest.raises(ArtefactError, match=r"was trained with ModelSizes.*this stage has ModelSizes"):
        world.begin(training=training(**change), previous=tmp_path / "A.safetensors")


def test_a_checkpoint_of_other_terms_is_refused(world, tmp_path):
    trained(world, tmp_path)
    fewer = dataclasses.replace(world, terms=world.terms[world.terms["go_id"] != "GO:1003"].reset_index(drop=True))
    with pytest.raises(ArtefactError, match="on 7 terms.* 6 terms"):
        fewer.begin(previous=tmp_path / "A.safetensors")


def test_another_dropout_is_no_other_shape(world, tmp_path):
    trained(world, tmp_path)
    assert world.begin(training=training(dropout=0.3), previous=tmp_path / "A.safetensors")[0] is not None


@pytest.mark.fault(58)
def test_a_loss_that_is_no_number_stops_before_the_update_and_names_the_step(world, tmp_path, monkeypatch, caplog):
    model, data, miner, stage, config = world.begin()
    plain, calls, weights = Stepper.loss, [], []

    def broken(self, *arguments):
        result = plain(self, *arguments)
        calls.append(1)
        if len(calls) < 3:
            return result
        weights.append(copy.deepcopy(self.model.state_dict()))
        return dataclasses.replace(result, total=result.total * float("nan"))

    monkeypatch.setattr(Stepper, "loss", broken)
    tracker = Tracker("A")
    with caplog.at_level(logging.ERROR, logger="gofer"), pytest.raises(GoferError) as caught:
        train_stage(model, data, miner, stage, config, tracker)
    assert "the loss is nan in stage A, epoch 1, step 2" in str(caught.value)
    assert "lower training.stages.A.learning_rate" in caught.value.help
    assert all(torch.equal(weight, weights[0][name]) for name, weight in model.state_dict().items())
    batch = caplog.text.split("proteins of the batch: ")[1].split()
    assert batch
    assert set(batch) <= set(data.train.proteins.protein_ids)


@pytest.mark.fault(58)
def test_a_gradient_that_is_no_number_stops_before_the_update(world, tmp_path, monkeypatch):
    model, data, miner, stage, config = world.begin()
    before = copy.deepcopy(model.state_dict())
    plain = Stepper.loss

    def broken(self, *arguments):
        result = plain(self, *arguments)
        weight = self.model.temperature_logit
        return dataclasses.replace(result, total=result.total + torch.sqrt((weight * 0).abs()))  # d√0 is infinite

    monkeypatch.setattr(Stepper, "loss", broken)
    tracker = Tracker("A")
    with pytest.raises(GoferError, match="the gradient is nan in stage A, epoch 1, step 0"):
        train_stage(model, data, miner, stage, config, tracker)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_the_rate_rises_then_falls_to_a_tenth(world):
    model, _, _, stage, config = world.begin()
    optimiser = Optimiser.of(model, stage, config, steps=100)
    rates = []
    for _ in range(100):
        rates.append(optimiser.adamw.param_groups[0]["lr"])
        (model.temperature_logit**2).backward()
        optimiser.step(model)
    assert rates[0] == pytest.approx(0.002)
    assert max(rates) == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.001, rel=0.01)
    assert np.argmax(rates) == 4
    assert (np.diff(rates[5:]) < 0).all()


def test_only_matrices_decay(world):
    model, _, _, stage, config = world.begin()
    decayed, others = Optimiser.of(model, stage, config, steps=5).adamw.param_groups
    assert decayed["weight_decay"] == 0.01
    assert others["weight_decay"] == 0
    assert all(weight.ndim > 1 for weight in decayed["params"])
    assert len(decayed["params"]) + len(others["params"]) == len(list(model.parameters()))


def test_steps_count_the_last_short_batch(world):
    _, data, _, stage, config = world.begin()
    assert steps_of(data, stage, config) == 2 * 3  # 16 training proteins in batches of 6


def test_settings_are_read_from_the_config(world):
    stage = StageConfig.from_config(TRAINING, "C")
    assert (stage.name, stage.epochs) == ("C", 2)
    assert [stage.weights(step, 11).attr for step in (0, 5, 10)] == pytest.approx([0.0, 0.1, 0.2])
    assert stage.weights(0, 11) == Weights(con=1.0, attr=0.0, dag=0.1)
    config = TrainingConfig.from_config(TRAINING, {"refresh_epochs": 3}, seed=5)
    assert (config.refresh_epochs, config.seed, config.gamma) == (3, 5, 0.9)


def test_vectors_do_not_depend_on_how_proteins_are_batched(world, monkeypatch):
    model, data, *_ = world.begin()
    model.eval()
    together = protein_vectors(model, data.train.proteins)
    monkeypatch.setattr("gofer.training.encode.RESIDUES_AT_ONCE", 20)
    np.testing.assert_allclose(protein_vectors(model, data.train.proteins), together, atol=1e-6)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(16), abs=1e-5)


def test_a_term_never_seen_has_its_text_only(world):
    model, *_ = world.begin()
    model.eval()
    text_TG = world.texts.vectors_TG[[1, 5]]
    with torch.no_grad():
        model.free_vectors_TD += 1.0
        plain = torch.nn.functional.normalize(model.term_tower(torch.from_numpy(text_TG)), dim=1).numpy()
    projected = term_vectors(model, ["GO:0001", "GO:0005"], text_TG)
    assert projected[1] == pytest.approx(plain[1], abs=1e-6)
    assert projected[0] != pytest.approx(plain[0], abs=1e-3)
