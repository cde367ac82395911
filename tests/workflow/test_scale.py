"""The plan of many jobs: a query is divided by its size; the groups of the cluster's profile fit a run of any kind."""

import pytest
import yaml
from running import Workspace, copy_of, planned, small_config

pytestmark = pytest.mark.workflow
FILES = ("proteins", "annotations", "judged_annotations", "ontology", "previous_ontology")


def test_a_large_query_is_divided_over_jobs_that_need_nothing_but_it_and_the_model(root, tmp_path):
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    config = small_config(root) | {"query": "large.fasta", "model": "other.gofer"}
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (space.folder / "large.fasta").write_text(">large\n" + "M" * 9_000_000 + "\n")
    (space.folder / "other.gofer").write_text("a model")
    plan = planned(space.snakemake("predict", "-n").stdout)
    assert plan == {"predict": 1, "predict_part": 5, "gather_predictions": 1}


def test_the_groups_and_resources_of_the_cluster_profile_fit_the_run_of_all_of_swissprot(root, tmp_path):
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    config = yaml.safe_load((root / "config/swissprot_2014.yaml").read_text()) | {"data": "."}
    for name in (*(config[key] for key in FILES), config["inputs"]["leave_out_ids"]):
        (space.folder / name).write_text("")
    with open(space.folder / config["proteins"], "wb") as file:
        file.truncate(213_000_000)
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    profile = yaml.safe_load((root / "profiles/slurm/config.yaml").read_text())
    (space.folder / "profile").mkdir()
    kept = {key: profile[key] for key in ("default-resources", "set-resources", "groups")}
    (space.folder / "profile/config.yaml").write_text(yaml.safe_dump(kept))
    plan = planned(space.snakemake("-n", "--profile", str(space.folder / "profile")).stdout)
    assert plan["extract_residues"] == 22  # one for each 10 MB
    assert plan["make_report"] == 1
