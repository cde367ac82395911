import os
from pathlib import Path

import pytest

from gofer.artefacts import write_text
from gofer.errors import ArtefactError
from gofer.report.results_page import results_markdown


@pytest.fixture
def written(make_run):
    run = make_run(diamond="diamond is not | installed")
    os.utime(run.files.metrics, (1_700_000_000, 1_700_000_000))
    files = {name: getattr(run.files, name) for name in ("metrics", "status", "differences", "leaks", "faithfulness")}
    return run, files, results_markdown(files, run.config, ["config/demo.yaml"])


def test_the_page_names_the_sources_of_its_values(written):
    run, _, text = written
    assert text.startswith("# Results of the run demo\n")
    assert "`snakemake evaluate --cores 2 --configfile config/demo.yaml`" in text
    assert f"| Seed | {run.config['seed']} |" in text
    assert "| Go release | releases/2015-07-11 |" in text
    assert "| Measured on | 2023-11-14 |" in text


def test_several_config_files_are_given_to_one_option(written):
    run, files, _ = written
    text = results_markdown(files, run.config, ["config/swissprot.yaml", "config/lafa.yaml"])
    assert "evaluate --cores 2 --configfile config/swissprot.yaml config/lafa.yaml`" in text


def test_every_value_has_its_interval_and_a_method_that_did_not_run_has_none(written):
    text = written[2]
    assert "| Molecular function (90 test proteins) | gofer | 0.700 (0.65–0.75) |" in text.replace("**", "")
    assert "**DIAMOND could not run:** diamond is not | installed" in text
    lines = [line.split(" | ") for line in text.splitlines() if " | DIAMOND | " in line]
    assert len(lines) == 3
    assert all(set(cells[2:]) <= {"n/a", "n/a |"} for cells in lines)
    assert len(text.splitlines()) < 150


def test_distant_proteins_have_figures_and_paired_differences_of_their_own(written):
    run, files, text = written
    assert "below 50 % identity" not in text
    for name in ("metrics", "differences"):
        head, *lines = Path(files[name]).read_text().splitlines()
        distant = [line.replace("\ttest\t", "\ttest_below_50\t") for line in lines if "\ttest\t" in line]
        fewer = [line.rsplit("\t", 1)[0] + "\t40" for line in distant]
        others = [line for line in lines if "\ttest_below_50\t" not in line]
        write_text(Path(files[name]), "\n".join([head, *others, *fewer]) + "\n")
    section = results_markdown(files, run.config, []).split("## All below 50 % identity to training")[1]
    rows = [line for line in section.splitlines() if line.startswith("| Molecular function (40 proteins) | ")]
    assert [row.split(" | ")[1] for row in rows] == ["gofer", "Naive", "DIAMOND"]
    assert rows[0].endswith(" |  |  |  |")
    assert " | **0.320** (" in rows[1]


def test_evidence_and_leak_checks_are_on_the_page(written):
    text = written[2]
    assert "| Impact minus chance in blocks | 0.300 (0.200–0.400) | **0.300** (0.200–0.400) |" in text
    assert "| Test proteins with the sequence of a training protein | 0 of 3 | none allowed; any would" in text
    assert "stayed in training (inputs.term_sets.zero_ancestors: keep): of the 3,456 positives" in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(written):
    width = None
    assert "|" in written[2]
    for line in written[2].splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = line.replace("\\|", "").count("|")
        assert width in (None, cells), line
        width = cells


def test_the_same_tables_give_the_same_bytes(written):
    run, files, text = written
    assert results_markdown(files, run.config, ["config/demo.yaml"]) == text


def test_a_table_that_is_something_else_is_refused(written):
    run, files, _ = written
    write_text(Path(files["differences"]), "a\n1\n")
    with pytest.raises(ArtefactError, match=r"differences\.tsv cannot be read"):
        results_markdown(files, run.config, [])
