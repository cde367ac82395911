"""The queue of the web app: what was asked, one after the other by one thread, with limits on number, size and rate."""

import logging
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gofer.errors import GoferError
from gofer.retrieval.prediction_run import PredictionRun
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.term_search import TermSearch

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
# Lines without blanks: capitals, or more letters than the longest words have.
SEQUENCE = re.compile(r"(?=[A-Z*\n]{10,}$|[A-Za-z*\n]{46,}$)[A-Za-z*]+(\n+[A-Za-z*]+)*")
QUERY_FILE = "query.fasta"
FOUND = 20  # terms and proteins of a search
FAULT = "something went wrong in gofer itself; whoever runs it finds the reason in its log"

log = logging.getLogger(__name__)


class TooManyError(GoferError):
    """Somebody asks too often, or too many wait."""


@dataclass(frozen=True)
class ServeLimits:
    """What one person, and all together, may ask.

    Attributes:
        proteins: Most proteins of a query.
        residues: Most residues of a query.
        characters: Most characters of a description.
        body: Most bytes of a request.
        waiting: Most queries that wait.
        per_minute: Most queries of one address in a minute.
        kept: Most finished queries whose results are kept.
        seconds: How long results are kept.
    """

    proteins: int = 200
    residues: int = 100_000
    characters: int = 2_000
    body: int = 1 << 20
    waiting: int = 20
    per_minute: int = 10
    kept: int = 50
    seconds: float = 3600


@dataclass(eq=False)
class Job:
    """One query.

    Attributes:
        job_id: Cannot be guessed.
        folder: Of its results; nobody else's.
        text: What to search for; None where proteins are predicted.
        state: waiting, running, done or failed.
        message: What went wrong, for the one who asked.
        closest: What a search found.
        ended: When it ended, by `time.monotonic`.
    """

    job_id: str
    folder: Path
    text: str | None
    state: str = WAITING
    message: str = ""
    closest: pd.DataFrame | None = None
    ended: float = field(default=float("inf"))

    @property
    def files(self) -> dict[str, Path]:
        """Its results by name: only these are given out."""
        if self.state != DONE or self.text is not None:
            return {}
        return {path.name: path for path in sorted((self.folder / "out").iterdir()) if path.is_file()}


class Jobs:
    """All queries of a running server.

    Args:
        predictor: The model; all of it is loaded.
        folder: For queries and results; what is in it is deleted with the jobs.
        limits: What may be asked.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        predictor: Predictor,
        folder: Path,
        limits: ServeLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.predictor = predictor
        self.limits = limits or ServeLimits()
        self._folder, self._clock = folder, clock
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._queue: deque[Job] = deque()
        self._asked: dict[str, deque[float]] = {}
        self._changed = threading.Condition()

    def start(self) -> None:
        """Begin to work, in a thread that ends with the process."""
        threading.Thread(target=self._work, name="gofer-jobs", daemon=True).start()

    def ask(self, text: str, client: str) -> Job:
        """Queue what somebody pasted: FASTA, a sequence, or a description.

        Raises:
            TooManyError: This client asked too often, or too many wait.
            GoferError: The text is empty, or a protein is at fault.
        """
        text = text.replace("\r\n", "\n").strip()
        if not text:
            raise GoferError("nothing was pasted", help="paste sequences, or a description of a function")
        with self._changed:
            self._count(client)
            self._refuse_more()
        job = Job(secrets.token_urlsafe(16), self._folder, None if _is_sequence(text) else text)
        job.folder = self._folder / job.job_id
        try:
            if job.text is None:
                job.folder.mkdir()
                self._check(job, text)
            elif len(text) > self.limits.characters:
                what = f"{len(text):,} characters were pasted; a description has at most {self.limits.characters:,}"
                raise GoferError(what, help="describe it in fewer words; a FASTA file begins with >")
            with self._changed:
                self._refuse_more()  # others may have asked while this text was checked
                self._jobs[job.job_id] = job
                self._queue.append(job)
                self._forget()
                self._changed.notify()
        except BaseException:
            shutil.rmtree(job.folder, ignore_errors=True)
            raise
        return job

    def find(self, job_id: str) -> Job | None:
        """A query by its id; None where there is none, or no longer."""
        with self._changed:
            self._forget()
            return self._jobs.get(job_id)

    def ahead(self, job: Job) -> int:
        """How many queries come before this one."""
        with self._changed:
            return self._queue.index(job) if job in self._queue else 0

    def _count(self, client: str) -> None:
        now = self._clock()
        self._asked = {one: times for one, times in self._asked.items() if now - times[-1] < 60}
        times = self._asked.setdefault(client, deque(maxlen=self.limits.per_minute))
        if len(times) == self.limits.per_minute and now - times[0] < 60:
            what = f"more than {self.limits.per_minute} queries came from here within a minute"
            raise TooManyError(what, help="wait a minute")
        times.append(now)

    def _refuse_more(self) -> None:
        if len(self._queue) >= self.limits.waiting:
            raise TooManyError(f"{len(self._queue)} queries are waiting", help="try again in some minutes")

    def _check(self, job: Job, text: str) -> None:
        path, limits = job.folder / QUERY_FILE, self.limits
        path.write_text(text if text.startswith(">") else f">query\n{text}", encoding="utf-8")
        try:
            query = QueryFile.read(path)
        except GoferError as error:
            raise GoferError(self._plain(error, job)) from error
        if query.proteins > limits.proteins or query.residues > limits.residues:
            what = (
                f"{query.proteins:,} proteins with {query.residues:,} residues were pasted; "
                f"at most {limits.proteins:,} with {limits.residues:,} residues are taken"
            )
            raise GoferError(what, help="predict large files with the command gofer predict")

    def _forget(self) -> None:
        # Of finished queries only some are kept, and not for ever.
        ended = [job for job in self._jobs.values() if job.state in (DONE, FAILED)]
        old = [job for job in ended if self._clock() - job.ended > self.limits.seconds]
        for job in {*old, *ended[: max(len(ended) - self.limits.kept, 0)]}:
            del self._jobs[job.job_id]
            shutil.rmtree(job.folder, ignore_errors=True)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue))
                job = self._queue.popleft()
                job.state = RUNNING
            self.run(job)

    def run(self, job: Job) -> None:
        """Answer one query; whatever happens is said in its state and message."""
        state = DONE
        try:
            if job.text is None:
                run = PredictionRun(self.predictor, QueryFile.read(job.folder / QUERY_FILE), job.folder / "out")
                run.predict()
                run.finish()
            else:
                job.closest = TermSearch.of_model(self.predictor).closest(job.text, FOUND, files=False).table
        except GoferError as error:
            state, job.message = FAILED, self._plain(error, job)
        except Exception:  # one bad query must not end the server
            log.exception("query %s", job.job_id)
            state, job.message = FAILED, FAULT
        job.ended, job.state = self._clock(), state

    def _plain(self, error: GoferError, job: Job) -> str:
        # Nobody learns where files are on this computer.
        model = self.predictor.model.file.path
        return str(error).replace(f"{job.folder}/", "").replace(str(model), model.name)


def _is_sequence(text: str) -> bool:
    return text.startswith(">") or bool(SEQUENCE.fullmatch(text))
