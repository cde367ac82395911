"""Rule check: all problems of a run's inputs at once, before any job."""

from gofer.check import check_run
from gofer.errors import ProblemsError
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    found = check_run(snakemake.config)
    for line in [*found.facts, *(f"note: {note}" for note in found.notes)]:
        logger.info("%s", line)
        print(line)
    if found.problems:
        raise ProblemsError(found.problems)
    print("no problems found")
