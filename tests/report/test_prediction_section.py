from gofer.artefacts import write_text
from gofer.report import prediction_section as predictions
from gofer.tables import PREDICTIONS


def test_the_preview_shows_the_first_rows_of_each_protein(make_run):
    run = make_run()
    query = predictions.query_preview(run.files.predictions[0], run.root)
    (protein_id, lines), *others = query.proteins
    assert (query.name, query.n_proteins, query.n_predictions, protein_id, others) == ("mine", 1, 7, "P1", [])
    assert len(lines) == predictions.TERMS_SHOWN
    assert lines[0].nearest in ("n/a", "P7")


def test_ids_that_look_like_numbers_stay_as_they_are(tmp_path):
    given = {"protein_id": "007", "go_id": "GO:1", "score": "0.5", "name": "NA", "aspect": "MFO", "evidence": "1-2,4-5"}
    values = "\t".join(given.get(name, "n/a") for name in PREDICTIONS)
    columns = "\t".join(PREDICTIONS)
    write_text(tmp_path / "q/predictions.tsv", f"{columns}\n{values}\n")
    query = predictions.query_preview(tmp_path / "q/predictions.tsv", tmp_path)
    protein_id, (line,) = query.proteins[0]
    assert protein_id == "007"
    assert (line.name, line.information, line.nearest, line.evidence) == ("NA", "n/a", "n/a", "1–2, 4–5")
