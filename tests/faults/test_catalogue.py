"""Every fault of the catalogue has a test, and docs/reliability.md is of today's catalogue and tests."""

import re

from benchmarks.reliability import catalogue, marked, page


def test_every_fault_has_a_test():
    numbers = [int(case["number"]) for case in catalogue()]
    assert numbers == list(range(1, 99))
    assert [number for number in numbers if not marked().get(number)] == []


def test_no_test_names_a_fault_that_is_not_in_the_catalogue():
    assert set(marked()) <= {int(case["number"]) for case in catalogue()}


def test_the_page_is_of_todays_tests_and_holds_no_failure(root):
    written = (root / "docs/reliability.md").read_text(encoding="utf-8")
    result = re.compile(r"\| (passed|skipped|not run|failed) \|$", re.M)
    assert result.sub("|", written) == result.sub("|", page()), "run make reliability"
    assert "failed" not in result.findall(written)
