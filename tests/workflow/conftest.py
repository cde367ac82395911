"""A small run of the demo, made once for all tests, in a folder with a space and an umlaut in its name."""

import pytest
import yaml
from running import Workspace, copy_of, small_config


@pytest.fixture(scope="session")
def workspace(root, tmp_path_factory):
    """The workflow, run once from FASTA to report."""
    folder = tmp_path_factory.mktemp("workflow") / "a b" / "ü"
    space = Workspace(copy_of(root, folder / "source"), folder / "run")
    (space.folder / "home").mkdir(parents=True)
    config = small_config(root)
    config["evaluation"]["bce_twin"] = True
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    space.snakemake()
    return space
