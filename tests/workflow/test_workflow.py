"""A real run of the demo from FASTA to report: its files, its reruns, and equal bytes."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from running import FAKE_KEY, FAKE_TOKEN, planned, records_of

from gofer.artefacts import read_table
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.retrieval.cafa_format import read_cafa
from gofer.tables import PREDICTION_FILES, PREDICTIONS

pytestmark = pytest.mark.workflow

QUERY_FILES = list(PREDICTION_FILES.values())


@pytest.mark.fault(50)
def test_a_run_leaves_a_report_metrics_a_model_and_predictions(workspace):
    files = ["report.html", "evaluation/metrics.tsv", "model/small.gofer", "retrieval/query/predictions.tsv"]
    assert all(workspace.results(f"retrieval/query/{name}").exists() for name in QUERY_FILES)
    assert [workspace.results(name).stat().st_size > 500 for name in files] == [True] * len(files)


def test_after_a_run_nothing_is_left_to_do(workspace):
    assert planned(workspace.snakemake("-n").stdout) == {}


def test_forcing_one_stage_reruns_what_depends_on_it_and_nothing_else(workspace):
    plan = planned(workspace.snakemake("-n", "--forcerun", workspace_path("training/stage-D/model.safetensors")).stdout)
    assert plan["train_stage"] == 1
    assert {
        "embed_proteins",
        "calibrate_scores",
        "predict_held_out",
        "pack_model",
        "predict_part",
        "make_report",
    } <= plan.keys()
    assert not plan.keys() & {"read_proteins", "extract_residues", "embed_texts", "build_index", "predict_naive"}


def workspace_path(path):
    return f"results/small/{path}"


@pytest.mark.fault(48)
def test_editing_a_library_module_reruns_the_rules_that_use_it_and_what_follows(workspace):
    module = workspace.source / "src/gofer/metrics/calibration_error.py"
    before = module.read_text()
    try:
        module.write_text(before + "\n# an edit\n")
        plan = planned(workspace.snakemake("-n").stdout)
    finally:
        module.write_text(before)
    assert plan["measure_predictions"] == len(list(workspace.results("evaluation/measures").glob("*.parquet"))) >= 7
    assert not plan.keys() & {"train_stage", "extract_residues", "predict_part", "read_proteins", "predict_held_out"}


@pytest.mark.fault(49)
@pytest.mark.parametrize(
    ("key", "value", "runs", "rests"),
    [
        (("evaluation", "resamples"), 25, {"measure_predictions", "make_report"}, {"train_stage", "embed_texts"}),
        (("training", "stages", "D", "epochs"), 2, {"train_stage", "predict_part"}, {"build_index", "embed_texts"}),
        (("embeddings", "residues", "layer"), 2, {"extract_residues", "train_stage"}, {"embed_texts", "make_splits"}),
    ],
)
def test_a_changed_setting_reruns_only_what_it_concerns(workspace, key, value, runs, rests):
    config = yaml.safe_load((workspace.folder / "small.yaml").read_text())
    block = config
    for name in key[:-1]:
        block = block[name]
    block[key[-1]] = value
    (workspace.folder / "changed.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    plan = planned(workspace.snakemake("-n", config="changed.yaml").stdout)
    assert runs <= plan.keys()
    assert not rests & plan.keys()


def test_scores_are_probabilities_and_never_below_a_childs_of_the_aspect(workspace):
    table = pd.read_csv(workspace.results("retrieval/query/predictions.tsv"), sep="\t", keep_default_na=False)
    assert list(table.columns) == PREDICTIONS
    assert ((table["score"] > 0) & (table["score"] <= 1)).all()
    graph = GoGraph.of_terms(read_table(workspace.results("inputs/terms.parquet")), within_aspect=True)
    scores = table.set_index(["protein_id", "go_id"])["score"]
    pairs = [
        (protein, child, parent)
        for protein, child in scores.index
        for parent in graph.parents(child)
        if (protein, parent) in scores.index
    ]
    assert len(pairs) > 20
    assert all(scores[protein, parent] >= scores[protein, child] for protein, child, parent in pairs)


def test_the_cafa_form_holds_the_same_predictions(workspace):
    table = pd.read_csv(workspace.results("retrieval/query/predictions.tsv"), sep="\t", keep_default_na=False)
    cafa = read_cafa(workspace.results("retrieval/query/predictions.cafa.tsv"))
    assert cafa["go_id"].astype(str).tolist() == table["go_id"].tolist()
    np.testing.assert_allclose(cafa["score"], table["score"], rtol=6e-3)


def test_terms_never_seen_in_training_are_predicted_and_measured(workspace):
    sets = read_table(workspace.results("inputs/term_sets.parquet")).set_index("go_id")
    held_out = set(sets.index[sets["held_out"]])
    labels = read_table(workspace.results("inputs/pid2pos.parquet"))
    assert held_out
    assert not held_out & {*labels["go_ids"].explode(), *labels["true_ids"].explode()}
    predicted = set(read_cafa(workspace.results("evaluation/predictions/gofer.tsv"))["go_id"].astype(str))
    assert held_out & predicted
    metrics = pd.read_csv(workspace.results("evaluation/metrics.tsv"), sep="\t")
    zero = metrics[(metrics["method"] == "gofer") & (metrics["term_set"] == "zero")]
    assert zero.loc[zero["metric"] == "macro_auroc", "value"].notna().any()


def test_the_four_stages_are_one_run_of_wandb(workspace):
    parts = sorted(
        workspace.results("training/wandb").glob("offline-run-*/*.wandb"), key=lambda path: path.stat().st_mtime_ns
    )
    assert len(parts) >= 4  # more where other tests have run stages of this workspace again
    assert len({path.name for path in parts}) == 1
    rows = [row["item"] for part in parts for row in records_of(part, "history")]
    step_of = {row["epoch"]: row["_step"] for row in rows if "val/fmax" in row}
    assert sorted(step_of) == [1, 2, 3, 4, 5, 6]
    assert all(step == step_of[1] * epoch for epoch, step in step_of.items())
    assert ["curriculum/picture._type" in row for row in rows].count(True) == 4


@pytest.mark.fault(39)
def test_no_sequence_is_in_two_splits(workspace):
    proteins = read_table(workspace.results("inputs/proteins.parquet"))
    splits = read_table(workspace.results("inputs/splits.parquet"))
    joined = proteins.merge(splits, on="protein_id", validate="one_to_one")
    assert set(joined["split"]) >= {"train", "val", "test"}
    assert (joined.groupby("sequence_sha256")["split"].nunique() == 1).all()
    used = joined[joined["split"] != "unused"]
    assert (used.groupby("cluster")["split"].nunique() == 1).all()


@pytest.mark.fault(70)
@pytest.mark.parametrize("secret", [FAKE_KEY, FAKE_TOKEN], ids=["WANDB_API_KEY", "HF_TOKEN"])
def test_a_secret_of_the_environment_is_in_no_file_that_a_run_leaves(workspace, secret):
    holding = [path for path in workspace.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert holding == []


def test_the_command_makes_the_same_bytes_as_the_workflow(workspace, tmp_path):
    model, query = workspace.results("model/small.gofer"), workspace.results("world/query.fasta")
    script = "from gofer.cli.main import app; app()"
    arguments = ["predict", str(query), "-m", str(model), "-o", str(tmp_path / "out"), "--threads", "2"]
    environment = {**os.environ, "PYTHONPATH": str(workspace.source / "src")}
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, cwd=tmp_path, env=environment)
    for name in QUERY_FILES:
        assert (tmp_path / "out" / name).read_bytes() == workspace.results(f"retrieval/query/{name}").read_bytes()


@pytest.mark.fault(78)
def test_predict_never_trains_whatever_changed_and_needs_no_training_input(workspace):
    query, module = workspace.folder / "mine.fasta", workspace.source / "src/gofer/training/losses.py"
    query.write_text(">mine\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n")
    before = module.read_text()
    try:
        module.write_text(before + "\n# an edit\n")
        plan = planned(workspace.snakemake("predict", "-n", "--config", "query=mine.fasta", "ontology=gone.obo").stdout)
    finally:
        module.write_text(before)
    assert {rule for rule in plan if rule != "predict"} == {"predict_part", "gather_predictions"}


@pytest.mark.fault(76)
def test_a_query_of_the_same_name_in_another_folder_is_refused(workspace):
    (workspace.folder / "lab").mkdir(exist_ok=True)
    (workspace.folder / "lab/query.fasta").write_text(">other\nMKTAYIAKQR\n")
    done = workspace.snakemake("predict", "-n", "--config", "query=lab/query.fasta", check=False)
    assert done.returncode != 0
    assert "another file than lab/query.fasta" in done.stdout


@pytest.mark.fault(73)
def test_the_report_needs_nothing_from_elsewhere(workspace):
    page = workspace.results("report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:[^>]*\.(?:js|css|woff2?|png|svg)""", page)
    assert "<script src" not in page
    assert "untrained encoder" not in page.lower()
    assert "synthetic" in page.lower()


def test_the_stub_of_the_catalogue_runs_the_whole_workflow(workspace):
    whole = workspace.snakemake("-n", "--forceall").stdout
    stub = workspace.snakemake("-n", "--forceall", "--snakefile", str(workspace.source / "workflow/Snakefile")).stdout
    assert planned(stub).keys() - {"default"} == planned(whole).keys() - {"all"}
