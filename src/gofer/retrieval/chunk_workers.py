"""Several chunks at a time, each on one thread: so the last bits of a score do not depend on how many there are."""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def release_freed_memory() -> None:
    """Give freed memory back to the system. glibc keeps it else, 0.8 of 2 GB after 1,500 proteins; others need not."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):  # no glibc
        return
    trim(0)


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` gives for it, in their order; a few more than `threads` are held at a time.

    Args:
        work: Runs on one thread, NumPy and torch included.
        items: What to work on.
        threads: How many at a time.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    before = torch.get_num_threads()
    with threadpool_limits(1), ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > 2 * threads:
                    yield waiting[0][0], waiting[0][1].result()
                    waiting.popleft()
            while waiting:
                yield waiting[0][0], waiting[0][1].result()
                waiting.popleft()
        finally:
            for _, future in waiting:
                future.cancel()
            torch.set_num_threads(before)
