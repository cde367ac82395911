"""The memory that torch has allocated at a time."""

import torch
from torch.profiler import ProfilerActivity, profile


def peak_bytes(work):
    """Peak bytes allocated by torch while `work` ran, on one thread: the profiler sees no other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
            work()
    finally:
        torch.set_num_threads(threads)
    events = [event for event in found.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
