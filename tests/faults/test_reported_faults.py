"""Faults found by trying public bug reports and odd real files (76–98 of the catalogue), each in its reader."""

import gzip
import io
import json
import os
import sys
import tarfile

import pytest
from faults.inputs_at_fault import OBO_TERMS, TERMS, ontology_with, scan_line
from inputs.annotation_lines import gaf, pairs, read

from gofer.config import check_query, complete, content, read_config
from gofer.config.check_config import check_config
from gofer.errors import GoferError, InputError
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.training.parallel import CPU, Team
from gofer.workflow import NOT_IN, logged_to, share_interpreter

EGGNOG = "## emapper-2.1\n#query\tseed_ortholog\tevalue\tscore\tPreferred_name\tGOs\tEC\n"


def refused(read_it):
    with pytest.raises(GoferError) as caught:
        read_it()
    return str(caught.value)


@pytest.fixture
def config(root):
    return read_config(root / "config/defaults.yaml", root / "config/demo.yaml")


@pytest.mark.fault(77)
def test_a_file_replaced_by_an_older_one_has_another_digest_and_a_copied_one_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, older = tmp_path / "my.fasta", tmp_path / "older.fasta"
    path.write_text(">a\nMKV\n")
    before = content(str(path))
    assert content([str(path)]) == before == content(str(path))
    older.write_text(">a\nMKL\n")
    os.utime(older, (1, 1))
    os.replace(older, path)
    after = content(str(path))
    assert after != before
    os.utime(path)
    assert content(str(path)) == after
    assert content([str(path), "absent"]) == ""


@pytest.mark.fault(79)
@pytest.mark.parametrize("world_size", ["2", "", "many"])
def test_one_process_does_not_read_the_world_size_of_its_environment(monkeypatch, world_size):
    for name, value in {"WORLD_SIZE": world_size, "RANK": "0", "MASTER_ADDR": "127.0.0.1", "LOCAL_RANK": "x"}.items():
        monkeypatch.setenv(name, value)
    with Team.joined(CPU, started=False) as team:
        assert (team.rank, team.size) == (0, 1)


@pytest.mark.fault(80)
@pytest.mark.parametrize(
    "content",
    [
        "protein\tqualifier\tgo_id\nP1\tNOT|enables\tGO:0000003\nP2\tenables\tGO:0000002\n",
        "P1\tNOT\tGO:0000003\nP2\t\tGO:0000002\n",
        "P1\tGO:0000003\tNOT|enables\nP2\tGO:0000002\tIDA\n",
        "protein\tevidence\tgo_id\nP1\tIEA\tGO:0000003\nP2\tIDA\tGO:0000002\n",
    ],
)
def test_a_tables_qualifier_and_evidence_are_read_with_or_without_a_header(tmp_path, content):
    assert pairs(read(tmp_path, content)[0]) == [("P2", "GO:0000002")]


@pytest.mark.fault(80)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("P1\tGO:0000003\t0.02\n", "column 3 holds the number 0.02"),
        ("protein_id\tgo_id\tscore\nP1\tGO:0000003\t0.02\n", "the column 'score' holds scores"),
        ("P1\tGO:0000003\tF\nP1\tGO:0000002\t.5\n", "the number .5"),
        ("P1\tkinase\tGO:0000003\n", "'kinase' has no known meaning here"),
    ],
)
def test_predictions_and_columns_of_unknown_meaning_are_no_annotations(tmp_path, content, said):
    assert said in refused(lambda: read(tmp_path, content))


@pytest.mark.fault(80)
def test_columns_that_are_not_read_are_named(tmp_path):
    _, accounting = read(tmp_path, "protein\tgo_id\tlab\nP1\tGO:0000003\tours\n")
    assert accounting.count("columns not read", "lab") == 1


@pytest.mark.fault(81)
def test_a_symbol_of_several_objects_or_organisms_is_left_out_and_counted(tmp_path):
    human, fly, yeast = gaf("Q1", "P1"), gaf("Q2", "P1"), gaf("Q3", "P1", "NOT|enables", "GO:0000002")
    table, accounting = read(tmp_path, human + fly + yeast + gaf("Q4", "P2"))
    assert pairs(table) == [("P2", "GO:0000003")]
    assert accounting.count("annotations dropped", "symbol of several objects or organisms: P1") == 3
    two_organisms = human + human.replace("taxon:1", "taxon:2")
    assert "3 symbol of several" in refused(lambda: read(tmp_path, two_organisms + human))


@pytest.mark.fault(81)
def test_an_object_that_acts_on_another_organism_is_one_object(tmp_path):
    acting = gaf("Q1", "P1", term="GO:0000002").replace("taxon:1", "taxon:1|taxon:9")
    assert len(read(tmp_path, gaf("Q1", "P1") + acting)[0]) == 2


@pytest.mark.fault(82)
def test_a_quote_in_an_id_is_refused_where_the_fasta_is_read(tmp_path):
    path = tmp_path / "my.fasta"
    path.write_text('>P1 5" end\nMKVW\n>bw"1 x\nMKVW\n')
    assert 'my.fasta:3: the id bw"1 holds a quote' in refused(lambda: read_proteins([path]))
    path.write_text('>P1 5" end\nMKVW\n')
    assert read_proteins([path])[0]["description"].tolist() == ['5" end']


@pytest.mark.fault(83)
@pytest.mark.parametrize(
    ("term", "name", "definition"),
    [
        ('name: n\ndef: "The 5" end, and no other." [x:y]', "n", 'The 5" end, and no other.'),
        ('name: n\ndef: "The 5\\" end." [x:y] {source="z"} ! seen', "n", 'The 5" end.'),
        ('name: n\ndef: "Holding \\\nfast." [x:y]', "n", "Holding fast."),
        ('name: n {source="x", comment="y"} ! in May\ndef: "d" [x:y]', "n", "d"),
        ('name: n {4Fe-4S} cluster\ndef: "d" []', "n {4Fe-4S} cluster", "d"),
    ],
)
def test_quotes_continued_lines_modifiers_and_comments_of_an_obo_file_are_read(tmp_path, term, name, definition):
    found = read_ontology(ontology_with(tmp_path, term)).terms.set_index("go_id").loc["GO:0000009"]
    assert (found["name"], found["definition"]) == (name, definition)


@pytest.mark.fault(83)
def test_comments_behind_namespaces_and_header_values_are_left_out(tmp_path):
    text = OBO_TERMS.replace("namespace: molecular_function", "namespace: molecular_function ! aspect F")
    (tmp_path / "go.obo").write_text(text.replace("releases/2030-01-02", 'releases/2030-01-02 {a="b"} ! new'))
    found = read_ontology(tmp_path / "go.obo")
    assert found.release == "releases/2030-01-02"
    assert found.terms["aspect"].tolist() == ["MFO", "MFO"]


@pytest.mark.fault(83)
def test_an_open_quote_is_named_with_its_line(tmp_path):
    path = ontology_with(tmp_path, 'name: n\ndef: "no end')
    assert "go.obo:18: the definition of GO:0000009 is not closed" in refused(lambda: read_ontology(path))


@pytest.mark.fault(84)
def test_only_versions_of_annotation_formats_name_a_format(tmp_path):
    content = "!gaf-version: 2.2\n!go-version: 2024-06-17\n!generated-by: x\n" + gaf()
    assert len(read(tmp_path, content)[0]) == 1


@pytest.mark.fault(85)
@pytest.mark.parametrize(
    "content",
    [
        EGGNOG + "P1\tx\t1e-9\t300\tn\tGO:0000003,GO:0000002\t-\nP2\tx\t1e-9\t300\tn\t-\t-\n",
        EGGNOG.replace("#query", "#query_name") + "P1\tx\t1e-9\t300\tn\tGO:0000003,GO:0000002\t-\n",
        scan_line("P1", "GO:0000003(InterPro)|GO:0000002(PANTHER)") + scan_line("P2", "-") + scan_line("P2", None),
    ],
)
def test_tables_of_eggnog_mapper_and_interproscan_are_read(tmp_path, content):
    assert pairs(read(tmp_path, content)[0]) == [("P1", "GO:0000002"), ("P1", "GO:0000003")]


@pytest.mark.fault(85)
def test_a_cell_that_should_hold_go_ids_and_holds_something_else_is_named(tmp_path):
    said = refused(lambda: read(tmp_path, EGGNOG + "P1\tx\t1e-9\t300\tn\tK03088\t-\n"))
    assert "annotations:3: 'K03088' holds no GO id" in said


@pytest.mark.fault(86)
@pytest.mark.parametrize(
    "reader", [read_ontology, lambda path: read_proteins([path]), lambda path: read(path.parent, path.read_bytes())]
)
def test_a_tar_archive_is_called_one_by_every_reader(tmp_path, reader):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("go.obo")
        entry.size = len(OBO_TERMS)
        archive.addfile(entry, io.BytesIO(OBO_TERMS.encode()))
    path = tmp_path / "go.tar.gz"
    for content_of_file in (packed.getvalue(), gzip.decompress(packed.getvalue())):
        path.write_bytes(content_of_file)
        assert "a tar archive" in refused(lambda: reader(path))


@pytest.mark.fault(87)
def test_a_json_config_with_tabs_is_read_and_its_faults_have_lines(root, tmp_path, config):
    path = tmp_path / "my.json"
    path.write_text(json.dumps({"run": "mine", "epocs": 3}, indent="\t"))
    config |= {"run": "mine", "epocs": 3}
    schema = root / "workflow/schemas/config.schema.yaml"
    with pytest.raises(GoferError, match=r"my\.json:3: epocs is not a key"):
        check_config(config, [path], schema, read_config(root / "config/defaults.yaml"))


@pytest.mark.fault(88)
def test_braces_in_any_path_are_refused_with_the_reason(root, config):
    del config["demo"]
    config |= {"proteins": "set{2}.fasta", "query": None}
    schema = root / "workflow/schemas/config.schema.yaml"
    said = refused(lambda: check_config(config, [], schema, read_config(root / "config/defaults.yaml")))
    assert "set{2}.fasta, which holds braces" in said


@pytest.mark.fault(90)
def test_a_name_that_looks_like_a_number_can_be_given_and_the_hint_says_how(root, config):
    schema, defaults = root / "workflow/schemas/config.schema.yaml", read_config(root / "config/defaults.yaml")
    said = refused(lambda: check_config({**config, "run": 2024}, [], schema, defaults))
    assert "run='\"2024\"'" in said
    complete(config, defaults, {"run": "2024"})  # what Snakemake makes of it
    assert config["run"] == "2024"


@pytest.mark.fault(90)
def test_a_query_of_which_yaml_took_a_part_for_a_comment_is_refused(tmp_path):
    given = ["snakemake", "predict", "--config", "query=my.fasta #2.fasta"]
    said = refused(lambda: check_query("my.fasta", "m.gofer", str(tmp_path), wanted=True, given=given))
    assert "the query was read as my.fasta" in said
    assert "query='\"my.fasta #2.fasta\"'" in said
    check_query("my.fasta #2.fasta", "m.gofer", str(tmp_path), wanted=True, given=given)


@pytest.mark.fault(92)
@pytest.mark.parametrize("sign", ["\x01", "\u00a0", "\u200b"])
def test_signs_that_cannot_be_seen_do_no_harm_in_a_description(tmp_path, sign):
    (tmp_path / "nr.fasta").write_text(f">WP_1.1 one{sign}XP_2.1 two\nMKVW\n")
    table, _ = read_proteins([tmp_path / "nr.fasta"])
    assert (table["protein_id"][0], table["description"][0]) == ("WP_1.1", "one XP_2.1 two")


@pytest.mark.fault(93)
@pytest.mark.parametrize(
    "content",
    [
        "Entry\tEntry Name\tGene Ontology IDs\nP1\tX_Y\tGO:0000003; GO:0000002\nP2\tX_Z\t\n",
        '"Entry","Protein names","Gene Ontology IDs"\n"P1","a, b","GO:0000003; GO:0000002"\n',
        "Entry\tGene Ontology (GO)\nP1\tsome binding [GO:0000003]; other [GO:0000002]\n",
        "P1\tGO:0000003; GO:0000002\n",
    ],
)
def test_uniprots_own_tables_are_read(tmp_path, content):
    assert pairs(read(tmp_path, content)[0]) == [("P1", "GO:0000002"), ("P1", "GO:0000003")]


@pytest.mark.fault(93)
def test_an_open_quote_of_a_csv_file_is_named_with_its_line(tmp_path):
    with pytest.raises(InputError, match="not a line of a CSV file") as caught:
        read(tmp_path, f'Entry,Gene Ontology IDs\nP1,"GO:0000003; {TERMS}\n')
    assert caught.value.line == 2


@pytest.mark.fault(98)
def test_a_rule_that_does_not_run_in_the_environment_asked_for_ends_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setenv(NOT_IN, "")  # all three are restored afterwards
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(sys, "executable", sys.executable)
    share_interpreter(environments=True)
    with pytest.raises(SystemExit, match="this rule runs in Snakemake's own"), logged_to(tmp_path / "log"):
        pytest.fail("the rule ran")
    monkeypatch.setattr(sys, "prefix", "/of/its/own")
    with logged_to(tmp_path / "log"):
        pass
