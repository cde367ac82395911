"""What came in, what was kept, changed or dropped, and why: one table per reader."""

from collections import Counter

import pandas as pd


class Accounting:
    """Counts by item and reason, in the order in which they were first met."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, item: str, reason: str = "", count: int = 1) -> None:
        """Count `count` more of `item`, e.g. `("annotations dropped", "evidence code not asked for")`."""
        self._counts[item, reason] += count

    def count(self, item: str, reason: str = "") -> int:
        """The count so far."""
        return self._counts[item, reason]

    def table(self) -> pd.DataFrame:
        """Columns item, reason (strings), count (int64)."""
        rows = [(item, reason, count) for (item, reason), count in self._counts.items()]
        table = pd.DataFrame(rows, columns=["item", "reason", "count"])
        return table.astype({"item": "str", "reason": "str", "count": "int64"})
