"""`snakemake check`: every problem of the inputs at once, before any job."""

import copy

import pytest

from gofer.check import check_run
from gofer.config import read_config
from gofer.embeddings.expected_costs import expected_costs

OBO = """format-version: 1.2

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0005488
name: binding
namespace: molecular_function
is_a: GO:0003674
"""


@pytest.fixture
def config(root, tmp_path, monkeypatch):
    monkeypatch.setattr("gofer.check.FEW_PROTEINS", 0)  # two proteins cannot be divided, which is not the point here
    (tmp_path / "my.fasta").write_text(">P1\nMKTAYIAKQR\n>P2\nMSLEQKKGAD\n")
    (tmp_path / "my.tsv").write_text("P1\tmf\tGO:0005488\n")
    (tmp_path / "go.obo").write_text(OBO)
    config = read_config(root / "config/defaults.yaml")
    config |= {"data": str(tmp_path), "proteins": "my.fasta", "annotations": "my.tsv", "ontology": "go.obo"}
    return config


def problems_of(config):
    return [str(problem) for problem in check_run(config).problems]


def test_sound_inputs_give_facts_and_no_problem(config):
    found = check_run(config)
    assert found.problems == []
    assert found.facts[0] == "proteins: 2, 20 residues"
    said = [fact.split(":")[0] for fact in found.facts]
    held_out = ["proteins held out of training", "terms held out of training"]
    assert said == ["proteins", "ontology", "annotations", *held_out, "expected, on one core without a GPU"]


def test_time_and_disk_that_a_run_is_expected_to_take_grow_with_proteins_terms_and_the_encoder(config):
    sizes = {"residues": 10_000_000, "terms": 40_000, "training": 10_000, "held_out": 3_000}
    small = expected_costs(config, **sizes)
    assert "residues about 15 minutes, texts of terms about 16 minutes, training about 56 minutes" in small
    assert "2.6 GB of embeddings and 1.4 GB of other results" in small
    config["embeddings"]["residues"]["model"] = "esm2_t33_650M_UR50D"
    large = expected_costs(config, **sizes)
    assert "residues about 37 hours" in large
    assert "25.6 GB of embeddings" in large
    config["embeddings"]["residues"]["model"] = "esm2_t12_35M_UR50D"
    assert "residues with esm2_t12_35M_UR50D were not measured" in expected_costs(config, **sizes)


def test_few_annotated_proteins_are_a_note(config, monkeypatch):
    few = "1 annotated proteins are few"
    assert any(note.startswith(few) for note in check_run(config).notes)
    monkeypatch.setattr("gofer.check.WORTH_TRAINING", 1)
    assert not any(note.startswith(few) for note in check_run(config).notes)


def test_each_reason_by_which_a_fifth_of_the_annotations_are_lost_is_a_note(config, tmp_path):
    line = "DB\tP1\tS\t\tGO:0005488\tPMID:1\t{}\t\tF\t\t\tprotein\ttaxon:1\t20180101\tX\t\t\n"
    (tmp_path / "my.tsv").write_text("!gaf-version: 2.2\n" + 4 * line.format("IDA") + line.format("IEA"))
    assert "1 of 5 annotations (20%) are not used, evidence code IEA not asked for" in check_run(config).notes
    (tmp_path / "my.tsv").write_text("!gaf-version: 2.2\n" + 5 * line.format("IDA") + line.format("IEA"))
    assert not any("not used" in note for note in check_run(config).notes)


@pytest.mark.fault(94)
def test_annotations_read_used_and_lost_are_reported_by_reason_and_many_unmatched_ids_are_noted(config, tmp_path):
    (tmp_path / "my.tsv").write_text("P1\tmf\tGO:0005488\nGENE1\tmf\tGO:0005488\nGENE2\tmf\tGO:0005488\n")
    found = check_run(config)
    assert "annotations: 3 read, 1 used (each protein and term once), of 1 of 2 proteins" in found.facts
    assert "annotations not used: 2, protein not in the FASTA: GENE1, GENE2" in found.facts
    assert any(note.startswith("2 of 3 annotations (67%) are of proteins not in the FASTA") for note in found.notes)
    (tmp_path / "my.tsv").write_text("P1\tmf\tGO:0005488\n")
    assert not any("not in the FASTA" in note for note in check_run(config).notes)


def test_annotations_that_are_held_out_of_training_are_noted(config, tmp_path):
    below = "\n[Term]\nid: GO:0003676\nname: below\nnamespace: molecular_function\nis_a: GO:0005488\n"
    (tmp_path / "go.obo").write_text(OBO + below)
    (tmp_path / "my.tsv").write_text("P1\tmf\tGO:0003676\nP2\tmf\tGO:0005488\n")
    (tmp_path / "zero.txt").write_text("GO:0003676\n")
    assert not any("held out" in note for note in check_run(config).notes)
    config["inputs"]["term_sets"] |= {"zero_method": "list", "zero_list": "zero.txt"}
    (note,) = [note for note in check_run(config).notes if "held out" in note]
    assert note.startswith(
        "about 1 of your 2 annotations (50%) are held out of training (inputs.term_sets.zero_method: list)"
    )


def test_faults_of_several_files_are_reported_in_one_pass(config, tmp_path):
    (tmp_path / "my.fasta").write_text("")
    (tmp_path / "go.obo").write_text("<html>")
    config["embeddings"]["residues"]["model"] = "esm9_huge"
    problems = problems_of(config)
    assert [any(part in text for text in problems) for part in ("my.fasta", "go.obo", "esm9_huge")] == [True] * 3


def test_an_older_release_is_read_too_and_one_that_is_newer_is_noted(config, tmp_path):
    (tmp_path / "old.obo").write_text(OBO.replace("1.2\n", "1.2\ndata-version: releases/2020-01-01\n"))
    (tmp_path / "go.obo").write_text(OBO.replace("1.2\n", "1.2\ndata-version: releases/2024-01-01\n"))
    config["previous_ontology"] = "old.obo"
    found = check_run(config)
    assert found.problems == []
    assert "previous ontology: 2 live terms of GO releases/2020-01-01" in found.facts
    assert not any("previous_ontology" in note for note in found.notes)
    config["previous_ontology"], config["ontology"] = "go.obo", "old.obo"
    (note,) = [note for note in check_run(config).notes if "previous_ontology" in note]
    assert note == "previous_ontology is GO releases/2024-01-01, which is not older than releases/2020-01-01"
    (tmp_path / "go.obo").write_text("<html>")
    assert len(problems_of(config)) == 1


def test_the_ontology_is_checked_for_the_relations_that_will_be_followed(config, tmp_path):
    (tmp_path / "go.obo").write_text(OBO + "relationship: regulates GO:0099999\n")
    assert problems_of(config) == []
    config["inputs"]["relations"] = ["is_a", "regulates"]
    (problem,) = problems_of(config)
    assert "GO:0099999, regulates parent of GO:0005488, is not in this file" in problem


def test_annotations_of_other_proteins_are_reported_with_examples(config, tmp_path):
    (tmp_path / "my.tsv").write_text("Q9\tmf\tGO:0005488\n")
    (problem,) = problems_of(config)
    assert "Q9" in problem
    assert "P1" in problem


def test_a_fault_in_one_of_several_annotation_files_names_this_file(config, tmp_path):
    (tmp_path / "my.gpad").write_text("!gpad-version: 2.0\nDB:P1\n")
    config["annotations"] = ["my.tsv", "my.gpad"]
    (problem,) = problems_of(config)
    assert problem.startswith(f"{tmp_path / 'my.gpad'}:2: 1 tab-separated columns, a GPAD has at least 10")


def test_wrong_terms_of_a_list_are_reported_with_file_and_line(config, tmp_path):
    for name in ("stop.txt", "few.txt", "zero.txt"):
        (tmp_path / name).write_text("GO:0005488\nGO:0003674\n" if name != "stop.txt" else "GO:0003674\nGO:7\n")
    config["inputs"]["labels"]["stoplist"] = "stop.txt"
    config["inputs"]["term_sets"] |= {"few_list": "few.txt", "zero_method": "list", "zero_list": "zero.txt"}
    stop, few, zero = problems_of(config)
    assert "stop.txt:2: GO:7 is not a live term" in stop
    assert "few.txt:2: GO:0003674 is a root: training never sees it" in few
    assert "zero.txt:2: GO:0003674 is a root: masking it" in zero


def test_faults_of_a_vocabulary_and_of_sets_of_proteins_are_reported_with_file_and_line(config, tmp_path):
    (tmp_path / "listed.txt").write_text("GO:0005488\nGO:7777777\n")
    (tmp_path / "near.csv").write_text("id,near\nP1,maybe\n")
    (tmp_path / "mine.txt").write_text("P1 P2\n")
    config["evaluation"]["terms"] = "listed.txt"
    config["evaluation"]["protein_sets"] = {"near": {"file": "near.csv", "column": "near"}, "mine": {"MFO": "mine.txt"}}
    near, mine, listed = problems_of(config)
    assert "near.csv:2: 'maybe' is neither 0 nor 1" in near
    assert "mine.txt:1: more than one word" in mine
    assert "listed.txt:2: GO:7777777 is not in this GO release" in listed


def test_terms_by_time_without_dates_are_reported(config):
    config["inputs"]["term_sets"] |= {"zero_method": "time", "zero_from": "2019-01-01"}
    (problem,) = problems_of(config)
    assert "no annotation has a date" in problem


def test_a_checkpoint_file_that_is_not_there_is_named(config):
    config["embeddings"]["residues"]["model"] = "weights/esm2_t6_8M_UR50D.pt"
    (problem,) = problems_of(config)
    assert "there is no file weights/esm2_t6_8M_UR50D.pt" in problem


def test_weights_that_are_not_there_are_a_note_and_offline_a_problem_with_their_place(config, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    path = tmp_path / "torch/hub/checkpoints/esm2_t6_8M_UR50D.pt"
    config["embeddings"]["residues"]["model"] = "esm2_t6_8M_UR50D"
    note = f"the weights of esm2_t6_8M_UR50D will be downloaded to {path}"
    assert note in check_run(config).notes
    config["embeddings"]["residues"]["offline"] = True
    (problem,) = problems_of(config)
    assert f"are not at {path}, and embeddings.residues.offline is true" in problem
    path.parent.mkdir(parents=True)
    path.write_text("weights")
    assert problems_of(config) == []
    assert note not in check_run(config).notes


def test_online_tracking_without_a_key_is_reported(config, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    online = copy.deepcopy(config)
    online["training"]["wandb"] = "online"
    assert any("WANDB_API_KEY" in problem for problem in problems_of(online))


@pytest.mark.fault(27)
def test_embeddings_that_do_not_fit_on_the_disk_are_reported(config, monkeypatch):
    config["embeddings"]["residues"]["model"] = "esm2_t48_15B_UR50D"
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    (problem,) = problems_of(config)
    assert "residue embeddings take about" in problem


def by_date(config, tmp_path, days):
    gaf = [
        f"DB\t{protein}\tS\t\tGO:0005488\tPMID:1\tIDA\t\tF\t\t\tprotein\ttaxon:1\t{day}\tX\t\t" for protein, day in days
    ]
    (tmp_path / "my.tsv").write_text("\n".join(["!gaf-version: 2.2", *gaf, ""]))
    config["inputs"]["splits"] |= {"method": "date", "val_from": "2019-01-01", "test_from": "2020-01-01"}
    return config


def test_a_table_without_dates_is_reported_if_the_split_needs_them(config, tmp_path):
    by_date(config, tmp_path, [])
    (tmp_path / "my.tsv").write_text("P1\tmf\tGO:0005488\n")
    (problem,) = problems_of(config)
    assert "1 of 1 annotations have no date" in problem


def test_days_that_leave_a_split_empty_are_reported(config, tmp_path):
    (problem,) = problems_of(by_date(config, tmp_path, [("P1", "20180101"), ("P2", "20210101")]))
    assert "the val split has no annotated protein (of 2)" in problem
    (tmp_path / "my.fasta").write_text(">P1\nMKTAYIAKQR\n>P2\nMSLEQKKGAD\n>P3\nMSLEQKKGAW\n")
    assert problems_of(by_date(config, tmp_path, [("P1", "20180101"), ("P2", "20210101"), ("P3", "20190101")])) == []


@pytest.mark.parametrize(
    ("encoder", "expected"), [("no/such_model", "no model no/such_model"), ("FOLDER", "there is no config.json in it")]
)
def test_a_text_encoder_that_is_not_there_is_found_before_any_job(config, tmp_path, monkeypatch, encoder, expected):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    config["embeddings"]["texts"]["encoder"] = str(tmp_path) if encoder == "FOLDER" else encoder
    assert [expected in text for text in problems_of(config)] == [True]
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "hub/models--no--such_model").mkdir(parents=True)
    assert problems_of(config) == []


@pytest.mark.fault(91)
def test_proteins_that_cannot_be_divided_are_reported(config, monkeypatch):
    monkeypatch.setattr("gofer.check.FEW_PROTEINS", 100)
    (problem,) = problems_of(config)
    assert "the val split has no annotated protein" in problem


@pytest.mark.fault(91)
@pytest.mark.parametrize("few", [0, 100])
def test_an_id_of_a_list_that_is_no_protein_is_reported_with_file_and_line(config, tmp_path, monkeypatch, few):
    monkeypatch.setattr("gofer.check.FEW_PROTEINS", few)
    for name, listed in {"test": "P1\nQ99999\n", "val": "P2\n"}.items():
        (tmp_path / f"{name}.txt").write_text(listed)
    config["inputs"]["splits"] |= {"method": "lists", "test_ids": "test.txt", "val_ids": "val.txt"}
    assert any("test.txt:2: Q99999 is not a protein of the FASTA" in problem for problem in problems_of(config))
