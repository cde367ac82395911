"""What comes from elsewhere runs no code: configs, paths, ids; and what gofer itself is built with is pinned."""

import ast
import re
from pathlib import Path

import pytest

from gofer.config.files import query_name
from gofer.config.places import Places
from gofer.errors import InputError
from gofer.retrieval.cafa_format import read_cafa, write_cafa


@pytest.mark.fault(45)
def test_a_tag_that_would_run_code_is_refused_and_does_not_run(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(f'run: !!python/object/apply:os.system ["touch {tmp_path}/ran"]\n')
    with pytest.raises(InputError, match="is not YAML"):
        Places.read([path], {})
    assert not (tmp_path / "ran").exists()


@pytest.mark.fault(45)
def test_a_config_beyond_a_megabyte_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: a\n" + "# x\n" * 300_000)
    with pytest.raises(InputError, match="is larger than 1,000,000 bytes"):
        Places.read([path], {})


@pytest.mark.fault(46)
def test_no_rule_has_a_shell_command(root):
    for path in [root / "Snakefile", *root.glob("rules/*.smk")]:
        assert not re.search(r"^\s*shell:|\bshell\(", path.read_text(), re.M), path


@pytest.mark.fault(46)
def test_programs_are_started_with_a_list_of_words(root):
    # With a list nothing of a word reaches a shell, whatever signs it holds.
    for path in (root / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen"):
                assert not isinstance(node.args[0], ast.JoinedStr | ast.Constant), f"{path}:{node.lineno}"
                assert "shell" not in [keyword.arg for keyword in node.keywords], f"{path}:{node.lineno}"


@pytest.mark.fault(46)
@pytest.mark.parametrize("name", ["a$(id).fasta", "`id`.fasta", "a;b.fasta", "-rf.fasta", "../../x.fasta", "a b.fasta"])
def test_the_name_of_a_query_becomes_plain_signs(name):
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", query_name(name))


@pytest.mark.fault(19)
@pytest.mark.parametrize("protein_id", ["=1+1", "+x", "@x", "-x"])
def test_an_id_that_a_spreadsheet_would_compute_is_written_as_it_is(tmp_path, protein_id):
    write_cafa(tmp_path / "p.tsv", [protein_id], ["GO:0000001"], [0.5])
    assert read_cafa(tmp_path / "p.tsv")["protein_id"].tolist() == [protein_id]


@pytest.mark.fault(70)
def test_secrets_are_read_from_the_environment_in_one_place_only(root):
    # Whether the key is there, to refuse a run that would need it; it is never put into a file, a config or a command.
    found = {
        path.relative_to(root / "src/gofer").as_posix()
        for path in (root / "src").rglob("*.py")
        if re.search(r"environ[^\n]*(WANDB_API_KEY|HF_TOKEN)", path.read_text())
    }
    assert found <= {"check.py", "training/wandb_run.py"}
    keys = (root / "workflow/schemas/config.schema.yaml").read_text() + (root / "config/defaults.yaml").read_text()
    assert not re.search(r"^\s*\w*(api_?key|_token|password|secret):", keys, re.M | re.I)


@pytest.mark.fault(74)
def test_every_package_and_every_action_has_an_exact_version(root):
    listed = re.findall(r'^ {4}"([A-Za-z0-9._-]+)([^"]*)",$', (root / "pyproject.toml").read_text(), re.M)
    pinned = [name for name, version in listed if version.startswith("==")]
    assert len(pinned) > 25
    assert [name for name, version in listed if re.match(r"[<>~]", version)] == []
    for path in Path(root, ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: \S+@(\S+)", path.read_text())
        assert used
        assert [version for version in used if not re.fullmatch(r"[0-9a-f]{40}", version)] == []
