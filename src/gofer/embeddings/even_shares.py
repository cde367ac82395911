"""Sequences in shares of about as many residues: those of a shard, or of a thread."""

import heapq
from collections.abc import Sequence


def even_shares(lengths: Sequence[int], shares: int) -> list[list[int]]:
    """Positions in at most `shares` groups of about as much length, each in order; no group is empty.

    Long ones first, each to the group with the least length.
    """
    chosen: list[list[int]] = [[] for _ in range(min(shares, len(lengths)))]
    held = [(0, share) for share in range(len(chosen))]
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        length, share = held[0]
        chosen[share].append(position)
        heapq.heapreplace(held, (length + lengths[position], share))
    return [sorted(share) for share in chosen]
