from dataclasses import replace

import numpy as np
import pytest
import torch
from embeddings.proteins import sequence
from esm.model.esm2 import ESM2

from gofer.artefacts import Manifest
from gofer.embeddings.pretraining import pretrain as pretraining
from gofer.embeddings.pretraining.crops import RESIDUES, Crops, Masking, hold_out
from gofer.embeddings.pretraining.masked_forward import masked_logits
from gofer.embeddings.pretraining.pretrain import (
    PretrainingConfig,
    best_esm2,
    figures,
    hidden_batches,
    perplexity,
    pretrain,
    progress,
    run_mark,
    schedule,
)
from gofer.embeddings.pretraining.pretraining_state import PretrainingState, parameters_of
from gofer.embeddings.residues.esm import load_esm, write_esm2
from gofer.errors import GoferError
from gofer.inputs.splits.clusters import cluster

pytestmark = pytest.mark.slow

TINY = PretrainingConfig(
    layers=2, width=32, heads=2, crop=64, batch_residues=512, steps=12, minutes=None, learning_rate=0.01,
    weight_decay=0.01, dropout=0.1, masked=0.15, held_out=0.1, float16=True, seed=1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def random_model(seed=0):
    torch.manual_seed(seed)
    return ESM2(2, 32, 2, alphabet="ESM-1b").eval()


def proteins(number, seed=0):
    lengths = np.random.default_rng(seed).integers(5, 150, number)
    return [sequence(int(length), seed=seed + place) for place, length in enumerate(lengths)]


def batch_of(sequences, masking, *, crop=64, step=0):
    return Crops(sequences, random_model().alphabet, crop=crop).batch(
        step, crops=len(sequences), masking=masking, seed=3
    )


def test_packed_logits_are_those_of_fair_esm():
    model = random_model()
    batch = batch_of(proteins(7), Masking(0.3))
    rows = torch.split(batch.tokens_R, list(batch.lengths))
    padded_BL = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=model.padding_idx)
    with torch.no_grad():
        found_MV = masked_logits(model, batch)
        logits_BLV = model(padded_BL)["logits"]
    wanted_RV = torch.cat([logits_BLV[row, :length] for row, length in enumerate(batch.lengths)])
    torch.testing.assert_close(found_MV, wanted_RV[batch.places_M], atol=2e-5, rtol=1e-4)


def test_every_parameter_but_the_contacts_gets_a_gradient():
    model = random_model()
    batch = batch_of(proteins(7), Masking(0.3))
    torch.nn.functional.cross_entropy(masked_logits(model, batch), batch.truth_M).backward()
    assert all(
        parameter.grad.abs().sum() > 0 for name, parameter in parameters_of(model).items() if "k_proj.bias" not in name
    )


def test_dropout_changes_training_and_nothing_else():
    model, batch = random_model(), batch_of(proteins(7), Masking(0.3))
    with torch.no_grad():
        plain, again = masked_logits(model, batch), masked_logits(model, batch)
        dropped = masked_logits(model, batch, dropout=0.5)
    assert torch.equal(plain, again)
    assert (plain - dropped).abs().max() > 0.01


def test_of_the_chosen_residues_80_are_masked_10_are_random_and_10_stay():
    batch = batch_of(["".join(np.random.default_rng(0).choice(list(RESIDUES), 60))] * 600, Masking(0.15))
    alphabet = random_model().alphabet
    seen_M = batch.tokens_R[batch.places_M]
    shares = [
        len(seen_M) / (60 * 600),
        (seen_M == alphabet.mask_idx).double().mean(),
        ((seen_M != alphabet.mask_idx) & (seen_M != batch.truth_M)).double().mean(),
        (seen_M == batch.truth_M).double().mean(),
    ]
    # A residue at random is the true one in 1 of 20 cases.
    assert shares == pytest.approx([0.15, 0.8, 0.1 * 19 / 20, 0.1 + 0.1 / 20], abs=0.015)


def test_only_the_20_residues_are_chosen_and_nothing_else_is_changed():
    text = "MKXXBZUO" * 6
    batch = batch_of([text] * 50, Masking(0.5))
    alphabet = random_model().alphabet
    truth_R = torch.tensor([alphabet.cls_idx, *map(alphabet.get_idx, text), alphabet.eos_idx] * 50)
    untouched_R = torch.ones(len(truth_R), dtype=torch.bool)
    untouched_R[batch.places_M] = False
    assert torch.equal(batch.tokens_R[untouched_R], truth_R[untouched_R])
    assert set(batch.truth_M.tolist()) == {alphabet.get_idx("M"), alphabet.get_idx("K")}
    assert set(batch.tokens_R[batch.places_M].tolist()) <= {alphabet.mask_idx, *map(alphabet.get_idx, RESIDUES)}


def test_a_pass_shows_every_protein_and_long_ones_in_more_crops():
    crops = Crops(["A" * 200, "C" * 30, "D" * 64], random_model().alphabet, crop=64)
    batch = crops.batch(0, crops=len(crops.pieces), masking=Masking(0.01), seed=1)
    assert sorted(batch.lengths) == [32, 66, 66, 66, 66, 66]


def test_batches_follow_from_the_seed_and_the_step():
    sequences = proteins(20)
    one, same, other = (batch_of(sequences, Masking(0.15), step=step) for step in (3, 3, 4))
    assert torch.equal(one.tokens_R, same.tokens_R)
    assert not torch.equal(one.tokens_R[:50], other.tokens_R[:50])


def relatives(families, seed=0):
    """Proteins of which three each are similar."""
    rng = np.random.default_rng(seed)
    found = []
    for family in range(families):
        ancestor = np.array(list(sequence(120, seed=seed + family)))
        for _ in range(3):
            changed = rng.random(120) < 0.2
            found.append("".join(np.where(changed, rng.choice(list(RESIDUES), 120), ancestor)))
    return found


def test_similar_proteins_are_held_out_together():
    sequences = relatives(40)
    train, held_out = hold_out(sequences, share=0.2, identity=0.3, seed=1)
    number = dict(zip(sequences, cluster(sequences, identity=0.3, clusterer="kmers").number_N, strict=True))
    assert len(set(number.values())) < len(sequences)
    assert {number[s] for s in train}.isdisjoint(number[s] for s in held_out)
    assert sorted([*train, *held_out]) == sorted(sequences)
    assert sum(map(len, held_out)) == pytest.approx(0.2 * sum(map(len, sequences)), abs=3 * 120)


def test_too_few_clusters_to_hold_one_out_are_reported():
    with pytest.raises(GoferError, match="can be held out of 2 proteins in 2 clusters"):
        hold_out([sequence(100), sequence(100, seed=1)], share=0.1, identity=0.3, seed=1)


def test_held_out_proteins_are_never_trained_on(tmp_path, monkeypatch):
    train, held_out = hold_out(relatives(20), share=0.2, identity=0.3, seed=1)
    seen = []

    def noted(self, step, **settings):
        batch = drawn(self, step, **settings)
        truth_R = batch.tokens_R.clone()
        truth_R[batch.places_M] = batch.truth_M
        seen.extend(tuple(crop.tolist()) for crop in torch.split(truth_R, list(batch.lengths)))
        return batch

    drawn = Crops.batch
    monkeypatch.setattr(Crops, "batch", noted)
    pretrain(train, held_out, replace(TINY, crop=200), state_file=tmp_path / "s.safetensors", mark="m")
    tokens = Crops([*train, *held_out], random_model().alphabet, crop=200)
    of_protein = {(tokens.begin, *protein, tokens.end): number for number, protein in enumerate(tokens.proteins)}
    numbers = {of_protein[crop] for crop in seen}
    assert numbers
    assert max(numbers) < len(train)


def killed_after(monkeypatch, steps):
    """Let a pre-training save at every step and die in a later one."""
    monkeypatch.setattr(pretraining, "SAVE_SECONDS", -1)
    usual, left = pretraining._step, [steps]

    def step(*given):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return usual(*given)

    monkeypatch.setattr(pretraining, "_step", step)


@pytest.mark.parametrize("steps", [1, 5, 11])
def test_a_killed_run_resumes_to_the_same_weights_to_the_bit(tmp_path, monkeypatch, steps):
    train, held_out = proteins(40), proteins(5, seed=1000)
    whole = pretrain(train, held_out, TINY, state_file=tmp_path / "whole.safetensors", mark="m")
    with monkeypatch.context() as killing:
        killed_after(killing, steps)
        with pytest.raises(KeyboardInterrupt):
            pretrain(train, held_out, TINY, state_file=tmp_path / "killed.safetensors", mark="m")
    resumed = pretrain(train, held_out, TINY, state_file=tmp_path / "killed.safetensors", mark="m")
    assert resumed.step == whole.step == TINY.steps
    assert resumed.best.keys() == whole.best.keys()
    assert all(torch.equal(resumed.best[name], whole.best[name]) for name in whole.best)
    assert [row["perplexity"] for row in resumed.curve] == [row["perplexity"] for row in whole.curve]


@pytest.mark.parametrize("fault", ["cut", "other"])
def test_a_state_that_is_damaged_or_of_another_run_is_ignored(tmp_path, caplog, fault):
    train, held_out, file = proteins(40), proteins(5, seed=1000), tmp_path / "s.safetensors"
    first = pretrain(train, held_out, TINY, state_file=file, mark="m")
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    second = pretrain(train, held_out, TINY, state_file=file, mark="m" if fault == "cut" else "n")
    assert "starting again" in caplog.text
    assert all(torch.equal(first.best[name], second.best[name]) for name in first.best)


def test_a_run_is_marked_by_settings_proteins_and_code():
    marks = {
        run_mark(TINY, ["AC"], ["DE"], code="1"),
        run_mark(replace(TINY, seed=2), ["AC"], ["DE"], code="1"),
        run_mark(TINY, ["AD"], ["DE"], code="1"),
        run_mark(TINY, ["AC"], ["DF"], code="1"),
        run_mark(TINY, ["AC"], ["DE"], code="2"),
    }
    assert len(marks) == 5


def test_the_schedule_ends_with_the_steps_or_with_the_minutes():
    state = PretrainingState("m", step=3, seconds=30.0)
    assert progress(state, replace(TINY, steps=12)) == 0.25
    assert progress(state, replace(TINY, steps=12, minutes=1.0)) == 0.5
    assert progress(state, replace(TINY, steps=12, minutes=0.1)) == 1.0
    rates = [schedule(done) for done in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(1.0)
    assert 0 < rates[0] < 0.05
    assert rates[-1] == pytest.approx(0.0)
    assert rates[5:] == sorted(rates[5:], reverse=True)


def echoes(number, seed):
    """Proteins in which every residue is the one six before it: whoever sees only two before it cannot tell."""
    rng = np.random.default_rng(seed)
    return ["".join(np.tile(rng.choice(list(RESIDUES), 6), 12)) for _ in range(number)]


def test_a_language_that_ngrams_cannot_learn_is_learned(tmp_path):
    train, held_out = echoes(300, seed=0), echoes(30, seed=1)
    config = replace(TINY, batch_residues=1024, steps=130, dropout=0.0)
    table = figures(pretrain(train, held_out, config, state_file=tmp_path / "s.safetensors", mark="m"), train, held_out)
    reached = table.set_index("model")["held_out_perplexity"]
    assert reached[["1-gram", "2-gram", "3-gram"]].min() > 15
    assert reached["esm2 kept"] < 5


def test_the_written_model_predicts_as_the_kept_one_and_loads_by_its_file(tmp_path):
    train, held_out = echoes(60, seed=0), echoes(10, seed=1)
    state = pretrain(train, held_out, TINY, state_file=tmp_path / "s.safetensors", mark="m")
    kept, path = best_esm2(state, TINY), tmp_path / "esm.safetensors"
    write_esm2(path, kept, Manifest(), half=True, lm_head=True)
    loaded = load_esm(str(path))
    asked = hidden_batches(held_out, kept, seed=1)
    assert loaded.layers == TINY.layers
    assert {tensor.dtype for tensor in loaded.model.state_dict().values()} == {torch.float32}
    assert perplexity(loaded.model, asked) == pytest.approx(perplexity(kept, asked), rel=2e-3)
    assert torch.equal(loaded.model.layers[0].self_attn.rot_emb.inv_freq, kept.layers[0].self_attn.rot_emb.inv_freq)
    assert path.stat().st_size < 0.6 * sum(4 * tensor.numel() for tensor in parameters_of(kept).values())


def test_the_best_weights_of_all_checks_are_kept():
    model, state = random_model(), PretrainingState("m")
    state.checked(12.0, model)
    wanted = {name: tensor.detach().clone() for name, tensor in parameters_of(model).items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    state.checked(13.0, model)
    assert all(torch.equal(state.best[name], wanted[name]) for name in wanted)
