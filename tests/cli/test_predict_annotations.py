"""`gofer predict --annotations`: what is stated of a protein already counts and is marked; what is not used is said."""

import json

import pandas as pd
import pytest
from cli.test_cli import run
from inputs.annotation_lines import gaf
from retrieval.test_trained_model import repacked

import gofer
from gofer.retrieval.own_evidence import ANY, AspectTrust, OwnEvidence

TRUST = OwnEvidence({"MFO": AspectTrust(0.5, {ANY: 0.9}, {ANY: {"GO:0016740": 0.95}})})
SCAN = "\t".join(
    ["Q001", "0" * 32, "60", "Pfam", "PF00001", "x", "1", "60", "1e-9", "T", "01-01-2024", "IPR1", "x",
     "GO:0016740(InterPro)|GO:0008152(InterPro)"]
)  # fmt: skip


@pytest.fixture(scope="module")
def trusting(tiny, tmp_path_factory):
    """The model with a trust in own annotations."""

    def change(arrays, documents, texts):
        documents["calibration.json"]["own"] = TRUST.to_json()

    return repacked(tiny, tmp_path_factory.mktemp("trusting") / "trusting.gofer", change)


def table_of(folder):
    return pd.read_csv(folder / "predictions.tsv", sep="\t", keep_default_na=False).set_index(["protein_id", "go_id"])


def predicted(fasta, model, folder, *more):
    code, output = run("predict", fasta, "-m", model, "-o", folder, *more)
    assert code == 0, output
    return table_of(folder), " ".join(output.split())


def annotations(path):
    lines = [gaf("Q001", "S", "", term="GO:0016740", code="IEA"), gaf("Q001", "S", "", term="GO:0005488", code="IDA")]
    lines += [gaf("X999", "T", "", term="GO:0005488", code="IDA"), gaf("Q001", "S", "", term="GO:0999999", code="IEA")]
    path.write_text("!gaf-version: 2.2\n" + "".join(f"{line}\n" for line in lines))
    return path


def test_stated_terms_score_higher_and_are_marked_and_other_proteins_keep_their_rows(tiny, trusting, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 3))
    before, _ = predicted(fasta, trusting, tmp_path / "before")
    after, output = predicted(fasta, trusting, tmp_path / "after", "--annotations", annotations(tmp_path / "my.gaf"))
    assert "2 annotations of 1 proteins of the query" in output
    assert "1 protein not in the FASTA: X999" in output
    assert "1 term not in this GO release" in output
    pd.testing.assert_frame_equal(after.drop("Q001", level=0), before.drop("Q001", level=0))
    assert after.loc[("Q001", "GO:0016740"), "score"] > before.loc[("Q001", "GO:0016740"), "score"]
    note = after.loc["Q001", "evidence_note"]
    assert note["GO:0016740"].startswith("stated by IEA annotation of this protein")
    assert note["GO:0005488"].startswith("known by experiment, stated by IDA annotation of this protein")
    assert note["GO:0003824"].startswith("implied by IEA annotation of this protein")
    assert "annotation of this protein" not in note["GO:0016787"]
    summary = json.loads((tmp_path / "after/summary.json").read_text())["annotations"]
    assert (summary["proteins"], summary["annotations"], summary["used_in_scores"]) == (1, 2, True)
    assert summary["dropped"] == {"protein not in the FASTA: X999": 1, "term not in this GO release": 1}
    assert "annotations" not in json.loads((tmp_path / "before/summary.json").read_text())


def test_results_of_interproscan_count_and_python_predicts_the_same(tiny, trusting, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 3))
    (tmp_path / "scan.tsv").write_text(SCAN + "\n")
    after, _ = predicted(fasta, trusting, tmp_path / "after", "--annotations", tmp_path / "scan.tsv")
    assert after.loc[("Q001", "GO:0016740"), "evidence_note"].startswith("stated by annotation of this protein")
    in_python = gofer.load(trusting).predict(fasta, annotations=tmp_path / "scan.tsv")
    in_python = in_python.set_index(["protein_id", "go_id"])
    assert in_python["score"].to_numpy() == pytest.approx(after["score"].to_numpy(float), abs=1e-5)
    assert in_python["evidence_note"].tolist() == after["evidence_note"].tolist()


def test_interpro2go_gives_the_terms_of_a_scan_without_any(tiny, trusting, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 3))
    bare = SCAN.split("\t")[:-1]
    rows = [[*bare[:11], entry, "x"] for entry in ("IPR000001", "IPR000002")]
    (tmp_path / "scan.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    (tmp_path / "interpro2go").write_text("InterPro:IPR000001 made up > GO:transferase activity ; GO:0016740\n")
    files = "--annotations", tmp_path / "scan.tsv", "--annotations", tmp_path / "interpro2go"
    after, output = predicted(fasta, trusting, tmp_path / "after", *files)
    assert after.loc[("Q001", "GO:0016740"), "evidence_note"].startswith("stated by annotation of this protein")
    assert "1 lines with 1 InterPro entries that interpro2go does not have" in output


def test_info_says_how_often_statements_were_true(tiny, trusting):
    said = (
        "What is stated of a protein counts (gofer predict --annotations); true on validation: molecular function 90%"
    )
    assert said in run("info", trusting)[1]
    assert "is stated" not in run("info", tiny.path)[1]


def test_a_model_without_a_fitted_trust_says_so_and_marks_only(tiny, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 3))
    before, _ = predicted(fasta, tiny.path, tmp_path / "before")
    after, output = predicted(fasta, tiny.path, tmp_path / "after", "--annotations", annotations(tmp_path / "my.gaf"))
    assert "The model tiny has no trust in them fitted: they change no score." in output
    pd.testing.assert_frame_equal(after.drop(columns="evidence_note"), before.drop(columns="evidence_note"))
    assert "stated by IEA" in after.loc[("Q001", "GO:0016740"), "evidence_note"]


def test_other_annotations_are_another_prediction_and_those_of_no_protein_are_refused(tiny, trusting, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 3))
    before, _ = predicted(fasta, trusting, tmp_path / "out")
    after, _ = predicted(fasta, trusting, tmp_path / "out", "--annotations", annotations(tmp_path / "my.gaf"))
    assert after.loc[("Q001", "GO:0016740"), "score"] > before.loc[("Q001", "GO:0016740"), "score"]
    (tmp_path / "other.tsv").write_text("protein\tgo_id\nX999\tGO:0005488\n")
    code, output = run(
        "predict", fasta, "-m", trusting, "-o", tmp_path / "new", "--annotations", tmp_path / "other.tsv"
    )
    assert code == 3
    assert "annotations match no protein: they name e.g. X999, the FASTA e.g. Q000" in " ".join(output.split())
