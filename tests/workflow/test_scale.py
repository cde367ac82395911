"""The plan of many jobs: a query is divided by its size, whatever the shards of the run, or by a model file only."""

import pytest
import yaml
from running import Workspace, copy_of, planned, small_config

pytestmark = pytest.mark.workflow


def test_a_large_query_is_divided_over_jobs_that_need_nothing_but_it_and_the_model(root, tmp_path):
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    config = small_config(root) | {"query": "large.fasta", "model": "other.gofer"}
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (space.folder / "large.fasta").write_text(">large\n" + "M" * 9_000_000 + "\n")
    (space.folder / "other.gofer").write_text("a model")
    plan = planned(space.snakemake("predict", "-n").stdout)
    assert plan == {"predict": 1, "predict_part": 5, "gather_predictions": 1}
