"""The order in which training reads its proteins."""

import numpy as np

from gofer.training.shuffled_rows import ShuffledRows


def epoch(sampler, rng):
    sampler.shuffle(rng)
    return [np.concatenate(group) for group in sampler]


def test_an_epoch_reads_every_protein_once():
    groups = epoch(ShuffledRows(10, batch_proteins=2, accumulate=2), np.random.default_rng(1))
    assert [len(group) for group in groups] == [4, 4, 2]
    assert sorted(np.concatenate(groups)) == list(range(10))


def test_an_epoch_of_a_part_has_as_many_steps_as_promised_and_draws_other_proteins_each_time():
    sampler, rng = ShuffledRows(100, batch_proteins=5, epoch_rows=12), np.random.default_rng(1)
    first, second = epoch(sampler, rng), epoch(sampler, rng)
    assert [len(group) for group in first] == [5, 5, 2] == [len(group) for group in second]
    assert sampler.groups_per_epoch == 3
    drawn = [set(np.concatenate(groups).tolist()) for groups in (first, second)]
    assert [len(rows) for rows in drawn] == [12, 12]
    assert drawn[0] != drawn[1]


def test_a_part_larger_than_the_set_is_the_set():
    assert ShuffledRows(10, batch_proteins=2, epoch_rows=50).groups_per_epoch == 5
