"""The configs of the field's benchmarks: made-up files in the published formats are read, and the plan is complete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import planned
from workflow.benchmark_worlds import write_cafa3, write_gearnet, write_lafa, write_nrpdb, write_swissprot_2014

from gofer.artefacts import read_table
from gofer.config import check_config, read_config
from gofer.errors import GoferError
from gofer.inputs.ground_truth import read_ground_truth
from gofer.names import HELD_OUT
from gofer.retrieval.cafa_format import read_cafa

pytestmark = pytest.mark.workflow

OVERLAYS = {
    "nrpdb": ["nrpdb.yaml"],
    "nrpdb_gearnet": ["nrpdb.yaml", "nrpdb_gearnet.yaml"],
    "cafa3": ["cafa3.yaml"],
    "lafa": ["lafa.yaml"],
    "swissprot_2014": ["swissprot_2014.yaml"],
}


def snakemake(root: Path, folder: Path, run: str, *arguments: str, check: bool = True) -> str:
    """Run the workflow in `folder`, whose `in` has the files, with a benchmark's configs as in docs/benchmarks.md."""
    configs = [str(root / "config" / name) for name in (*OVERLAYS[run], "esm2_650m.yaml")]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "--directory", str(folder)]
    command += [*arguments, "--cores", "2", "--configfile", *configs, "--config", "data=in"]
    environment = {**os.environ, "HOME": str(folder / "home"), "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout + done.stderr


def read_through(root: Path, folder: Path, run: str) -> dict[str, object]:
    """What the first rules make of a benchmark's files: splits and subsets."""
    paths = [f"results/{run}/inputs/truth_terms.parquet", f"results/{run}/inputs/pid2pos.parquet"]
    snakemake(root, folder, run, *paths)
    results = folder / "results" / run
    files = {f"truth_{name}": results / f"inputs/truth_{name}.parquet" for name in ("labels", "terms")}
    _, judged = read_ground_truth(files, ["is_a", "part_of"])
    tables = {name: getattr(judged, name) for name in ("terms", "proteins", "knowledge", "known")}
    splits = read_table(results / "inputs/splits.parquet")
    return tables | {"split": splits.set_index("protein_id")["split"], "results": results}


def of_split(split, name):
    return sorted(split.index[split == name])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.mark.parametrize("overlays", [*OVERLAYS.values(), ["swissprot.yaml"]])
def test_a_benchmarks_configs_hold_together_what_the_schema_asks(root, tmp_path, overlays):
    files = [root / "config" / name for name in [*overlays, "esm2_650m.yaml"]]
    defaults = read_config(root / "config/defaults.yaml")
    config = read_config(root / "config/defaults.yaml", *files) | {"data": str(tmp_path), "query": None}
    with pytest.raises(GoferError) as caught:  # without its files: nothing but these is wrong
        check_config(config, files, root / "workflow/schemas/config.schema.yaml", defaults)
    output = [problem for problem in str(caught.value).splitlines() if not problem.startswith("help: ")]
    assert output
    assert all(line.endswith("which does not exist") for line in output), output


def test_missing_files_are_each_named_once_with_the_page_that_says_where_they_are(root, folder):
    output = snakemake(root, folder, "nrpdb", "-n", check=False)
    for name in ("annot.tsv", "sequences.fasta", "valid.txt", "test.txt", "test.csv"):
        assert output.count(f"nrPDB-GO_2019.06.18_{name}, which does not exist") == 1
    assert "nrpdb.yaml:" in output
    assert "docs/benchmarks.md" in output


def test_nrpdb_is_split_and_judged_as_it_was_published(root, folder):
    wanted = write_nrpdb(folder / "in")
    assert snakemake(root, folder, "nrpdb", "check").count("no problems found") == 1
    found = read_through(root, folder, "nrpdb")
    assert {name: of_split(found["split"], name) for name in ("train", "val", "test")} == {
        "train": wanted["train"],
        "val": wanted["valid"],
        "test": wanted["test"],
    }
    assert sorted(found["terms"]["go_id"]) == wanted["listed"]
    sets = found["proteins"].groupby(["protein_set", "aspect"])["protein_id"].apply(sorted)
    assert sets["below_30", "MFO"] == sets["below_30", "CCO"] == wanted["below_30"]
    assert set(sets.index.get_level_values("protein_set")) == {f"below_{at}" for at in (30, 40, 50, 70, 95)}
    jobs = planned(snakemake(root, folder, "nrpdb", "-n", "evaluate"))
    assert jobs["extract_residues"] == 4
    assert jobs["collect_metrics"] == 1


def test_the_later_protocol_of_nrpdb_leaves_out_the_chains_without_a_structure(root, folder):
    wanted = write_nrpdb(folder / "in")
    write_gearnet(folder / "in", wanted)
    found = read_through(root, folder, "nrpdb_gearnet")
    assert of_split(found["split"], "test") == wanted["test"][2:]
    assert of_split(found["split"], "val") == wanted["valid"][2:]
    rows = found["proteins"]
    assert set(rows.loc[rows["protein_set"] == "below_30", "protein_id"]) == set(wanted["below_30"][2:])
    assert sorted(found["terms"]["go_id"]) == wanted["listed"]


def test_cafa3_tests_its_targets_and_never_trains_on_them_under_another_id(root, folder):
    wanted = write_cafa3(folder / "in")
    assert "no problems found" in snakemake(root, folder, "cafa3", "check")
    found = read_through(root, folder, "cafa3")
    targets = {*wanted["no_knowledge"], *wanted["limited_knowledge"]}
    assert set(of_split(found["split"], "test")) == targets
    assert wanted["limited_knowledge"]
    assert (found["split"][wanted["left_out"]] == "unused").all()
    others = found["split"][~found["split"].index.isin(targets) & (found["split"] != "unused")]
    assert (others == "val").mean() == pytest.approx(0.1, abs=0.04)
    for name in ("no_knowledge", "limited_knowledge"):
        rows = found["knowledge"][found["knowledge"]["knowledge"] == name]
        assert set(rows["protein_id"]) == set(wanted[name])
    assert "collect_metrics" in planned(snakemake(root, folder, "cafa3", "-n", "evaluate"))


def test_a_temporal_hold_out_separates_known_terms_and_trains_on_none_of_its_proteins(root, folder):
    wanted = write_lafa(folder / "in")
    assert "no problems found" in snakemake(root, folder, "lafa", "check")
    found = read_through(root, folder, "lafa")
    assert of_split(found["split"], "test") == wanted["tested"]
    knowledge = found["knowledge"]
    known = knowledge["protein_id"].isin(wanted["known"])
    assert set(knowledge.loc[~known, "knowledge"]) == {"no_knowledge"}
    assert set(knowledge.loc[known, "knowledge"]) == {"limited_knowledge", "partial_knowledge"}
    assert set(found["known"]["protein_id"]) == set(wanted["known"])
    assert len(found["terms"]) == len(found["proteins"]) == 0
    assert "collect_metrics" in planned(snakemake(root, folder, "lafa", "-n", "evaluate"))


def test_swissprot_2014_judges_by_other_annotations_and_trains_on_representatives(root, folder):
    written = write_swissprot_2014(folder / "in")
    for name in ("naive", "own_annotations"):
        snakemake(root, folder, "swissprot_2014", f"results/swissprot_2014/baselines/{name}.tsv")
    snakemake(root, folder, "swissprot_2014", "results/swissprot_2014/embeddings/plan.parquet")
    found = read_through(root, folder, "swissprot_2014")
    split, results = found["split"], found["results"]
    assert sorted(split.index[split.isin(HELD_OUT)]) == written["judged"]
    assert abs((split == "val").sum() - (split == "test").sum()) < 30
    assert not set(split.index) & set(written["left_out"])
    assert {"train", "known"} <= set(split)
    proteins = read_table(results / "inputs/proteins.parquet").set_index("protein_id")
    planned_sequences = set(read_table(results / "embeddings/plan.parquet")["sequence_sha256"])
    embedded = proteins.loc[split.index[split.isin(["train", *HELD_OUT])], "sequence_sha256"]
    assert planned_sequences == set(embedded)
    # The judged annotation is one term of each protein; its older ones, with what follows, are the baseline.
    truth = read_table(results / "inputs/annotations.parquet", where={"protein_id": written["judged"], "hops": [0]})
    assert truth["protein_id"].tolist() == written["judged"]
    assert set(truth["evidence"]) == {"IDA"}
    older = read_cafa(results / "baselines/own_annotations.tsv")
    assert set(older["protein_id"]) == set(written["judged"])
    assert set(older["score"]) == {1.0}
