"""Every form of output, read back by the library that people use for it, with the same content."""

import json

import pandas as pd
import pytest
from goatools.anno.gaf_reader import GafReader
from goatools.associations import read_associations
from hypothesis import given
from hypothesis import strategies as st
from retrieval.tiny_model import make_model

from gofer.artefacts import read_table
from gofer.errors import InputError, collected_problems
from gofer.inputs.annotations.annotation_files import read_annotation_lines
from gofer.retrieval.cafa_format import read_cafa
from gofer.retrieval.forms import FORMS, SLIM, Context
from gofer.retrieval.forms.form import about_protein, curie
from gofer.retrieval.prediction_run import PredictionRun
from gofer.retrieval.predictor import Predicted, Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel
from gofer.tables import PREDICTION_FILES, PREDICTIONS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Predictions of a model of a synthetic world in every form, with a slim."""
    folder = tmp_path_factory.mktemp("forms")
    tiny = make_model(folder, name="demo", synthetic=True)
    fasta = tiny.fasta(folder / "all.fasta", slice(0, 20))
    (folder / "slim.txt").write_text("GO:0003824\nGO:0005634\nGO:9999999\n")
    made = PredictionRun(Predictor(TrainedModel(tiny.path)), QueryFile.read(fasta), folder / "out")
    made.predict()
    made.finish(slim=folder / "slim.txt")
    return folder / "out"


@pytest.fixture(scope="module")
def table(run):
    return pd.read_csv(run / "predictions.tsv", sep="\t", keep_default_na=False, na_values="n/a")


@pytest.fixture(scope="module")
def likely(table):
    """Pairs of protein and term that are recommended."""
    rows = table[table["recommended"] != "no"]
    return set(zip(rows["protein_id"], rows["go_id"], strict=True))


def test_there_is_a_file_for_each_form():
    assert {name: form.name for name, form in FORMS.items()} == PREDICTION_FILES


def test_the_table_and_its_best_rows_are_read_by_pandas(run, table):
    assert table.columns.tolist() == PREDICTIONS
    best = pd.read_csv(run / "predictions.best.tsv", sep="\t", keep_default_na=False, na_values="n/a")
    pd.testing.assert_frame_equal(best, table[table["recommended"] == "best"].reset_index(drop=True), check_dtype=False)


def test_parquet_holds_what_the_table_holds_in_full_precision(run, table):
    whole = pd.read_parquet(run / "predictions.parquet")
    assert whole.columns.tolist() == PREDICTIONS
    assert whole["go_id"].tolist() == table["go_id"].tolist()
    assert table["score"].tolist() == pytest.approx(whole["score"].tolist(), rel=1e-5)
    assert len(read_table(run / "predictions.parquet")) == len(table)


def test_json_lines_hold_every_protein_once_with_its_rows(run, table):
    lines = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    assert [line["protein_id"] for line in lines] == table["protein_id"].drop_duplicates().tolist()
    assert sum(len(line["predictions"]) for line in lines) == len(table)
    assert pd.read_json(run / "predictions.jsonl", lines=True)["protein_id"].tolist() == [
        line["protein_id"] for line in lines
    ]
    assert "synthetic" in lines[0]["warning"]


def test_the_cafa_file_holds_the_same_scores(run, table):
    cafa = read_cafa(run / "predictions.cafa.tsv")
    assert cafa["go_id"].astype(str).tolist() == table["go_id"].tolist()
    assert cafa["score"].tolist() == pytest.approx(table["score"].tolist(), rel=6e-3)


def test_goatools_reads_the_gaf_with_the_nearest_aligned_protein(run, table, likely):
    rows = GafReader(str(run / "predictions.gaf"), prt=None).associations
    assert {(row.DB_ID, row.GO_ID) for row in rows} == likely
    assert {row.Evidence_Code for row in rows} == {"IEA"}
    one = next(row for row in rows if (row.DB_ID, row.GO_ID) == ("Q000", "GO:0016787"))
    assert one.With_From == {"UniProtKB:P00000"}
    relations = {row.GO_ID: row.Qualifier for row in rows}
    assert relations["GO:0016787"] == {"enables"}
    assert relations["GO:0000502"] == {"part_of"}


def test_gofer_itself_reads_the_gpad(run, likely):
    text = (run / "predictions.gpad").read_text()
    assert text.startswith("!gpad-version: 2.0\n")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("!")]
    assert {len(row) for row in rows} == {12}
    assert {row[5] for row in rows} == {"ECO:0007669"}
    assert {row[2] for row in rows} == {"RO:0002327", "RO:0002331", "RO:0001025", "BFO:0000050"}
    with collected_problems() as problems:
        read = list(read_annotation_lines(run / "predictions.gpad", problems))
    assert {(line.object_id, line.go_id) for line in read} == likely


def test_a_synthetic_model_is_named_in_the_headers(run):
    for name in ("predictions.gaf", "predictions.gpad"):
        assert "!warning: the model demo was trained on a synthetic world" in (run / name).read_text()


def test_goatools_and_topgo_read_the_terms_by_protein(run, likely, tmp_path):
    lines = [line.split("\t") for line in (run / "gene2term.tsv").read_text().splitlines()]
    assert {(protein_id, go_id) for protein_id, go_ids in lines for go_id in go_ids.split(", ")} == likely
    (tmp_path / "semicolons").write_text((run / "gene2term.tsv").read_text().replace(", ", ";"))
    found = read_associations(str(tmp_path / "semicolons"), "id2gos", prt=None)
    assert {(protein_id, go_id) for protein_id, go_ids in found.items() for go_id in go_ids} == likely


def test_the_slim_counts_proteins_by_its_terms(run, likely):
    counts = pd.read_csv(run / "slim_counts.tsv", sep="\t").set_index("go_id")["proteins"].to_dict()
    assert counts == {go_id: sum(term == go_id for _, term in likely) for go_id in ("GO:0003824", "GO:0005634")}


def test_a_slim_of_other_terms_is_refused(run, tmp_path):
    (tmp_path / "slim.obo").write_text("format-version: 1.2\n\n[Term]\nid: GO:9999999\nname: x\n")
    context = Context(pd.DataFrame({"go_id": ["GO:1"], "name": ["one"]}), "m", {}, "", tmp_path / "slim.obo")
    with pytest.raises(InputError, match=r"slim.obo: none of its terms is known to the model"):
        SLIM.write(tmp_path / "out.tsv", lambda: iter(()), context)


@pytest.mark.parametrize(
    ("protein_id", "known"),
    [("P12345", True), ("A0A009IHW8", True), ("P12345-2", True), ("Q000", False), ("gene1", False), ("P1234", False)],
)
def test_an_accession_of_uniprot_is_told_as_one(protein_id, known):
    assert curie(protein_id) == f"{'UniProtKB' if known else 'GOFER'}:{protein_id}"


@pytest.mark.parametrize(
    ("description", "symbol", "name", "taxon"),
    [
        ("", "P1", "", "32644"),
        ("Enzyme of things OS=Homo sapiens OX=9606 GN=ABC1 PE=1 SV=2", "ABC1", "Enzyme of things", "9606"),
        ("a\tname\twith tabs", "P1", "a name with tabs", "32644"),
        ("two\nlines\r", "P1", "two lines", "32644"),
        ("OS=Homo sapiens OX=9606", "P1", "", "9606"),
        ("Name GN=A|B OX=x9", "A", "Name", "32644"),
        ("DOX=5 is no taxon", "P1", "DOX=5 is no taxon", "32644"),
    ],
)
def test_what_a_header_says_of_a_protein(description, symbol, name, taxon):
    assert about_protein("P1", description) == (symbol, name, taxon)


ROW = dict.fromkeys(PREDICTIONS, "") | {
    "go_id": "GO:0003824", "aspect": "MFO", "score": 0.5, "information_accretion": 1.0, "recommended": "best",
    "nearest_identity": float("nan"), "nearest_coverage": float("nan"),
}  # fmt: skip


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_no_description_can_break_a_line_of_the_gaf(tmp_path_factory, description):
    path = tmp_path_factory.mktemp("gaf") / "p.gaf"
    one = Predicted(
        pd.DataFrame([{**ROW, "protein_id": "!P"}]),
        pd.DataFrame(),
        pd.DataFrame({"protein_id": ["!P"], "description": [description]}),
    )
    terms = pd.DataFrame({"go_id": ["GO:0003824"], "name": ["x"], "aspect": ["MFO"], "is_a": [[]]})
    FORMS["gaf"].write(path, lambda: iter([one]), Context(terms, "m", {"go_release": "sha256:01"}))
    lines = path.read_text(encoding="utf-8").split("\n")
    [row] = [line for line in lines if line and not line.startswith("!")]
    assert len(row.split("\t")) == 17
    assert row.split("\t")[13] == "19700101"
