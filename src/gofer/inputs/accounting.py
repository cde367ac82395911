"""What was read, kept, changed or dropped, and why: one table per reader."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

import pandas as pd

Batch = TypeVar("Batch", bound=Sized)
MOST_EXAMPLES = 5


class Accounting:
    """Counts by item and reason, in the order in which they were first met."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def add(self, item: str, reason: str = "", count: int = 1, *, example: str = "") -> None:
        """Count `count` more of `item`, e.g. `("annotations dropped", "evidence code not asked for")`.

        The first `MOST_EXAMPLES` examples are reported with the reason.
        """
        self._counts[item, reason] += count
        if example and len(self._examples[item, reason]) <= MOST_EXAMPLES:
            self._examples[item, reason].append(example)

    def counting(self, item: str, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Batches as they come; once they are through, `item` has the number of their rows."""
        self.add(item, count=0)
        for batch in batches:
            self.add(item, count=len(batch))
            yield batch

    def count(self, item: str, reason: str = "") -> int:
        """The count so far."""
        return self._counts[item, reason]

    def table(self) -> pd.DataFrame:
        """Columns item, reason (with the examples), both strings, and count (int64)."""
        rows = [(item, reason + self._told(item, reason), count) for (item, reason), count in self._counts.items()]
        table = pd.DataFrame(rows, columns=["item", "reason", "count"])
        return table.astype({"item": "str", "reason": "str", "count": "int64"})

    def _told(self, item: str, reason: str) -> str:
        examples = self._examples.get((item, reason), [])
        more = ", …" if len(examples) > MOST_EXAMPLES else ""
        return f"{': ' if reason and examples else ''}{', '.join(examples[:MOST_EXAMPLES])}{more}"
