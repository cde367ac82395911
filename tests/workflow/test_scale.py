"""The plan of many shards: what is divided into them, and what is not."""

import pytest
import yaml
from running import Workspace, copy_of, planned, small_config

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize(("shards", "of_the_query"), [(3, 3), (40, 16)])
def test_a_query_is_cut_into_as_many_shards_as_the_run_but_16_at_most(root, tmp_path, shards, of_the_query):
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    config = small_config(root)
    config["embeddings"]["residues"]["shards"] = shards
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    plan = planned(space.snakemake("-n").stdout)
    assert (plan["extract_residues"], plan["extract_query"]) == (shards, of_the_query)
