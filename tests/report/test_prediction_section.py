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


def test_the_nearest_protein_says_how_near_it_is_and_a_term_without_evidence_why(tmp_path):
    def line(**given):
        row = {
            "protein_id": "P1",
            "go_id": "GO:1",
            "score": "0.5",
            "information_accretion": "1",
            "nearest_protein": "K1",
        } | given
        lines = PREDICTIONS, [row.get(name, "") for name in PREDICTIONS]
        write_text(tmp_path / "q/predictions.tsv", "\n".join(map("\t".join, lines)) + "\n")
        return predictions.query_preview(tmp_path / "q/predictions.tsv", tmp_path).proteins[0][1][0]

    aligned = line(nearest_by="aligned", nearest_identity="0.624", nearest_coverage="1", evidence="1-9")
    assert (aligned.how_near, aligned.evidence) == ("62 % identical over 100 %", "1–9")
    near = line(nearest_by="near", evidence_note="shorter than a window")
    assert (near.how_near, near.evidence, near.no_evidence) == ("does not align", "", "shorter than a window")
    assert line(nearest_protein="").how_near == ""
