import numpy as np
import pandas as pd
import pytest

from gofer.errors import GoferError, InputError
from gofer.inputs.ontology import depths, descendants_of
from gofer.inputs.term_sets import FewZeroConfig, TermCounts, make_term_sets

RELATIONS = ["is_a", "part_of"]


def config(method: str, terms: int = 0, seed: int = 1) -> FewZeroConfig:
    return FewZeroConfig(
        few_max=2, zero_method=method, zero_terms=terms, zero_min_proteins=2, zero_max_proteins=9, seed=seed
    )


def counts(ontology, **train: int) -> TermCounts:
    numbers = [train.get(go_id[-1], 5) for go_id in ontology.terms["go_id"]]
    return TermCounts(np.array(numbers), np.ones(len(numbers), dtype=np.int64))


def wide_ontology(children: int = 30) -> pd.DataFrame:
    roots = [("GO:0000000", "MFO", []), ("GO:0000001", "BPO", [])]
    rows = [(f"GO:{i:07d}", roots[i % 2][1], [roots[i % 2][0]]) for i in range(2, 2 + children)]
    rows += [(f"GO:{i + 100:07d}", roots[i % 2][1], [f"GO:{i:07d}"]) for i in range(2, 2 + children)]
    table = pd.DataFrame(roots + rows, columns=["go_id", "aspect", "is_a"])
    table = table.assign(part_of=[[]] * len(table), alt_ids=[[]] * len(table))
    return table.assign(depth=depths(table))


def test_a_listed_term_is_masked_with_all_below_it_and_nothing_above(ontology, write):
    path = write("zero.txt", "GO:0009001  # an alternative id\n")
    table = make_term_sets(ontology.terms, counts(ontology), config("list"), RELATIONS, zero_list=path)
    assert set(table.loc[table["held_out"], "go_id"]) == {"GO:0000001", "GO:0000003"}
    assert set(table.loc[table["term_set"] == "zero", "go_id"]) == {"GO:0000001", "GO:0000003"}


def test_part_of_counts_as_below(ontology, write):
    path = write("zero.txt", "GO:0000011\n")
    table = make_term_sets(ontology.terms, counts(ontology), config("list"), RELATIONS, zero_list=path)
    assert set(table.loc[table["held_out"], "go_id"]) == {"GO:0000011", "GO:0000002", "GO:0000003"}


def test_few_and_zero_follow_from_the_training_proteins(ontology):
    train = TermCounts(np.array([3, 2, 1, 0, 3, 0]), np.zeros(6, dtype=np.int64))
    table = make_term_sets(ontology.terms, train, config("none"), RELATIONS)
    assert table["term_set"].tolist() == ["common", "few", "few", "zero", "common", "zero"]
    assert not table["held_out"].any()


@pytest.mark.parametrize(
    ("listed", "said"),
    [("GO:0003674\n", "is a root"), ("GO:0000090\n", "is not a live term"), ("GO:7\n", "not a live")],
)
def test_a_list_at_fault_is_refused_with_its_line(ontology, write, listed, said):
    path = write("zero.txt", "GO:0000003\n" + listed)
    with pytest.raises(InputError, match=said) as caught:
        make_term_sets(ontology.terms, counts(ontology), config("list"), RELATIONS, zero_list=path)
    assert caught.value.line == 2


def test_a_missing_list_is_said(ontology):
    with pytest.raises(GoferError, match="zero_method list without a list"):
        make_term_sets(ontology.terms, counts(ontology), config("list"), RELATIONS)


def test_masking_everything_is_refused(ontology, write):
    path = write("zero.txt", "GO:0000001\nGO:0000002\nGO:0000011\n")
    with pytest.raises(GoferError, match="no term is left for training"):
        make_term_sets(ontology.terms, counts(ontology), config("list"), RELATIONS, zero_list=path)


@pytest.mark.parametrize("seed", range(5))
def test_sampled_terms_are_spread_fit_and_never_nested(seed):
    terms = wide_ontology()
    rng = np.random.default_rng(seed)
    numbers = TermCounts(rng.integers(1, 12, len(terms)), rng.integers(0, 2, len(terms)))
    table = make_term_sets(terms, numbers, config("sample", terms=8, seed=seed), RELATIONS)
    joined = terms.assign(train=numbers.train_T, test=numbers.test_T, held_out=table["held_out"].to_numpy())
    below = {go_id: descendants_of(terms, RELATIONS, [go_id]) - {go_id} for go_id in terms["go_id"]}
    held_out = set(joined.loc[joined["held_out"], "go_id"])
    chosen = joined[joined["go_id"].isin(held_out - set().union(*(below[go_id] for go_id in held_out)))]
    assert len(chosen) == 8
    assert chosen["train"].between(2, 9).all()
    assert (chosen["test"] > 0).all()
    assert chosen.groupby(["aspect", "depth"]).size().tolist() == [2, 2, 2, 2]


def test_the_draw_follows_the_seed():
    terms = wide_ontology()
    numbers = TermCounts(np.full(len(terms), 5), np.ones(len(terms), dtype=np.int64))
    draws = [make_term_sets(terms, numbers, config("sample", terms=6, seed=s), RELATIONS) for s in (1, 1, 2)]
    assert draws[0].equals(draws[1])
    assert not draws[0].equals(draws[2])


def test_asking_for_more_terms_than_there_are_is_refused(ontology):
    with pytest.raises(GoferError, match="of 9 zero-shot terms can be drawn"):
        make_term_sets(ontology.terms, counts(ontology), config("sample", terms=9), RELATIONS)
