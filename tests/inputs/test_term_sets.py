import numpy as np
import pandas as pd
import pytest

from gofer.errors import GoferError, InputError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.splits.term_sets import FewZeroConfig, TermCounts, TermSources, make_term_sets

RELATIONS = ["is_a", "part_of"]


def config(method: str, terms: int = 0, seed: int = 1, day: str | None = None) -> FewZeroConfig:
    return FewZeroConfig(
        few_max=2, zero_method=method, zero_from=day, zero_terms=terms, zero_min_proteins=2, zero_max_proteins=9,
        seed=seed,
    )  # fmt: skip


def sets_of(terms: pd.DataFrame, numbers: TermCounts, changed: FewZeroConfig, **sources) -> pd.DataFrame:
    return make_term_sets(terms, numbers, changed, RELATIONS, TermSources(**sources))[0]


def held_out(table: pd.DataFrame) -> set[str]:
    return set(table.loc[table["held_out"], "go_id"])


def annotated(terms: pd.DataFrame, *rows: tuple[str, str, str | None]) -> pd.DataFrame:
    """Propagated annotations of (protein, term, day)."""
    stated = pd.DataFrame(rows, columns=["protein_id", "go_id", "date"]).assign(evidence="IDA", source=None)
    return propagate(stated, terms, RELATIONS)


def counts(ontology, **train: int) -> TermCounts:
    numbers = [train.get(go_id[-1], 5) for go_id in ontology.terms["go_id"]]
    return TermCounts(np.array(numbers), np.ones(len(numbers), dtype=np.int64))


def wide_ontology(children: int = 30) -> pd.DataFrame:
    roots = [("GO:0000000", "MFO", []), ("GO:0000001", "BPO", [])]
    rows = [(f"GO:{i:07d}", roots[i % 2][1], [roots[i % 2][0]]) for i in range(2, 2 + children)]
    rows += [(f"GO:{i + 100:07d}", roots[i % 2][1], [f"GO:{i:07d}"]) for i in range(2, 2 + children)]
    table = pd.DataFrame(roots + rows, columns=["go_id", "aspect", "is_a"])
    table = table.assign(part_of=[[]] * len(table), alt_ids=[[]] * len(table))
    return table.assign(depth=GoGraph.of_terms(table, within_aspect=True).depth_T)


def test_a_listed_term_is_masked_with_all_descendants_and_no_ancestor(ontology, write):
    path = write("zero.txt", "GO:0009001  # an alternative id\n")
    table = sets_of(ontology.terms, counts(ontology), config("list"), zero_list=path)
    assert held_out(table) == {"GO:0000001", "GO:0000003"}
    assert set(table.loc[table["term_set"] == "zero", "go_id"]) == {"GO:0000001", "GO:0000003"}


def test_part_of_counts_as_below(ontology, write):
    path = write("zero.txt", "GO:0000011\n")
    table = sets_of(ontology.terms, counts(ontology), config("list"), zero_list=path)
    assert held_out(table) == {"GO:0000011", "GO:0000002", "GO:0000003"}


def test_few_and_zero_follow_from_the_training_proteins(ontology):
    train = TermCounts(np.array([3, 2, 1, 0, 3, 0]), np.zeros(6, dtype=np.int64))
    table = sets_of(ontology.terms, train, config("none"))
    assert table["term_set"].tolist() == ["common", "few", "few", "zero", "common", "zero"]
    assert not table["held_out"].any()


@pytest.mark.parametrize(
    ("listed", "said"),
    [("GO:0003674\n", "is a root"), ("GO:0000090\n", "is not a live term"), ("GO:7\n", "not a live")],
)
def test_a_list_at_fault_is_refused_with_its_line(ontology, write, listed, said):
    path = write("zero.txt", "GO:0000003\n" + listed)
    with pytest.raises(InputError, match=said) as caught:
        sets_of(ontology.terms, counts(ontology), config("list"), zero_list=path)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("method", "needs"), [("list", "a list"), ("time", "zero_from"), ("release", "previous_ontology")]
)
def test_a_missing_setting_of_a_method_is_named(ontology, method, needs):
    with pytest.raises(GoferError, match=f"zero_method {method} without {needs}"):
        sets_of(ontology.terms, counts(ontology), config(method))


def test_listed_terms_are_few_shot_in_place_of_the_rule_and_those_without_proteins_are_reported(ontology, write):
    path = write("few.txt", "GO:0009001\nGO:0000011  # training has none\n")
    numbers = TermCounts(np.array([9, 1, 1, 0, 9, 1]), np.zeros(6, dtype=np.int64))
    table, accounting = make_term_sets(ontology.terms, numbers, config("none"), RELATIONS, TermSources(few_list=path))
    assert dict(zip(table["go_id"], table["term_set"], strict=True)) == {
        "GO:0000001": "few", "GO:0000002": "common", "GO:0000003": "common", "GO:0000011": "zero",
        "GO:0003674": "common", "GO:0008150": "common",
    }  # fmt: skip
    assert accounting.count("terms of few_list", "few-shot") == 1
    assert accounting.count("terms of few_list without a training protein, so zero-shot", "GO:0000011") == 1


def test_a_few_shot_term_that_is_held_out_is_refused_with_its_line(ontology, write):
    zero, few = write("zero.txt", "GO:0000001\n"), write("few.txt", "GO:0000002\nGO:0000003\n")
    with pytest.raises(InputError, match="GO:0000003 is held out of training as zero-shot") as caught:
        sets_of(ontology.terms, counts(ontology), config("list"), zero_list=zero, few_list=few)
    assert caught.value.line == 2


def test_terms_first_annotated_late_are_held_out_and_their_older_ancestors_are_not(ontology):
    rows = [("P1", "GO:0000003", "2019-01-01"), ("P2", "GO:0000001", "2018-12-31")]
    numbers = TermCounts(np.array([2, 1, 1, 1, 2, 1]), np.zeros(6, dtype=np.int64))
    table = sets_of(
        ontology.terms, numbers, config("time", day="2019-01-01"), annotations=annotated(ontology.terms, *rows)
    )
    assert held_out(table) == {"GO:0000002", "GO:0000003", "GO:0000011"}


def test_a_term_is_as_old_as_the_oldest_annotation_below_it(ontology):
    rows = [("P1", "GO:0000003", "2011-05-01"), ("P2", "GO:0000002", "2020-01-01")]
    numbers = TermCounts(np.array([1, 2, 1, 2, 2, 2]), np.zeros(6, dtype=np.int64))
    table = sets_of(
        ontology.terms, numbers, config("time", day="2019-01-01"), annotations=annotated(ontology.terms, *rows)
    )
    assert held_out(table) == set()


def test_an_annotation_without_a_date_is_taken_to_be_old_and_counted(ontology):
    rows = [("P1", "GO:0000003", None), ("P2", "GO:0000003", "2020-01-01"), ("P2", "GO:0000001", "2020-01-01")]
    numbers = TermCounts(np.array([2, 2, 2, 2, 2, 2]), np.zeros(6, dtype=np.int64))
    sources = TermSources(annotations=annotated(ontology.terms, *rows))
    table, accounting = make_term_sets(ontology.terms, numbers, config("time", day="2019-01-01"), RELATIONS, sources)
    assert held_out(table) == set()
    assert accounting.count("annotations without a date", "taken to be older than zero_from") == 1


def test_annotations_that_have_no_date_at_all_are_refused_by_time(ontology):
    annotations = annotated(ontology.terms, ("P1", "GO:0000003", None))
    with pytest.raises(GoferError, match="no annotation has a date"):
        sets_of(ontology.terms, counts(ontology), config("time", day="2019-01-01"), annotations=annotations)


def test_terms_that_the_older_release_lacks_are_held_out_with_descendants_if_a_protein_has_them(ontology):
    annotations = annotated(ontology.terms, ("P1", "GO:0000001", None), ("P2", "GO:0000011", None))
    previous = ["GO:0003674", "GO:0008150", "GO:0000003", "GO:0000011"]
    numbers = TermCounts(np.array([1, 0, 0, 1, 1, 1]), np.zeros(6, dtype=np.int64))
    sources = TermSources(annotations=annotations, previous=previous)
    table, accounting = make_term_sets(ontology.terms, numbers, config("release"), RELATIONS, sources)
    assert held_out(table) == {"GO:0000001", "GO:0000003"}
    assert set(table.loc[table["term_set"] == "zero", "go_id"]) == {"GO:0000001", "GO:0000002", "GO:0000003"}
    assert accounting.count("terms new in this release", "of some protein: held out") == 1
    assert accounting.count("terms new in this release", "of no protein: zero-shot anyway") == 1
    assert accounting.count("terms held out", "zero_method release") == 1
    assert accounting.count("terms held out", "below those, without any") == 1


def test_a_term_that_the_older_release_has_under_an_alternative_id_is_not_new(ontology):
    annotations = annotated(ontology.terms, ("P1", "GO:0000001", None))
    previous = ["GO:0009001", "GO:0000002", "GO:0000003", "GO:0000011"]
    table = sets_of(ontology.terms, counts(ontology), config("release"), annotations=annotations, previous=previous)
    assert held_out(table) == set()


def test_the_settings_are_those_of_the_config():
    block = {
        "few_max": 2, "few_list": None, "zero_method": "time", "zero_list": None, "zero_from": "2019-01-01",
        "zero_terms": 0, "zero_min_proteins": 2, "zero_max_proteins": 9, "zero_ancestors": "keep",
    }  # fmt: skip
    assert FewZeroConfig.from_config(block, 1) == config("time", day="2019-01-01")


def test_masking_everything_is_refused(ontology, write):
    path = write("zero.txt", "GO:0000001\nGO:0000002\nGO:0000011\n")
    with pytest.raises(GoferError, match="no term is left for training"):
        sets_of(ontology.terms, counts(ontology), config("list"), zero_list=path)


@pytest.mark.parametrize("seed", range(5))
def test_sampled_terms_are_spread_fit_and_never_nested(seed):
    terms = wide_ontology()
    rng = np.random.default_rng(seed)
    numbers = TermCounts(rng.integers(1, 12, len(terms)), rng.integers(0, 2, len(terms)))
    table = sets_of(terms, numbers, config("sample", terms=8, seed=seed))
    joined = terms.assign(train=numbers.train_T, test=numbers.test_T, held_out=table["held_out"].to_numpy())
    graph = GoGraph.of_terms(terms, RELATIONS)
    below = {go_id: graph.descendants([go_id]).keys() - {go_id} for go_id in terms["go_id"]}
    masked = held_out(table)
    chosen = joined[joined["go_id"].isin(masked - set().union(*(below[go_id] for go_id in masked)))]
    assert len(chosen) == 8
    assert chosen["train"].between(2, 9).all()
    assert (chosen["test"] > 0).all()
    assert chosen.groupby(["aspect", "depth"]).size().tolist() == [2, 2, 2, 2]


def test_the_draw_follows_the_seed():
    terms = wide_ontology()
    numbers = TermCounts(np.full(len(terms), 5), np.ones(len(terms), dtype=np.int64))
    draws = [sets_of(terms, numbers, config("sample", terms=6, seed=s)) for s in (1, 1, 2)]
    assert draws[0].equals(draws[1])
    assert not draws[0].equals(draws[2])


def test_asking_for_more_terms_than_there_are_is_refused(ontology):
    with pytest.raises(GoferError, match="of 9 zero-shot terms can be drawn"):
        sets_of(ontology.terms, counts(ontology), config("sample", terms=9))
