"""Shared by all tests: the folder of real data, and quiet, single-threaded libraries."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = "gofer/faults"  # in pytest's cache: outcome by test, for docs/reliability.md
outcomes: dict[str, str] = {}


def pytest_runtest_logreport(report):
    """Keep the worst outcome of each test of a fault, over its parameters and phases."""
    name = report.nodeid.partition("[")[0]
    if "fault" in report.keywords and (report.when == "call" or report.outcome != "passed"):
        worst = max(outcomes.get(name, ""), report.outcome, key=["", "passed", "skipped", "failed"].index)
        outcomes[name] = worst


def pytest_sessionfinish(session):
    """Add the outcomes of this session to those of earlier ones."""
    if outcomes and hasattr(session.config, "cache"):
        session.config.cache.set(RESULTS, session.config.cache.get(RESULTS, {}) | outcomes)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data; a test that asks for it is skipped where it is absent."""
    folder = Path(os.environ.get("GOFER_SHARED", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is not at {folder}; GOFER_SHARED names another place")
    return folder
