"""Every rule in its environment: `snakemake --use-conda` through a stand-in for conda, from FASTA to report."""

import re

from workflow.test_environments import rules_with_scripts


def interpreters(space):
    """Per log file of a rule, the interpreter that it names."""
    for log in sorted(space.results("logs").glob("*.log")):
        yield log.stem, re.search(r"python (\S+)", log.read_text())[1]


def test_the_demo_runs_in_its_environments_to_the_report(space):
    assert space.results("report.html").stat().st_size > 10_000


def test_the_log_of_every_rule_names_the_interpreter_of_its_environment(space, root):
    environment_of = {script: environment for environment, script in rules_with_scripts(root)}
    used = set()
    for log, interpreter in interpreters(space):
        (name,) = re.findall(r"\.snakemake/conda/(\w+)/bin/python", interpreter)
        rule = max((rule for rule in environment_of if log.startswith(rule)), key=len)
        text = (space.folder / f".snakemake/conda/{name}.yaml").read_text()
        assert text == (root / f"envs/{environment_of[rule]}.yaml").read_text(), (log, interpreter)
        used.add(environment_of[rule])
    assert used == set(environment_of.values())


def test_a_rule_finds_what_only_its_environment_has(space):
    assert "diamond" in space.results("logs/search_known.log").read_text()
