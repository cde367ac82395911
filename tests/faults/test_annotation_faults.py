"""Annotation and ontology files at fault (FAULTS.md 31–35): one clear error each, or a counted, documented repair."""

import gzip

import pytest
from inputs.annotation_lines import gaf, gpad1, gpad2, pairs, read, read_files

from gofer.errors import GoferError, InputError, ProblemsError
from gofer.inputs.annotations.annotation_tables import AnnotationRules
from gofer.inputs.ontology.term_table import read_ontology

TERM = "[Term]\nid: GO:{id:07d}\nname: t{id}\nnamespace: molecular_function\n"


@pytest.mark.fault(34)
@pytest.mark.parametrize(
    "content",
    [
        "P1\tF\tGO:0000003\nP2\tF\tGO:0000002\n",
        "protein\taspect\tgo_id\nP1\tmf\tGO:0000003\nP2\tmf\tGO:0000002\n",
        "go_id\tprotein_id\nGO:0000003\tP1\nGO:0000002\tP2\n",
        "P1\tGO:0000003\r\n# comment\r\nP2\tGO:0000002",
        "!gaf-version: 2.2\n!text\n" + gaf(qualifier="enables") + gaf("P2", term="GO:0000002"),
        gaf() + gaf("P2", term="GO:0000002"),
        gzip.compress(("!gaf-version: 2.0\n" + gaf() + gaf("P2", term="GO:0000002")).encode()),
        "!gpa-version: 1.1\n" + gpad1() + gpad1("P2", term="GO:0000002"),
        "!gpad-version: 2.0\n!generated-by: DB\n" + gpad2() + gpad2("DB:P2", term="GO:0000002"),
        gpad1() + gpad1("P2", term="GO:0000002"),
        gpad2() + gpad2("DB:P2", term="GO:0000002"),
    ],
)
def test_tables_gafs_and_gpads_of_every_kind_give_the_same_pairs(tmp_path, content):
    assert pairs(read(tmp_path, content)[0]) == [("P1", "GO:0000003"), ("P2", "GO:0000002")]


@pytest.mark.fault(34)
@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        ("", "no annotation in this file", None),
        ("!gaf-version: 2.1\n", "no annotation in this file", None),
        ("<html>404</html>\n", "looks like HTML", 1),
        ("P1\tGO:0000003\nP1 GO:0000002\n", "1 tab-separated column(s)", 2),
        ("P1\tGO:3\nx\n", "neither an annotation nor a known header", 1),
        ("P1\tGO:0000003\nP1\tGO:12\n", "'GO:12' is not a GO id", 2),
        ("P1\tGO:0000003\n\tGO:0000002\n", "no protein id", 2),
        ("!gaf-version: 2.0\n" + gaf() + "DB\tP1\tS1\t\tGO:0000003\n", "a GAF has at least 15", 3),
        ("!gaf-version: 2.0\n" + gaf(term="P1"), "'P1' is not a GO id", 2),
        ("!gaf-version: 3.0\n" + gaf(), "gaf-version: 3.0: no annotation format that is known here", 1),
        ("!gpi-version: 2.0\nDB:P1\tS1\n", "gpi-version: 2.0: no annotation format that is known here", 1),
        ("!gpa-version: 1.1\nDB\tP1\tenables\tGO:0000003\n", "4 tab-separated columns, a GPAD has at least 10", 2),
        (gpad1() + gpad1(protein=""), "no protein id", 2),
        (gpad2() + gpad2(protein=""), "no protein id", 2),
        (gpad2() + gpad2(protein="P1"), "the object id 'P1' names no database", 2),
        (gpad2() + gpad2(negation="x"), "'x' as negation", 2),
        (gpad2() + gpad2(term="GO:1"), "'GO:1' is not a GO id", 2),
    ],
)
def test_a_fault_in_an_annotation_file_is_named_with_its_line(tmp_path, content, said, line):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert said in caught.value.what
    assert caught.value.line == line
    assert caught.value.help


@pytest.mark.fault(33)
def test_a_not_annotation_is_never_a_positive_nor_is_anything_below_it(tmp_path):
    content = gaf(term="GO:0000003") + gaf(qualifier="NOT|enables", term="GO:0000002") + gaf(term="GO:0000001")
    table, accounting = read(tmp_path, content + gaf("P2"))
    assert pairs(table) == [("P1", "GO:0000001"), ("P2", "GO:0000003")]
    assert accounting.count("annotations dropped", "NOT annotation, never a positive") == 1
    assert accounting.count("annotations dropped", "denied by a NOT annotation of the same protein") == 1


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    "content",
    [
        gaf(qualifier=qualifier)
        for qualifier in ("NOT", "not", "NOT|enables", "enables|NOT", "NOT|", " NOT ", "Not enables")
    ]
    + [gpad1(qualifier=qualifier) for qualifier in ("NOT", "NOT|enables", "enables|NOT", "NOT|")]
    + [gpad2(negation="NOT"), gpad2(negation="not"), gpad2(relation="NOT|RO:0002327")],
)
def test_not_is_seen_in_every_spelling(tmp_path, content):
    with pytest.raises(InputError, match="0 of 1 annotations left") as caught:
        read(tmp_path, content)
    assert caught.value.help == "dropped: 1 NOT annotation, never a positive"


def test_a_word_that_contains_not_is_not_a_not(tmp_path):
    assert len(read(tmp_path, gaf(qualifier="NOTED"))[0]) == 1


def test_the_evidence_filter_counts_what_it_drops(tmp_path):
    table, accounting = read(tmp_path, gaf() + gaf(code="IEA", term="GO:0000001") + gaf(code="IEA", term="GO:0000002"))
    assert pairs(table) == [("P1", "GO:0000003")]
    assert accounting.count("annotations dropped", "evidence code IEA not asked for") == 2


@pytest.mark.fault(34)
def test_a_filter_that_leaves_nothing_says_so(tmp_path):
    with pytest.raises(InputError, match="0 of 2 annotations left after the evidence filter; the file has IEA, ISS"):
        read(tmp_path, gaf(code="IEA") + gaf(code="ISS"))


def test_an_eco_id_without_a_code_is_dropped_and_counted_unless_the_config_names_it(tmp_path):
    content = gpad1() + gpad1(term="GO:0000002", eco="ECO:0001225") + gpad1(term="GO:0000001", eco="ECO:0007669")
    table, accounting = read(tmp_path, content)
    assert pairs(table) == [("P1", "GO:0000003")]
    assert accounting.count("annotations dropped", "ECO id without a code, ECO:0001225 not asked for") == 1
    assert accounting.count("annotations dropped", "evidence code IEA not asked for") == 1
    named = {"evidence_codes": ["ECO:0001225"], "max_unknown_terms": 0.1, "relations": ["is_a"]}
    content += gpad1("P2", eco="ECO:0001225", properties="go_evidence=IMP")
    table, _ = read(tmp_path, content, rules=AnnotationRules.from_config(named))
    assert table[["go_id", "evidence"]].to_numpy().tolist() == [["GO:0000002", "ECO:0001225"], ["GO:0000003", "IMP"]]


def test_annotations_without_a_protein_show_an_id_of_each_side(tmp_path):
    with pytest.raises(InputError, match=r"match no protein: they name e\.g\. P1, the FASTA e\.g\. Q7"):
        read(tmp_path, gaf(), proteins=["Q7"])


def test_a_gaf_finds_a_protein_by_its_symbol_where_its_id_is_unknown(tmp_path):
    table, accounting = read(tmp_path, gaf("X", "P2") + gaf("P1", "P2"))
    assert pairs(table) == [("P1", "GO:0000003"), ("P2", "GO:0000003")]
    assert accounting.count("annotations changed", "protein found by its symbol") == 1


@pytest.mark.fault(32)
def test_ids_are_replaced_only_by_a_single_term(tmp_path):
    ids = ["GO:0000009", "GO:0000020", "GO:0000021", "GO:0000022"]
    table, accounting = read(tmp_path, "".join(f"P1\t{go_id}\n" for go_id in ids))
    assert pairs(table) == [("P1", "GO:0000001"), ("P1", "GO:0000002")]
    assert accounting.count("annotations changed", "term id: alternative id") == 1
    assert accounting.count("annotations changed", "term id: obsolete, replaced") == 1
    assert accounting.count("annotations dropped", "term obsolete, without one replacement") == 2


@pytest.mark.fault(35)
def test_unknown_terms_are_counted_and_listed_up_to_the_limit(tmp_path):
    content = "P1\tGO:0000003\n" * 9 + "P1\tGO:0099999\n"
    _, accounting = read(tmp_path, content)
    assert accounting.count("annotations dropped", "term not in this GO release") == 1
    assert accounting.count("unknown term", "GO:0099999") == 1
    with pytest.raises(InputError, match=r"2 of 11 annotations .* does not have: GO:0088888, GO:0099999"):
        read(tmp_path, content + "P1\tGO:0088888\n")


def test_a_day_that_does_not_exist_is_counted_and_not_kept(tmp_path):
    content = gaf(date="20211332") + gaf(date="") + gaf("P2", date="2021-02-29") + gaf("P2", date="2021-03-01")
    table, accounting = read(tmp_path, content)
    assert table["date"].isna().tolist() == [True, False]
    assert table["date"][1] == "2021-03-01"
    assert accounting.count("positives without a date", "no such day") == 2
    assert accounting.count("positives without a date", "none given") == 1


@pytest.fixture
def two_files(tmp_path):
    """A good table, and a second file for each test to spoil."""
    (tmp_path / "good.tsv").write_text("P1\tGO:0000003\n")
    return tmp_path / "good.tsv", tmp_path / "other.gaf"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no annotation in this file"),
        (gaf("Q7"), "annotations match no protein: they name e.g. Q7, the FASTA e.g. P1"),
        (
            gaf(term="GO:0099999"),
            "1 of 2 annotations (50.0%) name terms that this GO release does not have: GO:0099999",
        ),
        ("{}", "looks like JSON"),
    ],
)
def test_a_fault_of_one_of_several_files_names_this_file(two_files, content, said):
    two_files[1].write_text(content)
    with pytest.raises(InputError) as caught:
        read_files(two_files)
    assert said in caught.value.what
    assert caught.value.path == two_files[1]


def test_faults_of_several_files_are_reported_in_one_pass(two_files):
    two_files[0].write_text("P1\tGO:0000003\nP1\tGO:3\n")
    two_files[1].write_text("P1 GO:0000003\n")
    with pytest.raises(ProblemsError) as caught:
        read_files([two_files[1], *two_files, two_files[0].with_name("absent")])
    places = [(problem.path.name, problem.line) for problem in caught.value.problems]
    assert places == [("other.gaf", 1), ("good.tsv", 2), ("other.gaf", 1), ("absent", None)]


def test_all_files_without_a_remaining_annotation_are_named(two_files):
    two_files[0].write_text(gaf(code="IEA"))
    two_files[1].write_text(gaf(code="ISS"))
    with pytest.raises(InputError, match=r"good.tsv, .*other.gaf: 0 of 2 annotations left .* has IEA, ISS"):
        read_files(two_files)


def test_evidence_date_and_source_of_one_pair_are_merged(tmp_path):
    table, _ = read(tmp_path, gaf(code="IDA", date="20200131") + gaf(code="EXP", date="20190203") + gaf(date="x"))
    assert table.to_dict("records") == [
        {
            "protein_id": "P1",
            "go_id": "GO:0000003",
            "evidence": "EXP|IDA",
            "date": "2019-02-03",
            "source": "UniProt",
        }
    ]


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        ("", "no live GO term", None),
        ("<html>", "looks like HTML", 1),
        ("format-version: 1.2\n", "no live GO term", None),
        (TERM.format(id=1) + "is_a: GO:0000099\n", "GO:0000099, is_a parent of GO:0000001, is not in this file", 5),
        (
            TERM.format(id=1)
            + "\n"
            + TERM.format(id=2)
            + "is_a: GO:0000003\n\n"
            + TERM.format(id=3)
            + "is_obsolete: true",
            "GO:0000003, is_a parent of GO:0000002, is obsolete",
            10,
        ),
        (
            "".join(TERM.format(id=i) + f"is_a: GO:{p:07d}\n\n" for i, p in ((2, 3), (3, 2))) + TERM.format(id=1),
            "a cycle: GO:0000002 is_a GO:0000003 is_a GO:0000002",
            5,
        ),
        (TERM.format(id=1) + "relationship: part_of GO:0000001\n", "a cycle", 5),
        (TERM.format(id=1) + "\n" + TERM.format(id=2), "two roots, GO:0000001 (line 2) and GO:0000002", 7),
        (TERM.format(id=1) + "\n" + TERM.format(id=1), "is already in line 2", 7),
        (TERM.format(id=1) + "name: again\n", "more than one name", 2),
        ("[Term]\nid: GO:0000001\nnamespace: molecular_function\n", "has no name", 2),
        (TERM.format(id=1).replace("molecular_function", "external"), "has namespace 'external'", 2),
        ("[Term]\nid: IDPO:1\nname: x\n", "is not a GO id", 2),
        (b"[Term]\nid: GO:0000001\nname: caf\xe9\n", "is not UTF-8", 3),
    ],
)
def test_a_fault_in_an_ontology_is_named_with_its_line(tmp_path, content, said, line):
    path = tmp_path / "go.obo"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(GoferError) as caught:
        read_ontology(path)
    error = getattr(caught.value, "problems", [caught.value])[0]
    assert said in error.what
    assert error.line == line
