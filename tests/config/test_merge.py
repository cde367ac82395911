"""A run's config: the defaults, overridden by the user's files, overridden by the command line."""

import math

import pytest
import yaml
from snakemake.cli import parse_config

from gofer.config import complete, read_config
from gofer.config.merge import load_yaml

SHIPPED = ["demo.yaml", "swissprot.yaml", "template.yaml", "nrpdb.yaml", "cafa3.yaml", "lafa.yaml", "esm2_650m.yaml"]


@pytest.fixture
def defaults(root):
    return read_config(root / "config/defaults.yaml")


def leaves(block, above=()):
    for name, value in block.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*above, name))
        else:
            yield ".".join((*above, name)), value


def test_the_defaults_hold_every_key_of_the_schema_and_no_other(root, defaults):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())

    def keys(node, above=()):
        node = node if "$ref" not in node else schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        if "properties" not in node:
            yield ".".join(above)
        for name, below in node.get("properties", {}).items():
            yield from keys(below, (*above, name))

    assert {name for name, _ in leaves(defaults)} == set(keys(schema)) - {"demo.proteins"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_config_that_ships_holds_only_what_differs_from_the_defaults(root, defaults, name):
    below = dict(leaves(defaults))
    same = [key for key, value in leaves(read_config(root / "config" / name)) if below.get(key, math.nan) == value]
    assert [key for key in same if key != "query"] == []  # the template shows where a query goes


def test_the_template_is_six_lines_and_holds_no_term_out(root, defaults):
    template = read_config(root / "config/template.yaml")
    assert list(template) == ["run", "data", "proteins", "annotations", "ontology", "query"]
    assert defaults["inputs"]["term_sets"]["zero_method"] == "none"
    assert defaults["inputs"]["keep_ids"] is None


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    ("given", "key", "value"),
    [
        ("seed=2", "seed", 2),
        ("run=mine", "run", "mine"),
        ("previous_ontology=null", "previous_ontology", None),
        ("query=", "query", None),
        ("training__stages__A__epochs=1", "training.stages.A.epochs", 1),
        ("training__dropout=1e-4", "training.dropout", 1e-4),
        ("evaluation__bce_twin=true", "evaluation.bce_twin", True),
        ("inputs__keep_ids=null", "inputs.keep_ids", None),
        ("inputs__keep_ids=ids.txt", "inputs.keep_ids", "ids.txt"),
        ("inputs__splits__val_from=2019-01-01", "inputs.splits.val_from", "2019-01-01"),
        ("inputs__relations=[is_a]", "inputs.relations", ["is_a"]),
        ("training__temperature=[0.1, 1]", "training.temperature", [0.1, 1]),
        ("training={stages: {A: {epochs: 1}}}", "training.stages.A.epochs", 1),
        ('training={"stages":{"A":{"epochs":1}}}', "training.stages.A.epochs", 1),
        ("training={stages.A.epochs: 1}", "training.stages.A.epochs", 1),
        ("evaluation={bce_twin: false}", "evaluation.bce_twin", False),
        ("inputs={keep_ids: null}", "inputs.keep_ids", None),
        ("evaluation={protein_sets: {mine: {MFO: a.txt}}}", "evaluation.protein_sets.mine.MFO", "a.txt"),
    ],
)
def test_any_key_can_be_given_on_the_command_line_with_a_value_of_any_type(root, defaults, given, key, value):
    config = read_config(root / "config/demo.yaml")
    complete(config, defaults, parse_config(["seed=5"]))
    before = dict(leaves(config))
    command_line = parse_config([given])
    complete(config, defaults, command_line)
    after = dict(leaves(config))
    assert (after[key], type(after[key])) == (value, type(value))
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert changed <= {key, "evaluation.protein_sets"}


def test_later_values_win_and_the_order_of_keys_is_that_of_the_defaults(defaults, tmp_path):
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("training: {stages: {A: {epochs: 3}}, dropout: 0.5}\nseed: 4\n")
    other.write_text("seed: 7\ntraining: {dropout: 0.6}\n")
    config = read_config(one, other)
    complete(config, defaults)
    assert (config["seed"], config["training"]["dropout"], config["training"]["stages"]["A"]["epochs"]) == (7, 0.6, 3)
    assert list(config) == list(defaults)


def test_a_block_whose_lines_are_all_commented_out_changes_nothing(defaults, tmp_path):
    (path := tmp_path / "my.yaml").write_text("training:\n#  dropout: 0.5\n")
    config = read_config(path)
    complete(config, defaults)
    assert config == defaults


def test_stages_that_share_a_block_in_the_file_are_changed_one_by_one(root, defaults):
    config = read_config(root / "config/demo.yaml")
    complete(config, defaults, parse_config(["training__stages__A__curriculum__warmup=0.5"]))
    stages = config["training"]["stages"]
    assert (stages["A"]["curriculum"]["warmup"], stages["B"]["curriculum"]["warmup"]) == (0.5, 0.1)


@pytest.mark.parametrize("libyaml", [True, False])
def test_yaml_is_read_as_by_yaml_itself_with_libyaml_and_without(root, monkeypatch, libyaml):
    if not libyaml:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    for path in [*root.glob("config/*.yaml"), *root.glob("workflow/schemas/*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert load_yaml(text) == yaml.safe_load(text)
    with pytest.raises(yaml.YAMLError):
        load_yaml("!!python/object/apply:os.getcwd []")
