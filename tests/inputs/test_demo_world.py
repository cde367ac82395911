import re
from itertools import combinations

import pytest

from gofer.errors import InputError
from gofer.inputs.demo.demo_world import make_world, planted_positions, stated_terms, world_facts, write_world
from gofer.inputs.demo.motifs import Motif, occurrences
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.clusters import cluster

FILES = ["annotations.tsv", "go.obo", "motif_positions.tsv", "proteins.fasta", "query.fasta", "zero_shot_terms.txt"]


@pytest.fixture(scope="module")
def world():
    return make_world(proteins=200, seed=1)


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_world(world, folder)
    return folder


@pytest.fixture(scope="module")
def facts():
    return world_facts()


@pytest.fixture(scope="module")
def motifs(facts):
    return {name: Motif(name, motif["pattern"]) for name, motif in facts["motifs"].items()}


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    write_world(make_world(proteins=200, seed=1), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert all((tmp_path / name).read_bytes() == (folder / name).read_bytes() for name in FILES)


def test_another_seed_gives_another_world(world):
    other = make_world(proteins=200, seed=2)
    assert {p.sequence for p in world.proteins.values()}.isdisjoint(p.sequence for p in other.proteins.values())


def test_every_planted_motif_is_at_its_position(world, motifs):
    assert any(protein.planted for protein in world.proteins.values())
    for protein in world.proteins.values():
        for place in protein.planted:
            assert place.start - 1 in motifs[place.motif].starts(protein.sequence)
            assert place.end - place.start + 1 == len(motifs[place.motif])


def test_no_protein_has_a_motif_that_was_not_planted(world, motifs):
    for protein in [*world.proteins.values(), *world.query.values()]:
        assert set(occurrences(protein.sequence, motifs.values())) == {place.motif for place in protein.planted}


def test_each_annotation_follows_from_the_motifs_and_few_are_missing(world, facts):
    truth = {(name, t) for name, protein in world.proteins.items() for t in stated_terms(protein, facts)}
    stated = set(world.annotations)
    assert set(world.truth) == truth
    assert stated <= truth
    assert 0.005 < 1 - len(stated) / len(truth) < 0.05


def test_the_positions_name_every_true_term_and_are_in_the_protein(world, folder):
    table = planted_positions(folder / "motif_positions.tsv")
    assert set(zip(table["protein_id"], table["go_id"], strict=True)) == set(world.truth)
    length = table["protein_id"].map({name: len(p.sequence) for name, p in world.proteins.items()})
    assert ((table["start"] >= 1) & (table["start"] <= table["end"]) & (table["end"] <= length)).all()


def test_a_motif_is_found_in_several_families(world, facts):
    families = {
        motif: {p.family for p in world.proteins.values() if any(place.motif == motif for place in p.planted)}
        for motif in facts["motifs"]
    }
    assert min(map(len, families.values())) >= 3


def test_families_are_similar_and_their_members_differ_in_function(world):
    sequences = [protein.sequence for protein in world.proteins.values()]
    family = [protein.family for protein in world.proteins.values()]
    labels = cluster(sequences, identity=0.3, clusterer="kmers").number_N
    same = [labels[i] == labels[j] for i, j in combinations(range(len(family)), 2) if family[i] == family[j]]
    other = [labels[i] == labels[j] for i, j in combinations(range(len(family)), 2) if family[i] != family[j]]
    assert sum(same) / len(same) > 0.9
    assert sum(other) / len(other) < 0.05
    recipes = {(p.family, frozenset(place.motif for place in p.planted)) for p in world.proteins.values()}
    assert len(recipes) > 2 * len(set(family))


def test_the_files_are_read_without_complaint(world, folder):
    proteins, _ = read_proteins([folder / "proteins.fasta"])
    assert dict(zip(proteins["protein_id"], proteins["sequence"], strict=True)) == {
        name: protein.sequence for name, protein in world.proteins.items()
    }
    query, _ = read_proteins([folder / "query.fasta"])
    assert query["protein_id"].tolist() == list(world.query)
    assert len(query) == 12
    assert set(query["sequence"]).isdisjoint(proteins["sequence"])
    headers = re.findall(r"^>(\S+)", (folder / "query.fasta").read_text(), flags=re.MULTILINE)
    assert {header.startswith("sp|") for header in headers} == {True, False}


def test_every_named_term_is_in_the_ontology_and_masked_terms_are_leaves(folder, facts):
    terms = read_ontology(folder / "go.obo").terms
    known = set(terms["go_id"])
    named = [t for m in facts["motifs"].values() for t in m["terms"]]
    named += [t for c in facts["combinations"] for t in c["terms"]] + facts["zero_shot"]
    assert set(named) <= known
    parents = {parent for column in ("is_a", "part_of") for row in terms[column] for parent in row}
    assert parents.isdisjoint(facts["zero_shot"]), "masked terms are leaves, so only they leave training"
    assert (terms["definition"].str.len() > 10).all()


def test_ids_names_and_relations_are_those_of_the_gene_ontology(folder, go):
    real = go.terms.set_index("go_id")
    terms = read_ontology(folder / "go.obo").terms
    assert len(terms)
    for term in terms.to_dict("records"):
        there = real.loc[term["go_id"]]
        assert (term["name"], term["aspect"]) == (there["name"], there["aspect"])
        assert set(term["is_a"]) <= set(there["is_a"])
        assert set(term["part_of"]) <= set(there["part_of"])
        assert term["definition"] != there["definition"], "definitions are not copied"


def test_a_missing_table_of_positions_is_named(tmp_path):
    with pytest.raises(InputError, match="make_demo_world"):
        planted_positions(tmp_path / "motif_positions.tsv")


@pytest.mark.parametrize(
    ("pattern", "sequence", "starts"),
    [
        ("A-x(2)-[KR]", "AAAKRA", [0, 1]),
        ("<A-C", "ACAC", [0]),
        ("A-C>", "ACAC", [2]),
        ("{P}-P", "PPAP", [2]),
    ],
)
def test_a_pattern_means_what_prosite_means(pattern, sequence, starts):
    assert Motif("m", pattern).starts(sequence) == starts
