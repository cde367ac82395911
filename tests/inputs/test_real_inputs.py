"""The readers on real files: both GO releases, Swiss-Prot, and a yeast GAF."""

import gzip
import math
from collections import Counter

import pandas as pd
import pytest

from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import RELATIONS, GoGraph
from gofer.inputs.ontology.propagation import information_accretion, propagate
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.clusters import cluster

pytestmark = pytest.mark.slow

CODES = "EXP IDA IPI IMP IGI IEP HTP HDA HMP HGI HEP TAS IC"
RULES = AnnotationRules(frozenset(CODES.split()), 0.1, ("is_a", "part_of"))


@pytest.fixture(scope="module")
def swissprot(shared_data):
    folder = shared_data / "swissprot"
    return read_proteins([folder / "swissprot_2020.fasta"], keep_ids=folder / "ids_clean.txt")[0]


def test_the_release_of_2015_is_read_whole(go):
    assert go.release == "releases/2015-07-11"
    assert go.terms["aspect"].value_counts().to_dict() == {"BPO": 27766, "MFO": 9936, "CCO": 3801}
    assert len(go.obsolete) == 43419 - 41503
    assert (go.terms["definition"] != "").all()
    assert go.terms.loc[go.terms["depth"] == 0, "name"].tolist() == [
        "molecular_function",
        "cellular_component",
        "biological_process",
    ]


def test_the_release_of_2014_is_read_whole(older_go):
    assert older_go.release == "releases/2014-07-06"
    assert len(older_go.terms) == 39446
    assert older_go.accounting().count("edges to another aspect", "part_of: MFO to BPO") == 0


def test_every_edge_of_the_release_of_2015_is_in_the_table_or_counted(go):
    accounting = go.accounting()
    followed = [accounting.count("edges", relation) for relation in ("is_a", "part_of")]
    assert followed == [int(go.terms[relation].map(len).sum()) for relation in ("is_a", "part_of")] == [70980, 8560]
    table = accounting.table()
    passed_over = table[table["item"].str.startswith("edges not followed")]
    assert dict(zip(passed_over["reason"], passed_over["count"], strict=True)) == {
        "happens_during": 1, "has_part": 703, "occurs_in": 178,
        "regulates": 3271, "positively_regulates": 2824, "negatively_regulates": 2843,
    }  # fmt: skip
    assert go.terms["regulates"].map(len).sum() == 2843 + 2824 + 3271
    assert accounting.count("edges to another aspect", "part_of: MFO to BPO") == 1136


def test_the_release_of_2015_has_no_cycle_over_regulates_either_and_can_be_kept_within_aspects(go, shared_data):
    path = shared_data / "go" / "go_2015-07-11.obo.bz2"
    within = read_ontology(path, ["is_a", "part_of", "regulates"], across_aspects=False)
    assert within.terms["depth"].tolist() == go.terms["depth"].tolist()
    dropped = within.accounting().table().set_index("item").loc["edges dropped (inputs.across_aspects)", "count"].sum()
    assert dropped == 1136 + 704
    wanted = GoGraph.of_terms(go.terms, RELATIONS, within_aspect=True).edges_E2
    assert GoGraph.of_terms(within.terms, RELATIONS).edges_E2.tolist() == wanted.tolist()


def test_swissprot_annotations_are_accounted_for_to_the_last(go, swissprot, shared_data):
    path = shared_data / "swissprot" / "swissprot_2020_annotations.tsv"
    stated, accounting = read_annotations([path], ProteinNames.of_table(swissprot), go.terms, go.obsolete, RULES)
    table = accounting.table()
    dropped = table.loc[table["item"] == "annotations dropped", "count"].sum()
    assert len(swissprot) == 3226
    assert accounting.count("annotations read") == 12176 == len(stated) + dropped
    unknown = accounting.count("annotations dropped", "term not in this GO release")
    assert 0.05 < unknown / (len(stated) + unknown) < RULES.max_unknown_terms
    annotations = propagate(stated, go.terms, RULES.relations)
    assert set(annotations["go_id"]) <= set(go.terms["go_id"])
    assert annotations["hops"].eq(0).sum() == len(stated)


def test_information_accretion_of_swissprot_is_the_definition_in_plain_sets(go, swissprot, shared_data):
    path = shared_data / "swissprot" / "swissprot_2020_annotations.tsv"
    proteins = set(swissprot["protein_id"])
    stated, _ = read_annotations([path], ProteinNames.of_table(swissprot), go.terms, go.obsolete, RULES)
    labels_NT = label_matrix(propagate(stated, go.terms, RULES.relations), sorted(proteins), go.terms["go_id"].tolist())
    accretion_T = information_accretion(labels_NT, go.terms, RULES.relations)

    # The file once more, by the words of the definition: ids, ancestors, proteins as sets.
    rows = {row["go_id"]: row for row in go.terms.to_dict("records")}
    parents = {go_id: {*row["is_a"], *row["part_of"]} for go_id, row in rows.items()}
    main = {alt: go_id for go_id, row in rows.items() for alt in row["alt_ids"]}
    successors = dict(zip(go.obsolete["go_id"], go.obsolete["replaced_by"], strict=True))
    having: dict[str, set[str]] = {go_id: set() for go_id in rows}
    for line in path.read_text().splitlines():
        protein, _, go_id = line.split("\t")
        if protein in proteins:
            live = [main.get(named, named) for named in successors.get(go_id, [go_id])]
            todo = live if len(live) == 1 and live[0] in rows else []
            while todo:
                term = todo.pop()
                if protein not in having[term]:
                    having[term].add(protein)
                    todo.extend(parents[term])
    for go_id, found in zip(go.terms["go_id"], accretion_T, strict=True):
        above = [parent for parent in parents[go_id] if rows[parent]["aspect"] == rows[go_id]["aspect"]]
        if not above:
            assert found == 0, go_id
            continue
        together = len(set.intersection(*(having[parent] for parent in above)))
        share = len(having[go_id]) / together if having[go_id] else 1 / (together + 1)
        assert abs(found + math.log2(share)) <= 1e-12, go_id
    assert sum(1 for terms in having.values() if terms) > 5000


def test_a_yeast_gaf_agrees_with_its_lines(go, shared_data):
    path = shared_data / "gaf" / "gene_association.sgd.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("!")]
    names = ProteinNames.of_table(pd.DataFrame({"protein_id": sorted({fields[1] for fields in lines})}))
    stated, accounting = read_annotations([path], names, go.terms, go.obsolete, RULES)
    assert accounting.count("annotations read") == len(lines)
    other = Counter(fields[6] for fields in lines if fields[6] not in RULES.evidence_codes)
    table = accounting.table().set_index("reason")["count"]
    assert {code: table[f"evidence code {code} not asked for"] for code in other} == dict(other)
    negated = [f for f in lines if "NOT" in f[3].split("|") and f[6] in RULES.evidence_codes]
    assert accounting.count("annotations dropped", "NOT annotation, never a positive") == len(negated) > 50
    denied = {(fields[1], fields[4]) for fields in negated}
    propagated = propagate(stated, go.terms, RULES.relations)
    assert denied.isdisjoint(zip(propagated["protein_id"], propagated["go_id"], strict=True))


def test_real_proteins_cluster_into_many_small_families(swissprot):
    labels = cluster(swissprot["sequence"].tolist(), identity=0.3, clusterer="kmers").number_N
    sizes = Counter(labels.tolist())
    assert 2000 < len(sizes) < 3100
    assert max(sizes.values()) < 100
