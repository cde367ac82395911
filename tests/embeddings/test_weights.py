"""Downloads from a local server, which may break off, give wrong sizes, or send web pages."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from embeddings.proteins import esm2

from gofer.embeddings.encoder_names import has_published_weights, hub_file, published_name
from gofer.embeddings.residues import esm, weights
from gofer.embeddings.residues.weights import hub_weights
from gofer.errors import GoferError

NAME = "esm2_t6_8M_UR50D"
WEIGHTS = b"PK\x03\x04" + bytes(range(256)) * 400


class Server:
    """Answers every request with what `answer` says: status, headers, body; and counts the requests."""

    def __init__(self):
        self.answer = (200, {"Content-Length": str(len(WEIGHTS))}, WEIGHTS)
        self.paths = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                ours.paths.append(self.path)
                status, headers, body = ours.answer
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/models"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def server():
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "torch/hub/checkpoints"


def left_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize(
    "variables", [{"TORCH_HOME": "/a"}, {"XDG_CACHE_HOME": "/b"}, {"HOME": "/c"}, {"TORCH_HOME": "~/d", "HOME": "/c"}]
)
def test_the_folder_is_that_of_torch_hub(monkeypatch, variables):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(hub_file(NAME)) == f"{torch.hub.get_dir()}/checkpoints/{NAME}.pt"


def test_weights_are_downloaded_once_and_their_digest_is_noted(server, hub):
    path = hub_weights(NAME, url=server.url)
    assert hub_weights(NAME, url=server.url) == path == hub / f"{NAME}.pt"
    assert path.read_bytes() == WEIGHTS
    assert server.paths == [f"/models/{NAME}.pt"]
    assert (hub / f"{NAME}.pt.sha256").read_text() == f"{hashlib.sha256(WEIGHTS).hexdigest()}  {NAME}.pt\n"


def test_esm1v_is_the_first_of_its_five_models(server, hub):
    assert hub_weights("esm1v_t33_650M_UR90S", url=server.url) == hub / "esm1v_t33_650M_UR90S_1.pt"
    assert published_name("esm1v_t33_650M_UR90S_3") == "esm1v_t33_650M_UR90S_3"


def test_several_jobs_at_once_download_once(server):
    jobs = [threading.Thread(target=hub_weights, args=(NAME,), kwargs={"url": server.url}) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert len(server.paths) == 1


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {"Content-Length": str(len(WEIGHTS) + 5)}, WEIGHTS), "102,404 of 102,409 bytes came"),
        ((200, {"Content-Length": str(len(WEIGHTS))}, WEIGHTS[:1000]), "1,000 of 102,404 bytes came"),
        ((200, {"Transfer-Encoding": "chunked"}, b"400\r\n" + WEIGHTS[:100]), "IncompleteRead"),
        ((200, {"Content-Length": "0"}, b""), "nothing at all"),
        ((200, {}, b"\xef\xbb\xbf\r\n <!DOCTYPE html><html>log in</html>"), "web page"),
        ((404, {}, b"<html>not here</html>"), "404"),
        ((503, {}, b""), "503"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_says_where_to_put_the_file(server, hub, answer, reason):
    server.answer = answer
    with pytest.raises(GoferError, match=reason) as caught:
        hub_weights(NAME, url=server.url)
    assert str(hub / f"{NAME}.pt") in str(caught.value)
    assert f"download https://dl.fbaipublicfiles.com/fair-esm/models/{NAME}.pt" in caught.value.help
    assert left_in(hub) == []


def test_without_a_server_the_reason_is_reported():
    with pytest.raises(GoferError, match="refused"):
        hub_weights(NAME, url="http://127.0.0.1:9")


@pytest.mark.fault(29)
def test_after_a_broken_download_the_next_one_succeeds(server):
    whole = server.answer
    server.answer = (200, whole[1], WEIGHTS[:9])
    with pytest.raises(GoferError, match="9 of"):
        hub_weights(NAME, url=server.url)
    server.answer = whole
    assert hub_weights(NAME, url=server.url).read_bytes() == WEIGHTS


@pytest.mark.fault(29, 72)
def test_weights_that_changed_since_their_first_use_are_refused(server, hub):
    path = hub_weights(NAME, url=server.url)
    path.write_bytes(WEIGHTS[::-1])
    with pytest.raises(GoferError, match=rf"{NAME}.pt has changed since it was first used(?s:.*)delete both"):
        hub_weights(NAME, url=server.url)
    (hub / f"{NAME}.pt.sha256").unlink()
    hub_weights(NAME, url=server.url)


def test_weights_downloaded_again_must_be_those_of_the_first_time(server, hub):
    hub_weights(NAME, url=server.url).unlink()
    server.answer = (200, {}, WEIGHTS[::-1])
    with pytest.raises(GoferError, match="has changed"):
        hub_weights(NAME, url=server.url)


def test_weights_that_the_user_put_there_are_used_and_noted_without_network(hub):
    hub.mkdir(parents=True)
    (hub / f"{NAME}.pt").write_bytes(WEIGHTS)
    assert hub_weights(NAME, offline=True, url="http://127.0.0.1:9") == hub / f"{NAME}.pt"
    assert left_in(hub) == [f"{NAME}.pt", f"{NAME}.pt.sha256"]


@pytest.mark.fault(30)
def test_in_a_folder_that_cannot_be_written_to_the_weights_are_used(hub, monkeypatch):
    hub.mkdir(parents=True)
    (hub / f"{NAME}.pt").write_bytes(WEIGHTS)

    def refuse(path, text):
        raise PermissionError("read-only")

    monkeypatch.setattr(weights, "write_text", refuse)
    assert hub_weights(NAME, url="http://127.0.0.1:9") == hub / f"{NAME}.pt"


@pytest.mark.fault(30)
def test_offline_never_asks_the_network_and_names_the_file_and_its_place(server, hub):
    with pytest.raises(GoferError, match="offline is true") as caught:
        hub_weights(NAME, offline=True, url=server.url)
    assert server.paths == []
    assert str(hub / f"{NAME}.pt") in str(caught.value)
    assert f"fair-esm/models/{NAME}.pt" in caught.value.help
    with pytest.raises(GoferError, match="offline is true"):
        esm.load_esm(NAME, offline=True)


@pytest.mark.fault(29)
def test_a_web_page_in_place_of_a_model_is_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *given, **named: pytest.fail("it was unpickled"))
    for name in ("model.pt", "model.safetensors"):
        (tmp_path / name).write_bytes(b"\n<html>Sorry</html>")
        with pytest.raises(GoferError, match=rf"{name} is a web page, not a model"):
            esm.load_esm(str(tmp_path / name))


def test_a_downloaded_checkpoint_is_loaded(server, hub, tmp_path):
    from embeddings.test_esm import esm2_file

    body = esm2_file(tmp_path / "m.pt", esm2()).read_bytes()
    server.answer = (200, {"Content-Length": str(len(body))}, body)
    hub_weights(NAME, url=server.url)
    assert esm.load_esm(NAME, offline=True).width == 32


@pytest.mark.parametrize(
    ("name", "published"),
    [(NAME, True), ("esm1_t6_43M_UR50S", True), ("untrained_t2_d32_h4", False), ("esm2_t6_mine.pt", False)],
)
def test_names_of_published_models_differ_from_files_and_untrained_models(name, published):
    assert has_published_weights(name) == published
