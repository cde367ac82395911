"""Who is near whom in the ontology, among the terms seen in training: what may be a negative, and which are hard.

Shapes: B proteins, T training terms.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Parents of the training terms, and what follows from them.

    Attributes:
        parents_TT: True at (child, parent), over is_a and part_of within an aspect.
    """

    parents_TT: sp.csr_array
    _within: dict[tuple[str, int], sp.csr_array] = field(default_factory=dict, repr=False)

    @classmethod
    def of_terms(cls, terms: pd.DataFrame, go_ids: list[str], relations: list[str]) -> "Neighbourhood":
        """From a terms table (go_id, aspect, and a column of parents for each relation), in the order of `go_ids`."""
        row_of = {go_id: row for row, go_id in enumerate(go_ids)}
        known = terms.set_index("go_id").loc[go_ids]
        aspects = known["aspect"].to_dict()
        edges = {
            (row_of[child], row_of[parent])
            for relation in relations
            for child, parents in known[relation].items()
            for parent in parents
            if parent in row_of and aspects[parent] == aspects[child]
        }
        child_E, parent_E = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2).T
        shape = len(go_ids), len(go_ids)
        return cls(sp.csr_array((np.ones(len(child_E), bool), (child_E, parent_E)), shape=shape))

    def edges(self) -> NDArray[np.int64]:
        """Rows (child, parent) of every relation, int64 (edges, 2)."""
        return np.stack(self.parents_TT.nonzero(), axis=1).astype(np.int64)

    def near(self, stated_BT: sp.csr_array, *, hier_up: int, hier_down: int) -> sp.csr_array:
        """True for a stated term, ancestors within `hier_up` hops and descendants within `hier_down`, (B, T)."""
        return (stated_BT @ self._reach("up", hier_up) + stated_BT @ self._reach("down", hier_down)).astype(bool)

    def siblings(self, stated_BT: sp.csr_array) -> sp.csr_array:
        """True for terms that share a parent with a stated term, (B, T); the stated terms among them."""
        return (stated_BT @ self.parents_TT @ self.parents_TT.T).astype(bool)

    def _reach(self, way: str, hops: int) -> sp.csr_array:
        # Kept, because a stage asks for the same few radii at every step.
        if (way, hops) not in self._within:
            step_TT = self.parents_TT if way == "up" else self.parents_TT.T.tocsr()
            reach_TT = sp.eye_array(step_TT.shape[0], dtype=bool, format="csr")
            for _ in range(hops):
                reach_TT = (reach_TT + reach_TT @ step_TT).astype(bool)
            self._within[way, hops] = reach_TT.tocsr()
        return self._within[way, hops]
