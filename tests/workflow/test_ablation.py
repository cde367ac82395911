"""The ablation of a finished run: it trains again in other folders and changes no file of the run."""

import pandas as pd
import pytest
import yaml
from running import planned

pytestmark = pytest.mark.workflow


def test_parts_are_trained_in_addition_to_the_run_and_compared(workspace):
    config = yaml.safe_load((workspace.folder / "small.yaml").read_text())
    config["ablation"] = {"parts": ["infonce", "go_to_protein", "dag"], "seeds": 1, "epochs": 0.01}
    (workspace.folder / "ablation.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    plan = planned(workspace.snakemake("-n", "ablation", config="ablation.yaml").stdout)
    assert plan == {"ablate": 4, "ablation": 1}

    workspace.snakemake("ablation", config="ablation.yaml")
    table = pd.read_csv(workspace.results("training/ablation/ablation.tsv"), sep="\t", na_values="n/a")
    assert set(table["part"]) == {"full", "infonce", "go_to_protein", "dag"}
    assert table["value"].dropna().between(0, 1).all()
    assert (table.loc[table["part"] == "infonce", "difference"] == 0).all()  # the demo's objective
    assert workspace.results("training/ablation/ablation.png").read_bytes().startswith(b"\x89PNG")
    assert planned(workspace.snakemake("-n").stdout) == {}
