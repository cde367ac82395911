"""Every problem of a config at once, each with file, line, key and help."""

import copy
import datetime
import shutil
from pathlib import Path

import pytest
import yaml

from gofer.config import check_config, protein_files, query_path, read_config
from gofer.errors import GoferError, ProblemsError


@pytest.fixture
def schema(root):
    return root / "workflow/schemas/config.schema.yaml"


@pytest.fixture
def defaults(root):
    return read_config(root / "config/defaults.yaml")


@pytest.fixture
def demo(root):
    return read_config(root / "config/defaults.yaml", root / "config/demo.yaml")


@pytest.fixture
def problems_of(schema, defaults):
    def problems_of(config, files=()):
        with pytest.raises(ProblemsError) as caught:
            check_config(config, files, schema, defaults)
        return [str(problem) for problem in caught.value.problems]

    return problems_of


@pytest.mark.parametrize("name", ["demo.yaml", "swissprot.yaml", "template.yaml"])
def test_the_configs_that_ship_are_accepted(root, name, tmp_path, schema, defaults):
    config = read_config(root / "config/defaults.yaml", root / "config" / name)
    if "demo" not in config:
        config["data"] = str(tmp_path)
        for file in [
            config["proteins"],
            config["annotations"],
            config["ontology"],
            config["inputs"]["keep_ids"] or "x",
        ]:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text("x")
        config["query"] = None
    check_config(config, [root / "config" / name], schema, defaults)


@pytest.mark.fault(41)
def test_a_misspelt_key_is_reported_with_line_and_suggestion(root, tmp_path, problems_of, defaults):
    text = (root / "config/demo.yaml").read_text().replace("      epochs: 12", "      epocs: 12", 1)
    path = tmp_path / "my.yaml"
    path.write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "epocs" in row)
    (problem,) = problems_of(read_config(root / "config/defaults.yaml", path), [path])
    assert problem.startswith(
        f"{path}:{line}: training.stages.A.epocs is not a key of gofer; did you mean epochs?\nhelp: "
    )


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("zero_method", " here; did you mean inputs.term_sets.zero_method?"),
        ("epochs", " here; did you mean training.stages.A.epochs or ablation.epochs?"),
        ("anotations", "; did you mean annotations?"),
        ("qwxyz", ""),
    ],
)
def test_a_key_in_the_wrong_block_is_reported_with_its_right_place(demo, key, suggestion, problems_of):
    (problem,) = problems_of({**demo, key: 1})
    assert problem.splitlines()[0] == f"--config: {key} is not a key of gofer{suggestion}"


def test_keys_without_a_default_must_be_in_the_user_s_file(tmp_path, problems_of, defaults):
    path = tmp_path / "my.yaml"
    path.write_text("seed: 2\n")
    first_lines = [problem.splitlines()[0] for problem in problems_of({**defaults, "seed": 2}, [path])]
    assert first_lines == [f"{path}: {key} is missing" for key in ("annotations", "ontology", "proteins", "run")]


def test_a_default_that_does_not_fit_is_reported_where_the_user_wrote_the_other_key(demo, tmp_path, problems_of):
    path = tmp_path / "my.yaml"
    path.write_text("run: mine\ninputs:\n  splits:\n    method: lists\n")
    demo["inputs"]["splits"]["method"] = "lists"
    (problem,) = problems_of(demo, [path])
    assert problem.startswith(f"{path}:3: inputs.splits.test_ids is null, but inputs.splits.method is lists")


def test_problems_in_a_row_with_the_same_help_print_it_once(demo, tmp_path, schema, defaults):
    del demo["demo"]
    demo |= {"query": None, "data": str(tmp_path)}
    with pytest.raises(ProblemsError) as caught:
        check_config(demo, [], schema, defaults)
    assert str(caught.value).count("does not exist") == 4
    assert str(caught.value).count("help:") == 1


def test_all_problems_are_reported_at_once(demo, problems_of):
    demo["seed"], demo["training"]["dropout"], demo["inputs"]["splits"]["method"] = "one", 1.5, "by chance"
    problems = "\n".join(problems_of(demo))
    for part in ("seed is 'one', not a whole number", "training.dropout is 1.5", "inputs.splits.method is 'by chance'"):
        assert part in problems


@pytest.mark.fault(42)
def test_a_number_that_yaml_reads_as_text_is_reported_with_the_right_form(demo, problems_of):
    demo["training"]["stages"]["B"]["learning_rate"] = yaml.safe_load("1e-4")
    (problem,) = problems_of(demo)
    assert "training.stages.B.learning_rate is '1e-4', not a number" in problem
    assert "1.0e-04" in problem


@pytest.mark.fault(44)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(demo, value, problems_of):
    demo["training"]["weight_decay"] = value
    assert any(
        "training.weight_decay is" in problem and "not a finite number" in problem for problem in problems_of(demo)
    )


@pytest.mark.fault(43)
def test_a_key_given_twice_is_refused_with_its_line(demo, root, tmp_path, problems_of):
    path = tmp_path / "twice.yaml"
    path.write_text((root / "config/demo.yaml").read_text() + "\nrun: again\n")
    problems = problems_of(demo, [path])
    assert problems[0].startswith(f"{path}:{len(path.read_text().splitlines())}: the key run is given twice")


def test_a_key_from_the_command_line_is_reported_as_such(demo, problems_of):
    demo["windows"] = 3
    (problem,) = problems_of(demo)
    assert problem.startswith("--config: windows is not a key of gofer")


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        (("training", "win_size"), 40, "no multiple of win_stride"),
        (("ablation", "parts"), ["go_to_protein"], "go_to_protein without infonce"),
        (("training", "heads"), 3, "no divisor of hidden_width"),
        (("training", "temperature"), [0.5, 0.02], "not below its highest"),
        (("inputs", "splits", "val"), 0.9, "leaves nothing to train on"),
        (("inputs", "term_sets", "zero_list"), None, "zero_method is list"),
        (("inputs", "term_sets", "zero_method"), "time", "zero_from is null, but inputs.term_sets.zero_method is time"),
        (("inputs", "term_sets", "zero_method"), "release", "previous_ontology is null, but inputs.term_sets"),
        (("inputs", "term_sets", "zero_min_proteins"), 60, "is above zero_max_proteins"),
        (("query",), "nowhere.fasta", "names nowhere.fasta, which does not exist"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(demo, key, value, part, problems_of):
    config = copy.deepcopy(demo)
    block = config
    for name in key[:-1]:
        block = block[name]
    block[key[-1]] = value
    assert any(part in problem for problem in problems_of(config))


def test_a_day_that_no_calendar_has_is_refused(demo, problems_of):
    demo["inputs"]["term_sets"] |= {"zero_method": "time", "zero_from": "2019-02-30"}
    (problem,) = problems_of(demo)
    assert "inputs.term_sets.zero_from is 2019-02-30, which is not a day of the calendar" in problem


@pytest.mark.parametrize(
    ("val_from", "test_from", "expected"),
    [
        (None, "2020-01-01", ["val_from is null, but inputs.splits.method is date"]),
        (None, None, ["val_from is null", "test_from is null"]),
        ("2020-01-01", "2020-01-01", ["test_from is 2020-01-01, not after val_from 2020-01-01"]),
        ("2021-01-01", "2020-01-01", ["test_from is 2020-01-01, not after val_from 2021-01-01"]),
        ("2019-02-30", "2020-01-01", ["val_from is '2019-02-30', which is not a day of the calendar"]),
        (datetime.date(2019, 1, 1), "2020-01-01", ['YAML reads this as a day: write "2019-01-01", in quotes']),
    ],
)
def test_days_that_are_missing_or_out_of_order_are_refused_by_their_key(
    demo, val_from, test_from, expected, problems_of
):
    demo["inputs"]["splits"] |= {"method": "date", "val_from": val_from, "test_from": test_from}
    problems = problems_of(demo)
    assert [any(part in problem for problem in problems) for part in expected] == [True] * len(expected)
    assert all(problem.splitlines()[0].startswith("--config: inputs.splits.") for problem in problems)


def test_days_in_order_are_accepted_with_any_shares(demo, schema, defaults):
    demo["inputs"]["splits"] |= {"method": "date", "val_from": "2019-01-01", "test_from": "2020-01-01", "val": 0.9}
    check_config(demo, [], schema, defaults)


def test_every_missing_input_file_is_named(demo, tmp_path, problems_of):
    del demo["demo"]
    demo["query"], demo["data"] = None, str(tmp_path)
    demo["inputs"]["term_sets"]["few_list"], demo["inputs"]["labels"]["stoplist"] = "few.txt", "stop.txt"
    problems = problems_of(demo)
    missing = ["proteins names", "annotations names", "ontology names", "inputs.term_sets.zero_list names"]
    missing += ["inputs.term_sets.few_list names", "inputs.labels.stoplist names"]
    assert [any(part in line for line in problems) for part in missing] == [True] * 6


def test_of_several_annotation_files_the_missing_one_is_named(demo, tmp_path, problems_of):
    del demo["demo"]
    demo["query"], demo["data"], demo["annotations"] = None, str(tmp_path), ["there.gaf", "gone.gpad"]
    (tmp_path / "there.gaf").write_text("x")
    (problem,) = [line for line in problems_of(demo) if "annotations names" in line]
    assert f"annotations names {tmp_path / 'gone.gpad'}, which does not exist" in problem


def test_an_older_ontology_that_is_not_there_is_named_in_a_demo_too(demo, problems_of):
    demo["previous_ontology"] = "older.obo"
    (problem,) = problems_of(demo)
    assert "previous_ontology names results/demo/world/older.obo, which does not exist" in problem


def test_a_missing_file_of_several_keys_is_reported_once_and_the_help_names_the_page_of_benchmarks(
    demo, tmp_path, problems_of
):
    del demo["demo"]
    demo["query"], demo["data"] = None, str(tmp_path)
    demo["inputs"]["splits"] |= {"method": "lists", "test_ids": ["one.txt", "two.txt"]}
    demo["evaluation"]["terms"] = demo["annotations"]
    demo["evaluation"]["protein_sets"] = {"mine": {"MFO": "one.txt"}, "near": {"file": "near.csv", "column": "<30%"}}
    problems = problems_of(demo)
    for name in (demo["annotations"], "one.txt", "two.txt", "near.csv"):
        assert sum(f"{tmp_path / name}, which does not exist" in problem for problem in problems) == 1
    assert all("docs/benchmarks.md" in problem for problem in problems)


@pytest.mark.parametrize(
    ("sets", "part"),
    [
        ({"Mine": "a.txt"}, "is 'Mine', which has characters that are not allowed"),
        ({"under_30": "a.txt"}, "is 'under_30'"),  # the metrics have bins of these names
        ({"partial_knowledge": "a.txt"}, "is 'partial_knowledge'"),
        ({"mine": {"file": "a.csv"}}, "evaluation.protein_sets.mine is {'file': 'a.csv'}, which is none of the forms"),
        ({"mine": {"MF": "a.txt"}}, "evaluation.protein_sets.mine is {'MF': 'a.txt'}, which is none of the forms"),
        ({"mine": None}, "evaluation.protein_sets.mine is null, which is none of the forms"),
        ([], "evaluation.protein_sets is [], not a block of keys"),
    ],
)
def test_sets_of_proteins_in_another_form_are_refused(demo, sets, part, problems_of):
    demo["evaluation"]["protein_sets"] = sets
    assert any(part in problem for problem in problems_of(demo))


def test_lists_need_only_the_tested_proteins(demo, problems_of, schema, defaults):
    demo["inputs"]["splits"] |= {"method": "lists", "val_ids": None, "test_ids": "test.txt"}
    check_config(demo, [], schema, defaults)
    demo["inputs"]["splits"]["test_ids"] = None
    (problem,) = problems_of(demo)
    assert "inputs.splits.test_ids is null, but inputs.splits.method is lists" in problem


def test_a_file_that_is_no_yaml_is_refused_with_its_name(demo, tmp_path, schema, defaults):
    path = tmp_path / "broken.yaml"
    path.write_text("run: [demo\n")
    with pytest.raises(GoferError, match=r"broken\.yaml.*is not YAML"):
        check_config(demo, [path], schema, defaults)


def test_a_query_is_looked_for_where_one_is_and_then_in_data(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo["data"], demo["query"] = "data", "my.fasta"
    Path("data").mkdir()
    Path("data/my.fasta").write_text(">a\nM\n")
    assert query_path(demo) == "data/my.fasta"
    shutil.copy("data/my.fasta", "my.fasta")
    assert query_path(demo) == "my.fasta"


def test_a_value_changed_on_the_command_line_is_reported_as_such(demo, root, problems_of):
    demo["seed"] = -1
    (problem,) = problems_of(demo, [root / "config/demo.yaml"])
    assert problem.startswith("--config: seed is -1")


def test_proteins_are_looked_for_in_the_data_folder_and_then_in_the_working_directory(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name in ("here.fasta", "both.fasta", "proteins.fasta", "data/both.fasta"):
        (tmp_path / name).write_text(">P1\nMKV\n")
    demo |= {"data": "data", "proteins": ["here.fasta", "both.fasta", "nowhere.fasta"]}
    assert protein_files(demo) == ["here.fasta", "data/both.fasta", "data/nowhere.fasta"]
    assert protein_files({**demo, "proteins": "proteins.fasta"}) == ["data/proteins.fasta"]  # which the demo makes
    del demo["demo"]
    assert protein_files({**demo, "proteins": "proteins.fasta"}) == ["proteins.fasta"]
