"""The memory that torch has allocated at a time."""

from torch.profiler import ProfilerActivity, profile


def peak_bytes(work):
    """Peak bytes allocated by torch while `work` ran."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    events = [event for event in found.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
