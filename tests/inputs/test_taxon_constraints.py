"""taxon_constraints: what GO's taxon constraints rule out, with what is below it, by the lineage of a taxon."""

import pandas as pd
import pytest

from gofer.errors import InputError
from gofer.inputs.ontology.taxon_constraints import Lineage, TaxonConstraints
from gofer.inputs.ontology.term_table import read_ontology

HUMAN, YEAST = "9606,9605,33208,33154,2759,131567,1", "4932,4751,33154,2759,131567,1"
OBO = """format-version: 1.2

[Term]
id: GO:0000001
relationship: only_in_taxon NCBITaxon:33208 {id="GOTAX:1"} ! Metazoa

[Term]
id: GO:0000004
relationship: RO:0002162 NCBITaxon_Union:0000020 ! Fungi or Bacteria

[Term]
id: GO:0000005
property_value: RO:0002161 NCBITaxon:4751

[Term]
id: GO:0000006
relationship: never_in_taxon NCBITaxon:Union_0000099

[Term]
id: NCBITaxon_Union:0000020
union_of: NCBITaxon:4751 ! Fungi
union_of: NCBITaxon:2 ! Bacteria

[Term]
id: GO:0000009
is_obsolete: true
relationship: only_in_taxon NCBITaxon:2
"""


@pytest.fixture
def constraints(tmp_path):
    (tmp_path / "taxa.obo").write_text(OBO)
    return TaxonConstraints.read([tmp_path / "taxa.obo"])


@pytest.fixture
def terms():
    """1 is above 2 by is_a, 2 above 3 by part_of from another aspect, 1 above 7 by regulates; 4 to 6 are roots."""
    return pd.DataFrame(
        {
            "go_id": [f"GO:000000{n}" for n in range(1, 8)],
            "aspect": ["BPO", "BPO", "MFO", "BPO", "BPO", "BPO", "BPO"],
            "is_a": [[], ["GO:0000001"], [], [], [], [], []],
            "part_of": [[], [], ["GO:0000002"], [], [], [], []],
            "regulates": [[], [], [], [], [], [], ["GO:0000001"]],
        }
    )


def test_terms_below_over_is_a_and_part_of_inherit_a_constraint_and_those_over_regulates_do_not(constraints, terms):
    found = constraints.impossible(Lineage.of(YEAST), terms)
    own = "only_in_taxon NCBITaxon:33208 (Metazoa)"
    assert found == {
        "GO:0000001": own,
        "GO:0000002": f"{own} of GO:0000001",
        "GO:0000003": f"{own} of GO:0000001",
        "GO:0000005": "never_in_taxon NCBITaxon:4751",
    }


def test_a_union_is_any_of_its_taxa(constraints, terms):
    found = constraints.impossible(Lineage.of(HUMAN), terms)
    assert found == {"GO:0000004": "only_in_taxon NCBITaxon_Union:0000020 (Fungi or Bacteria)"}


def test_a_union_that_no_file_defines_rules_nothing_out_and_is_named(constraints):
    assert constraints.undefined() == ["NCBITaxon_Union:0000099"]


def test_the_ontology_is_read_with_its_constraints_and_counts_them(tmp_path):
    root = "[Term]\nid: GO:0008150\nname: biological_process\nnamespace: biological_process\n"
    (tmp_path / "go.obo").write_text(
        f"format-version: 1.2\n\n{root}relationship: never_in_taxon NCBITaxon:2 ! Bacteria\n"
    )
    ontology = read_ontology(tmp_path / "go.obo")
    assert ontology.taxa.values.tolist() == [["GO:0008150", "never_in_taxon", "NCBITaxon:2", "Bacteria"]]
    rows = ontology.accounting().table().set_index("item")
    assert rows.loc["taxon constraints", ["reason", "count"]].tolist() == ["never_in_taxon", 1]
    assert "edges not followed" not in rows.index


@pytest.mark.parametrize(
    "content",
    [
        "1\t|\t1\t|\tno rank\t|\n131567\t|\t1\t|\tx\t|\n2759\t|\t131567\t|\tx\t|\n9606\t|\t2759\t|\tspecies\t|\n",
        "taxon\tparent\n# made by hand\n9606\t2759\n2759\t131567\n131567\t1\n",
    ],
)
def test_a_lineage_comes_from_nodes_dmp_or_a_table(tmp_path, content):
    (tmp_path / "nodes.dmp").write_text(content)
    assert Lineage.of("9606", tmp_path / "nodes.dmp").ids == {9606, 2759, 131567, 1}


@pytest.mark.parametrize(
    ("text", "content", "what"),
    [
        ("human", None, "'human' is no id of NCBI's taxonomy"),
        ("9606", None, "the lineage of taxon 9606 does not reach the root"),
        ("9606", "9605\t1\n", r"nodes\.dmp: it does not hold the taxon 9606"),
        ("9606", "9606\t9605\n", "does not reach the root"),
        ("9606", "9606\t9605\n9605\tx\n", r"nodes\.dmp:2: .* is no taxon and its parent"),
        ("5", "5\t6\n6\t5\n", "does not reach the root"),
    ],
)
def test_a_lineage_that_is_not_whole_is_refused(tmp_path, text, content, what):
    path = None
    if content is not None:
        path = tmp_path / "nodes.dmp"
        path.write_text(content)
    with pytest.raises(InputError, match=what):
        Lineage.of(text, path)


def test_a_file_without_constraints_is_refused(tmp_path):
    (tmp_path / "basic.obo").write_text("format-version: 1.2\n\n[Term]\nid: GO:0000001\n")
    with pytest.raises(InputError, match="it holds no taxon constraint"):
        TaxonConstraints.read([tmp_path / "basic.obo"])
