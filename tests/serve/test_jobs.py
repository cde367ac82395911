"""jobs: one query after the other, within limits, and nothing of this computer in a message."""

from pathlib import Path

import pytest

from gofer.errors import GoferError
from gofer.serve.jobs import DONE, FAILED, FAULT, Jobs, ServeLimits, TooManyError

FASTA = ">a\nMKVLAAGIVGAAATPQ\n>b\nMKVLAAGIVGAAATPQW\n"


class Clock:
    """Time that a test moves."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(predictor, tmp_path, clock):
    return Jobs(predictor, tmp_path, ServeLimits(proteins=2, residues=100, waiting=3, per_minute=5, kept=2), clock)


def test_sequences_are_predicted_as_the_command_does(jobs, predictor, tmp_path):
    job = jobs.ask(FASTA.replace("\n", "\r\n"), "me")
    jobs.run(job)
    assert (job.state, job.message) == (DONE, "")
    names = set(job.files)
    assert {"predictions.tsv", "predictions.gaf", "not_predicted.tsv"} <= names
    assert all(path.is_relative_to(tmp_path / job.job_id) for path in job.files.values())


@pytest.mark.parametrize(
    ("text", "is_sequence"),
    [
        (">a\nMKV", True), ("MKVLAAGIVG", True), ("MKVLAAGIVG\nMKVLAAGIVG", True), ("mkvla" * 10, True),
        ("cuts RNA at uridine", False), ("phosphatidylinositol", False), ("GO:0016787", False), ("DNA", False),
        ("P00003", False), ("RNA BINDING OF ANY KIND", False),
    ],
)  # fmt: skip
def test_a_sequence_and_a_description_are_recognised(jobs, text, is_sequence):
    assert (jobs.ask(text, "me").text is None) == is_sequence


def test_a_term_or_a_known_protein_is_searched(jobs):
    job = jobs.ask("GO:0016787", "me")
    jobs.run(job)
    assert job.state == DONE
    assert job.closest["id"].iloc[0] == "GO:0016787"
    assert job.files == {}


def test_a_path_of_this_computer_is_never_read(jobs, tmp_path, tiny):
    secret = tmp_path / "secret.fasta"
    secret.write_text(">SECRET\nMKVLAAGIVG\n")
    job = jobs.ask(str(secret), "me")
    jobs.run(job)
    assert job.state == FAILED
    assert "SECRET" not in job.message.replace(str(secret), "")


def test_messages_name_no_folder(jobs, predictor, tmp_path):
    with pytest.raises(GoferError) as caught:
        jobs.ask(">a\nMKV1\n", "me")
    assert str(caught.value).startswith("query.fasta:2: ")
    assert list(tmp_path.iterdir()) == []
    job = jobs.ask("cuts RNA at uridine", "me")  # this model names no text encoder
    jobs.run(job)
    assert job.state == FAILED
    assert str(Path(predictor.model.file.path).parent) not in job.message


def test_a_fault_of_gofer_is_said_without_its_reason(jobs, monkeypatch):
    monkeypatch.setattr("gofer.serve.jobs.PredictionRun.predict", lambda self: 1 / 0)
    job = jobs.ask(FASTA, "me")
    jobs.run(job)
    assert (job.state, job.message) == (FAILED, FAULT)


def test_too_much_is_refused(jobs):
    with pytest.raises(GoferError, match="at most 2 with 100 residues"):
        jobs.ask(FASTA + ">c\nMKV\n", "me")
    with pytest.raises(GoferError, match="at most 2 with 100 residues"):
        jobs.ask("MKVLAAGIVG" * 11, "me")
    with pytest.raises(GoferError, match="999,999 characters were pasted"):
        jobs.ask("GO:" + "9" * 999_996, "me")
    with pytest.raises(GoferError, match="nothing was pasted"):
        jobs.ask(" \n", "me")


def test_a_full_queue_and_a_hasty_client_are_refused_and_others_are_not(jobs, clock):
    for _ in range(3):
        jobs.ask("GO:0016787", "me")
    with pytest.raises(TooManyError, match="3 queries are waiting"):
        jobs.ask("GO:0016787", "me")
    jobs._queue.clear()
    jobs.ask("GO:0016787", "me")
    with pytest.raises(TooManyError, match="more than 5 queries"):
        jobs.ask("GO:0016787", "me")
    jobs.ask("GO:0016787", "you")
    clock.now = 61
    jobs.ask("GO:0016787", "me")


def test_the_queue_is_not_longer_than_its_limit_when_many_ask_at_once(jobs, monkeypatch, tmp_path):
    def check(job, text):
        while len(jobs._queue) < 3:  # what others ask meanwhile
            jobs.ask("GO:0016787", f"client {len(jobs._queue)}")

    monkeypatch.setattr(jobs, "_check", check)
    with pytest.raises(TooManyError, match="3 queries are waiting"):
        jobs.ask(FASTA, "me")
    assert len(jobs._queue) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_breaks_the_reader_leaves_nothing_behind(jobs, monkeypatch, tmp_path):
    monkeypatch.setattr("gofer.serve.jobs.QueryFile.read", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jobs.ask(FASTA, "me")
    assert list(tmp_path.iterdir()) == []
    assert not jobs._queue


def test_results_are_deleted_when_there_are_more_and_when_they_are_old(jobs, clock, tmp_path):
    done = []
    for client in ("a", "b", "c"):
        jobs._queue.clear()
        done.append(jobs.ask(FASTA, client))
        jobs.run(done[-1])
    assert jobs.find(done[0].job_id) is None
    assert not done[0].folder.exists()
    assert jobs.find(done[2].job_id) is done[2]
    clock.now = 3601
    assert jobs.find(done[2].job_id) is None
    assert list(tmp_path.iterdir()) == []
