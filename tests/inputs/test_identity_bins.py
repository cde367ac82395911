import numpy as np
import pytest

from gofer.inputs.splits.nearest import identity_bins


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (np.nan, "none found"), (0.1, "under 30 %"), (0.3, "30–50 %"), (0.4999, "30–50 %"), (0.5, "50–70 %"),
        (0.7, "70–95 %"), (0.95, "95 % or more"), (1.0, "95 % or more"),
    ],
)  # fmt: skip
def test_a_bin_holds_its_lower_edge(identity, name):
    assert identity_bins([identity]).tolist() == [name]


def test_every_bin_is_told_in_order_even_where_it_is_empty():
    counts = identity_bins([0.6, np.nan, np.nan]).value_counts(sort=False)
    assert counts.tolist() == [2, 0, 0, 1, 0, 0]
