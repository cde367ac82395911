"""The content of each format's lines, and how the format of a file is recognised."""

import gzip

import pandas as pd
import pytest
from inputs.annotation_lines import ECO_IDS, as_gpad1, as_gpad2, gaf, gpad1, gpad2, lines_of, pairs, read

from gofer.inputs.annotations.annotation_line import Line, day_of, go_code, qualified
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.proteins.protein_names import ProteinNames

CODES = "EXP IDA IPI IMP IGI IEP HTP HDA HMP HGI HEP TAS IC"


def test_a_gaf_line_gives_object_symbol_and_form_without_their_database(tmp_path):
    (line,) = lines_of(tmp_path, gaf("P12345", "SYM", "NOT|enables", form="UniProtKB:P12345-2"))
    assert line == Line(
        *("P12345", "GO:0000003", "NOT|enables", "IDA", "", "20200131", "UniProt"),
        *("SYM", "P12345-2", "taxon:1"),
    )


def test_a_gpad_object_may_contain_colons(tmp_path):
    chain, mouse = "P12345:PRO_0000012345", "MGI:101757"
    assert lines_of(tmp_path, gpad1(chain))[0].object_id == chain
    assert lines_of(tmp_path, gpad2(f"UniProtKB:{chain}"))[0].object_id == chain
    assert lines_of(tmp_path, gpad2(f"MGI:{mouse}"))[0].object_id == mouse


def test_a_version_header_overrides_the_form_of_the_first_line(tmp_path):
    (line,) = lines_of(tmp_path, "!gpa-version: 2.0\n" + gpad2("DB:P1", eco="IDA"))
    assert (line.object_id, line.go_id, line.evidence) == ("P1", "GO:0000003", "IDA")


def test_files_that_were_joined_are_read_each_in_its_format(tmp_path):
    content = "!gaf-version: 2.2\n" + gaf("P1") + "!gpad-version: 2.0\n" + gpad2("DB:P2")
    assert [line.object_id for line in lines_of(tmp_path, content)] == ["P1", "P2"]


def test_a_table_with_a_header_may_have_many_columns(tmp_path):
    columns = [f"c{number}" for number in range(20)]
    header, row = "\t".join(["protein", "go_id", *columns]), "\t".join(["P1", "GO:0000003", *columns])
    assert pairs(read(tmp_path, f"{header}\n{row}\n")[0]) == [("P1", "GO:0000003")]


@pytest.mark.parametrize(
    "content",
    [
        "P1\tGO:0000003\tF\nP2\tGO:0000002\tP\n",  # CAFA3's training annotations
        "EntryID\tterm\taspect\nP1\tGO:0000003\tF\nP2\tGO:0000002\tP\n",  # CAFA 5 and LAFA
        "P1\tGO:0000003\nP2\tGO:0000002\n",  # CAFA3's ground truth
    ],
)
def test_the_tables_of_cafa_are_read_as_they_are(tmp_path, content):
    assert pairs(read(tmp_path, content)[0]) == [("P1", "GO:0000003"), ("P2", "GO:0000002")]


def test_lines_whose_last_empty_columns_were_cut_are_whole(tmp_path):
    content = "!gpa-version: 1.1\n" + gpad1().rstrip() + "\n"
    assert lines_of(tmp_path, content) == lines_of(tmp_path, gpad1())
    assert lines_of(tmp_path, gaf().rstrip() + "\n") == lines_of(tmp_path, gaf())


@pytest.mark.parametrize("line", [gpad1, gpad2])
def test_the_property_go_evidence_overrides_the_eco_id(tmp_path, line):
    properties = "id=1|go_evidence=EXP|contributor=x"
    table, _ = read(tmp_path, line(eco="ECO:0001225", properties=properties))
    assert table["evidence"].tolist() == ["EXP"]
    assert lines_of(tmp_path, line(properties="no_go_evidence=EXP"))[0].go_evidence == ""


def test_every_code_that_a_default_config_asks_for_has_an_eco_id():
    assert set(CODES.split()) <= set(ECO_IDS)
    assert all(go_code(eco.lower()) == code for code, eco in ECO_IDS.items())
    assert go_code("ECO:0000501") == go_code("ECO:0007669") == "IEA"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", (False, ())),
        ("NOT|", (True, ())),
        ("contributes_to|NOT", (True, ("contributes_to",))),
        ("not|enables", (True, ("enables",))),
        ("colocalizes_with", (False, ("colocalizes_with",))),
        ("NOTED|do_NOT", (False, ("NOTED", "do_NOT"))),
    ],
)
def test_qualifiers_are_split_into_not_and_relations(text, said):
    assert qualified(text) == said


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20200229", "2020-02-29"),
        ("2020-02-29", "2020-02-29"),
        ("2020-02-29T23:59:59Z", "2020-02-29"),
        ("20210229", None),
        ("20211332", None),
        ("2021-1332", None),
        ("00000101", None),
        ("29.02.2020", None),
        ("2020", None),
        ("", None),
    ],
)
def test_a_date_is_a_day_of_the_calendar_or_none(text, day):
    assert day_of(text) == day


def test_a_real_gaf_and_the_gpads_made_of_it_give_the_same_table(go, shared_data, tmp_path):
    with gzip.open(shared_data / "gaf" / "gene_association.sgd.gz", "rt", encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("!")][::25]
    files = {
        "part.gaf": ["!gaf-version: 2.0\n", *lines],
        "part.gpa": ["!gpa-version: 1.1\n", *map(as_gpad1, lines)],
        "part.gpad": ["!gpad-version: 2.0\n", *map(as_gpad2, lines)],
        "without_header.gpa": map(as_gpad1, lines),
        "without_header.gpad": map(as_gpad2, lines),
    }
    names = ProteinNames.of_table(pd.DataFrame({"protein_id": sorted({line.split("\t")[1] for line in lines})}))
    rules = AnnotationRules(frozenset(CODES.split()), 0.1, ("is_a", "part_of"))
    read = {}
    for name, content in files.items():
        (tmp_path / name).write_text("".join(content), encoding="utf-8")
        read[name] = read_annotations([tmp_path / name], names, go.terms, go.obsolete, rules)
    wanted, counts = read["part.gaf"]
    assert len(wanted) > 1000
    assert counts.count("annotations dropped", "NOT annotation, never a positive") > 0
    for name in list(files)[1:]:
        table, accounting = read[name]
        pd.testing.assert_frame_equal(table, wanted)
        item = "positives with a qualifier"
        assert accounting.count(item, "contributes_to") == counts.count(item, "contributes_to") > 10
    together, _ = read_annotations([tmp_path / name for name in files], names, go.terms, go.obsolete, rules)
    pd.testing.assert_frame_equal(together, wanted)
