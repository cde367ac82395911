"""Downloads from a server that cuts, delays, corrupts and answers with web pages: never half a file under its name."""

import hashlib
import threading

import pytest
from inputs.faulty_server import CONTENT, Server

from gofer.artefacts import read_json
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.downloads.download import Patience, Wanted, checked, download, is_there
from gofer.inputs.downloads.run_files import link_sources, names_of
from gofer.inputs.downloads.sources import published, source_of

SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
QUICK = Patience(tries=4, pause=0.01, connect=5, read=0.5)


@pytest.fixture
def server():
    one = Server()
    yield one
    one.close()


def get(server, folder, **facts):
    return download(Wanted("file.gz", (server.address,), **facts), folder, patience=QUICK)


def is_clean(folder):
    """Whether nothing but the file, its record and its lock is there."""
    return {path.name for path in folder.iterdir()} <= {"file.gz", "file.gz.json", ".file.gz.lock"}


def test_a_file_comes_whole_with_a_record_and_is_not_asked_for_again(server, tmp_path):
    path = get(server, tmp_path)
    assert path.read_bytes() == CONTENT
    assert read_json(tmp_path / "file.gz.json")["sha256"] == SHA256 == checked(path)
    get(server, tmp_path)
    assert len(server.ranges) == 1
    assert is_clean(tmp_path)


@pytest.mark.parametrize("faults", [["cut"], ["cut", "cut"], ["wait"], ["busy", "busy"], ["busy", "cut", "wait"]])
def test_after_a_cut_a_delay_or_a_busy_server_the_rest_is_asked_for(server, tmp_path, faults):
    server.faults = list(faults)
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert len(server.ranges) == len(faults) + 1
    assert (server.ranges[-1] is not None) == bool({"cut", "wait"} & set(faults))
    assert is_clean(tmp_path)


def test_a_file_that_has_changed_on_the_server_or_that_has_no_version_is_taken_from_its_start(server, tmp_path):
    (tmp_path / "a").mkdir()
    server.faults = ["cut"] + ["busy"] * 3
    with pytest.raises(GoferError, match="503"):
        get(server, tmp_path / "a")
    server.content, server.tag = CONTENT[::-1], '"2"'
    assert get(server, tmp_path / "a").read_bytes() == CONTENT[::-1]
    server.faults, server.tag = ["cut"], ""
    assert get(server, tmp_path / "b").read_bytes() == CONTENT[::-1]
    assert server.ranges[-1] is None


def test_a_server_that_cannot_resume_sends_it_again(server, tmp_path):
    server.resumes, server.faults = False, ["cut"]
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_download_that_was_whole_when_it_was_stopped_is_not_made_again(server, tmp_path):
    server.faults = ["cut"] + ["busy"] * 3
    with pytest.raises(GoferError):
        get(server, tmp_path)
    (tmp_path / "file.gz.part").write_bytes(CONTENT)
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={len(CONTENT)}-"


@pytest.mark.parametrize("fact", [{"sha256": SHA256}, {"md5": MD5}])
def test_wrong_bytes_are_refused_and_a_wrong_rest_is_repaired(server, tmp_path, fact):
    server.faults = ["corrupt"]
    with pytest.raises(GoferError, match=f"and should be {next(iter(fact.values()))}"):
        get(server, tmp_path, **fact)
    assert not (tmp_path / "file.gz").exists()
    assert not (tmp_path / "file.gz.part").exists()
    server.faults = ["cut", "corrupt"]
    assert get(server, tmp_path, **fact).read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["page", "typed page"])
def test_a_web_page_with_status_200_is_never_taken_for_data(server, tmp_path, fault):
    server.faults = [fault]
    with pytest.raises(GoferError, match="a web page came in place of the file"):
        get(server, tmp_path)
    assert not (tmp_path / "file.gz").exists()
    assert not (tmp_path / "file.gz.part").exists()


def test_the_next_address_is_tried_and_all_are_named_where_none_gives_the_file(server, tmp_path):
    server.faults = ["missing"]
    wanted = Wanted("file.gz", (server.address + "?first", server.address))
    assert download(wanted, tmp_path / "a", patience=QUICK).read_bytes() == CONTENT
    server.faults = ["missing", "missing"]
    with pytest.raises(GoferError, match=r"first: the server answered 404 .*; http.*404"):
        download(wanted, tmp_path / "b", patience=QUICK)


def test_two_processes_that_want_a_file_download_it_once(server, tmp_path):
    server.faults = ["wait"]
    threads = [threading.Thread(target=get, args=(server, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    assert len(server.ranges) == 2  # one that waits, and its rest


def test_a_file_that_was_cut_or_changed_later_is_not_taken_for_it(server, tmp_path):
    path = get(server, tmp_path)
    path.write_bytes(b"\1" + CONTENT[1:])
    with pytest.raises(ArtefactError, match="has changed since it was downloaded"):
        checked(path)
    path.write_bytes(CONTENT[:-1])
    assert not is_there(path)
    assert get(server, tmp_path).read_bytes() == CONTENT


METALINK = f"""<?xml version="1.0"?><metalink xmlns="http://www.metalinker.org/"><files><file name="file.gz">
<verification><hash type="md5">{MD5}</hash></verification></file></files></metalink>"""


@pytest.mark.parametrize("page", [METALINK, f"{MD5}  file.gz\n", f"{MD5} *./file.gz\n"])
def test_published_checksums_are_read_as_metalink_and_as_lines(server, page):
    server.content = page.encode()
    assert published(server.address, QUICK) == {"file.gz": MD5}


@pytest.mark.parametrize("page", ["<html>not found</html>", "", "<!DOCTYPE x [<!ENTITY a 'b'>]><file name='a'/>"])
def test_a_page_without_checksums_is_refused(server, page):
    server.content = page.encode()
    with pytest.raises(GoferError, match="holds no checksums"):
        published(server.address, QUICK)


def test_a_source_is_downloaded_by_release_and_compared_with_its_published_checksum(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFER_SOURCES", str(tmp_path / "sources.yaml"))
    (tmp_path / "sources.yaml").write_text(
        f"""world:
  about: a world
  release: current
  addresses:
    file.gz: ["{server.address}?{{release}}"]
  checksums:
    file.gz: "{server.address}?checksums"
fixed:
  about: one release
  release: "1"
  addresses:
    file.gz: ["{server.address}"]
"""
    )
    source = source_of("world", "2024_01")
    with pytest.raises(GoferError, match="holds no checksums"):
        source.download(patience=QUICK)
    [path] = source_of("fixed").download(patience=QUICK).values()
    assert path == tmp_path / "cache/gofer/downloads/fixed/1/file.gz"
    with pytest.raises(GoferError, match="fixed has no address for the release 2"):
        source_of("fixed", "2")
    with pytest.raises(GoferError, match="there is no source nothing"):
        source_of("nothing")
    with pytest.raises(GoferError, match="is no release"):
        source_of("world", "../up")


def test_a_run_gets_links_to_files_that_all_runs_share(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFER_SOURCES", str(tmp_path / "sources.yaml"))
    source = f"""{{about: a world, release: current, addresses: {{file.gz: ["{server.address}?{{release}}"]}}}}"""
    (tmp_path / "sources.yaml").write_text(f"world: {source}\n")
    assert names_of({"world": "2024_01"}) == ["file.gz"]
    assert names_of(["world"]) == names_of({"world": 2024}) == []
    with pytest.raises(GoferError, match="there is no source other"):
        names_of({"other": "current"})
    server.faults = ["cut"]
    for run in ("one", "two", "two"):
        [(link, path)] = link_sources({"world": "2024_01"}, tmp_path / run, QUICK).items()
        assert link == tmp_path / run / "file.gz"
        assert link.is_symlink()
        assert link.read_bytes() == CONTENT
    assert len(server.ranges) == 2  # one that was cut, and its rest
