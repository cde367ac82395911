"""gofer imported by another workflow, as docs/module.md shows it: with its config, by path, under other names."""

import re
import subprocess
import sys

import pytest
import yaml
from running import copy_of, planned, small_config

pytestmark = pytest.mark.workflow

EARLY = """

rule early:
    input:
        rules.gofer_read_ontology.output.ontology,
    output:
        "early.txt",
    shell:
        "echo {input:q} > {output:q}"
"""


@pytest.fixture(scope="module")
def snakemake(root, tmp_path_factory):
    """Runs the other workflow, whose Snakefile is that of the page with one more rule."""
    folder = tmp_path_factory.mktemp("module")
    source = copy_of(root, folder / "source of gofer")
    (other := folder / "other").mkdir()
    example = re.search(r"```python\n(.*?)```", (root / "docs/module.md").read_text(), re.DOTALL)[1]
    (other / "Snakefile").write_text(example.replace("path/to/gofer", str(source)) + EARLY)
    (other / "config.yaml").write_text(yaml.safe_dump({"gofer": small_config(root), "mine": 1}, sort_keys=False))

    def run(*arguments):
        command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "2"]
        done = subprocess.run(
            command, cwd=other, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    run.folder = other
    return run


def test_the_rules_of_gofer_are_planned_under_their_new_names(snakemake):
    plan = planned(snakemake("-n", "count_terms"))
    assert plan["gofer_train_stage"] == 4
    assert plan["gofer_gather_predictions"] == plan["count_terms"] == 1
    assert {rule for rule in plan if not rule.startswith("gofer_")} == {"count_terms"}


def test_a_rule_of_the_other_workflow_runs_on_what_gofer_made(snakemake):
    output = snakemake("early")
    assert (snakemake.folder / "early.txt").read_text().strip() == "results/small/inputs/ontology.parquet"
    assert (snakemake.folder / "results/small/inputs/ontology.parquet").stat().st_size > 1000
    assert "not present in the Snakefile" not in output
