"""Proteins of annotations, qualifiers and several files, and what holds with any lines in any order."""

import tempfile
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.annotation_lines import gaf, gpad1, gpad2, names, pairs, read, read_files

from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.proteins.protein_names import ProteinNames

BY_ACCESSION = "isoform or chain put to its protein"


def changed(accounting):
    table = accounting.table()
    return table[table["item"] == "annotations changed"].set_index("reason")["count"].to_dict()


def test_a_protein_is_found_by_its_entry_name(tmp_path):
    proteins = names(["P12345", "Q99999"], [["KIN_HUMAN"], None])
    table, accounting = read(tmp_path, "KIN_HUMAN\tGO:0000003\nQ99999\tGO:0000002\n", proteins)
    assert pairs(table) == [("P12345", "GO:0000003"), ("Q99999", "GO:0000002")]
    assert changed(accounting) == {"protein found by its alias": 1}


def test_an_alias_that_could_mean_two_proteins_means_none_and_is_counted(tmp_path):
    proteins = names(["P1", "P2", "P3"], [["SAME", "P2", "P1"], ["SAME"], ["OWN"]])
    table, accounting = read(tmp_path, "SAME\tGO:0000003\nP2\tGO:0000003\nP1\tGO:0000002\nOWN\tGO:0000001\n", proteins)
    assert pairs(table) == [("P1", "GO:0000002"), ("P2", "GO:0000003"), ("P3", "GO:0000001")]
    assert accounting.count("annotations dropped", "protein not in the FASTA: SAME") == 1
    assert accounting.count("aliases left out", "shared by proteins, or the id of another one") == 2


def test_aliases_as_a_parquet_file_gives_them_are_understood(tmp_path):
    table = pd.DataFrame({"protein_id": ["P1", "P2"], "aliases": [["A_B"], []]})
    table.to_parquet(tmp_path / "proteins.parquet")
    assert ProteinNames.of_table(pd.read_parquet(tmp_path / "proteins.parquet")).protein_ids["A_B"] == "P1"


@pytest.mark.parametrize(
    ("line", "protein", "how"),
    [
        (gaf("P12345", form="UniProtKB:P12345-2"), "P12345", BY_ACCESSION),
        (gaf("P12345", form="UniProtKB:P12345:PRO_0000012345"), "P12345", BY_ACCESSION),
        (gaf("MGI:1", form="PR:P12345-1"), "P12345", BY_ACCESSION),
        (gaf("P12345", form="UniProtKB:P12345"), "P12345", None),
        (gaf("MGI:1", form="UniProtKB:A0A009IHW8"), "A0A009IHW8", "put to the isoform or chain that it names"),
        (gaf("Q99999", form="UniProtKB:Q99999-2"), "Q99999-2", "put to the isoform or chain that it names"),
        (gaf("MGI:1", "A0A009IHW8"), "A0A009IHW8", "protein found by its symbol"),
        (gpad1("P12345-2"), "P12345", BY_ACCESSION),
        (gpad1("Q99999-2"), "Q99999-2", None),
        (gpad1("P12345:PRO_0000012345"), "P12345", BY_ACCESSION),
        (gpad2("UniProtKB:A0A009IHW8-12:PRO_0000012345"), "A0A009IHW8", BY_ACCESSION),
        (gpad2("UniProtKB:P12345-2"), "P12345", BY_ACCESSION),
    ],
)
def test_an_isoform_or_chain_is_looked_up_by_its_full_id_and_then_by_its_accession(tmp_path, line, protein, how):
    table, accounting = read(tmp_path, line, ["P12345", "A0A009IHW8", "Q99999", "Q99999-2"])
    assert pairs(table) == [(protein, "GO:0000003")]
    assert changed(accounting) == ({how: 1} if how else {})


def test_an_id_that_only_looks_like_an_isoform_stays_another_gene(tmp_path):
    table, _ = read(tmp_path, gpad1("YBR126W-1") + gpad1("YBR126W", term="GO:0000001"), ["YBR126W"])
    assert pairs(table) == [("YBR126W", "GO:0000001")]


def test_other_qualifiers_than_not_are_positives_and_reported(tmp_path):
    content = gaf(qualifier="contributes_to") + gaf("P2", qualifier="colocalizes_with") + gaf("P2", qualifier="NOT")
    table, accounting = read(tmp_path, content + gaf(qualifier="NOT|enables", term="GO:0000020", code="IEA"))
    assert pairs(table) == [("P1", "GO:0000003")]
    assert accounting.count("positives with a qualifier", "contributes_to") == 1
    table, accounting = read(tmp_path, gpad2(relation="RO:0002263") + gpad2(relation="RO:0099999"))
    assert pairs(table) == [("P1", "GO:0000003")]
    assert accounting.count("positives with a qualifier", "acts_upstream_of") == 1
    assert accounting.count("positives with a qualifier", "RO:0099999") == 1


def test_files_of_all_formats_are_merged_with_earliest_date_and_joined_sources(tmp_path):
    contents = {
        "a.tsv": "P1\tGO:0000003\nP2\tGO:0000001\n",
        "b.gaf": gaf(date="20200131", source="UniProt", code="EXP"),
        "c.gpa": gpad1(date="20190203", source="InterPro"),
        "d.gpad": gpad2(date="2021-01-01", source="UniProt") + gpad2("DB:P7"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    table, accounting = read_files([tmp_path / name for name in contents])
    assert pairs(table) == [("P1", "GO:0000003"), ("P2", "GO:0000001")]
    assert table.iloc[0].tolist()[2:] == ["EXP|IDA", "2019-02-03", "InterPro|UniProt"]
    assert table.iloc[1, 2:].isna().all()
    assert accounting.count("annotations read") == 6
    assert accounting.count("annotations read from one file", str(tmp_path / "d.gpad")) == 2
    assert accounting.count("annotations used from one file", str(tmp_path / "d.gpad")) == 1
    assert accounting.count("annotations merged", "same protein and term") == 3


def test_a_not_annotation_of_one_file_denies_what_another_states(tmp_path):
    (tmp_path / "a.tsv").write_text("P1\tGO:0000003\nP1\tGO:0000001\n")
    (tmp_path / "b.gpad").write_text(gpad2(negation="NOT", term="GO:0000002"))
    assert pairs(read_files([tmp_path / "a.tsv", tmp_path / "b.gpad"])[0]) == [("P1", "GO:0000001")]


def test_an_eco_id_in_the_config_asks_for_its_code_too():
    rules = AnnotationRules.from_config(
        {"evidence_codes": ["ECO:0000314", "TAS"], "max_unknown_terms": 0, "relations": ["is_a"]}
    )
    assert rules.evidence_codes == {"ECO:0000314", "IDA", "TAS"}


def test_lines_that_are_dropped_or_say_the_same_are_not_kept(tmp_path):
    path = tmp_path / "large.gaf"
    path.write_text((gaf(code="IEA") + gaf() + gaf("Q9")) * 20_000)  # 4 MB
    tracemalloc.start()
    table, accounting = read_files([path])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert accounting.count("annotations read") == 60_000
    assert pairs(table) == [("P1", "GO:0000003")]
    assert peak < 12 << 20  # 5 MiB for a piece of the file at a time, 33 where all lines are kept


# Two ways up, a part_of, and a step into another aspect: 6 is below 4 and 5, 8 below 7 and 5, all but 7 below 1.
PARENTS = {
    1: ([], []),
    2: ([1], []),
    3: ([1], []),
    4: ([2], [3]),
    5: ([3], []),
    6: ([4, 5], []),
    7: ([], []),
    8: ([7], [5]),
}


def go_ids(numbers):
    return [f"GO:{number:07d}" for number in numbers]


TERMS = pd.DataFrame(
    [
        (go_id, go_ids(is_a), go_ids(part_of), [], "BPO" if number > 6 else "MFO")
        for (number, (is_a, part_of)), go_id in zip(PARENTS.items(), go_ids(PARENTS), strict=True)
    ],
    columns=["go_id", "is_a", "part_of", "alt_ids", "aspect"],
)
OBSOLETE = pd.DataFrame({"go_id": ["GO:0000020"], "replaced_by": [["GO:0000004"]]})
PROTEINS = names(["P1", "P2", "P3"], [["ONE_X"], [], []])
SURE = gaf("P3", term="GO:0000001")  # so that there is always something left
gaf_lines = st.lists(
    st.builds(
        gaf,
        protein=st.sampled_from(["P1", "P2", "ONE_X", "Q9"]),
        qualifier=st.sampled_from(["", "enables", "NOT", "NOT|enables", "contributes_to", "not|", "enables|NOT"]),
        term=st.sampled_from([*TERMS["go_id"], "GO:0000020", "GO:0000099"]),
        code=st.sampled_from(["IDA", "EXP", "IEA"]),
        date=st.sampled_from(["20200131", "2019-01-02", "20211332", ""]),
        source=st.sampled_from(["UniProt", "SGD", "A|B"]),
    ),
    max_size=12,
)


def outcome(lines):
    rules = AnnotationRules(frozenset({"IDA", "EXP"}), 1.0, ("is_a", "part_of"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.gaf"
        path.write_text("".join(lines))
        return read_annotations([path], PROTEINS, TERMS, OBSOLETE, rules)


@settings(max_examples=60, deadline=None)
@given(gaf_lines, st.data())
def test_the_order_of_the_lines_changes_neither_table_nor_accounting(lines, data):
    table, accounting = outcome([*lines, SURE])
    again, accounting_again = outcome(data.draw(st.permutations([*lines, SURE])))
    pd.testing.assert_frame_equal(table, again)
    pd.testing.assert_frame_equal(accounting.table(), accounting_again.table())


def at_or_below(number):
    children = [child for child, (is_a, part_of) in PARENTS.items() if number in is_a + part_of]
    return {number}.union(*map(at_or_below, children))


@settings(max_examples=100, deadline=None)
@given(gaf_lines)
def test_a_not_never_leaves_a_positive_at_or_below_its_term_and_takes_nothing_else(lines):
    denied, wanted = set(), {("P3", "GO:0000001")}
    for _, protein, _, qualifier, term, _, code, *_ in (line.split("\t") for line in lines):
        number = 4 if term == "GO:0000020" else int(term[3:])
        if code == "IEA" or protein == "Q9" or number not in PARENTS:
            continue
        protein_id = "P1" if protein == "ONE_X" else protein
        if "NOT" in qualifier.upper():
            denied |= {(protein_id, go_id) for go_id in go_ids(at_or_below(number))}
        else:
            wanted.update((protein_id, go_id) for go_id in go_ids([number]))
    table, _ = outcome([*lines, SURE])
    assert set(pairs(table)) == wanted - denied
    assert not denied & set(pairs(propagate(table, TERMS, ("is_a", "part_of"))))
