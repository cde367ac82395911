"""The running web app against clients that mean harm: each gets a short answer, and the app works on."""

import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from gofer.serve.jobs import DONE, Job

FASTA = ">Q1 <script>alert(1)</script>\nMKVLAAGIVGAAATPQWWHH\n"


class Refused(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *arguments):
        return None


class Client:
    """A browser without a window."""

    def __init__(self, server):
        self.host = f"127.0.0.1:{server.effective_port}"
        self.port = server.effective_port

    def get(self, path, **headers):
        return self._send(path, None, headers)

    def post(self, text, *, token=None, **headers):
        token = self.token if token is None else token
        form = urllib.parse.urlencode({"text": text, "token": token}).encode()
        return self._send("/jobs", form, headers)

    @property
    def token(self):
        return re.search(r'name="token" value="([^"]+)"', self.get("/")[2])[1]

    def _send(self, path, body, headers):
        request = urllib.request.Request(
            f"http://{self.host}{path}", body, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        try:
            with urllib.request.build_opener(Refused).open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def raw(self, content):
        """What is answered to these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(content)
            answer = b""
            while part := connection.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer:
                    break
            return answer.decode("latin-1")

    def done(self, path):
        """The page of a query when it is answered."""
        for _ in range(600):
            _, _, page = self.get(path)
            if "loads itself again" not in page:
                return page
        raise AssertionError("it was never answered")


@pytest.fixture
def client(served):
    return Client(served)


def test_pasted_sequences_come_back_as_files(client):
    code, headers, _ = client.post(FASTA)
    assert code == 303
    page = client.done(headers["Location"])
    names = re.findall(r'href="(/jobs/[^"]+/predictions\.tsv)"', page)
    code, headers, text = client.get(names[0])
    assert code == 200
    assert text.startswith("protein_id\tgo_id\tscore")
    assert headers["Content-Disposition"].startswith("attachment")


def test_every_answer_forbids_scripts_frames_and_guessing(client):
    for path in ("/", "/style.css", "/nothing", "/jobs/none"):
        _, headers, _ = client.get(path)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers


def test_pasted_html_is_shown_as_text(client):
    # In the form that comes back, in a message, and in the heading of a search.
    refused = client.post("</textarea><script>alert(1)</script>\n" * 200)
    wrong_protein = client.post("><b>x\nM1")
    assert (refused[0], wrong_protein[0]) == (400, 400)
    assert "&lt;/textarea&gt;&lt;script&gt;" in refused[2]
    assert "&lt;b&gt;x" in wrong_protein[2]
    for page in (refused[2], wrong_protein[2]):
        assert not re.search(r"<script|<b>", page)
    _, headers, _ = client.post("<img src=x onerror=alert(1)>")
    assert "<img" not in client.done(headers["Location"])


def test_what_was_searched_is_shown_as_text(client, monkeypatch):
    found = pd.DataFrame([{"kind": "term", "id": "<i>1", "name": "<u>n", "aspect": "MFO", "cosine": 0.5}])
    job = Job("x", None, "<img src=x>", state=DONE, closest=found)
    monkeypatch.setattr("gofer.serve.jobs.Jobs.find", lambda self, job_id: job)
    page = client.get("/jobs/x")[2]
    assert "&lt;img src=x&gt;" in page
    assert not re.search("<(img|i|u)>", page)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost", "evil.example:{port}"])
def test_another_host_is_refused(client, host):
    code, _, page = client.get("/", Host=host.format(port=client.port))
    assert code == 421
    assert "token" not in page


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Content_Type": "text/plain"}, 415), ({"Content_Type": "application/json"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
    ],
)  # fmt: skip
def test_a_form_of_another_site_or_of_another_type_is_refused(client, headers, code):
    assert client.post(FASTA, **headers)[0] == code


@pytest.mark.parametrize("token", ["", "x" * 43, "ü"])
def test_a_form_without_the_token_is_refused(client, token):
    assert client.post(FASTA, token=token)[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/{job}/../../../../../../etc/passwd", "/jobs/{job}/..%2f..%2f..%2fetc%2fpasswd",
        "/jobs/{job}/%2e%2e%2fquery.fasta", "/jobs/{job}/query.fasta", "/jobs/{job}/.partial", "/jobs/..%2f/x",
        "/jobs/{job}/predictions.tsv%00.html", "/style.css/../pages/frame.html.j2", "//etc/passwd", "/jobs/{job}/",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_results(client, path):
    _, headers, _ = client.post(FASTA)
    client.done(headers["Location"])
    answer = client.raw(
        f"GET {path.format(job=headers['Location'][6:])} HTTP/1.1\r\nHost: {client.host}\r\n\r\n".encode()
    )
    assert re.match(r"HTTP/1\.[01] (404|400|308) ", answer), answer
    assert "root:" not in answer
    assert "Traceback" not in answer


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"POST /jobs HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
         b"Content-Length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil\r\n\r\n", 421),
        (b"POST /jobs HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", 400),
        (b"DELETE / HTTP/1.1\r\nHost: {host}\r\n\r\n", 405),
    ],
)  # fmt: skip
def test_malformed_and_oversized_requests_get_a_short_refusal(client, request_, code):
    answer = client.raw(request_.replace(b"{host}", client.host.encode()))
    assert re.match(rf"HTTP/1\.[01] {code} ", answer), answer
    assert "Traceback" not in answer


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"%3E%ED%A0%80a%0AMKVLAAGIVG", 303), (b"%00%00%00", 303), (b"\xff\xfe", 403), (b"ab+" * 700, 400)],
)
def test_a_text_that_is_no_text_breaks_nothing(client, text, code):
    form = f"token={client.token}&text=".encode() + text
    head = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    answer = client.raw(f"POST /jobs HTTP/1.1\r\nHost: {client.host}\r\n{head}".encode() + form)
    assert re.match(rf"HTTP/1\.[01] {code} ", answer), answer


def test_slow_clients_hold_nobody_up(client):
    slow = [socket.create_connection(("127.0.0.1", client.port)) for _ in range(50)]
    try:
        for number, connection in enumerate(slow):
            head = f"POST /jobs HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: 1000\r\n"
            connection.sendall((head if number % 2 else f"{head}\r\nte").encode())
        code, headers, _ = client.post(FASTA)
        assert code == 303
        assert "predictions.tsv" in client.done(headers["Location"])
    finally:
        for connection in slow:
            connection.close()


def test_many_requests_at_once_are_all_answered(client):
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda _: client.get("/")[0], range(200)))
    assert codes == [200] * 200


def test_a_fault_of_the_app_shows_no_reason(client, monkeypatch):
    monkeypatch.setattr("gofer.serve.jobs.Jobs.find", lambda self, job_id: 1 / 0)
    code, _, page = client.get("/jobs/x")
    assert code == 500
    assert "ZeroDivisionError" not in page
    assert "its log" in page
