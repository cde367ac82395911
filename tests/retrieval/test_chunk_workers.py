"""Work in chunks: what was freed goes back to the system."""

import ctypes
from pathlib import Path

import pytest

from gofer.retrieval.chunk_workers import release_freed_memory


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc only")
def test_freed_memory_goes_back_to_the_system_where_blocks_between_are_still_used():
    blocks = [bytearray(b"x" * 60_000) for _ in range(4000)]
    used, kept = blocks[::500], resident_megabytes()
    del blocks
    release_freed_memory()
    assert resident_megabytes() < kept - 150
    assert len(used) == 8


def test_where_there_is_no_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    release_freed_memory()
