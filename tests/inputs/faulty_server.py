"""A server on this computer that cuts, delays, corrupts, is busy, and answers with web pages."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 4096


class Server:
    """Serves CONTENT; `faults` are taken one per request: cut, wait, busy, corrupt, page, typed page, missing."""

    def __init__(self):
        self.faults, self.ranges, self.tag, self.content, self.resumes = [], [], '"1"', CONTENT, True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/file.gz"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request):
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        fault = self.faults.pop(0) if self.faults else ""
        if fault in ("busy", "missing"):
            request.send_error(503 if fault == "busy" else 404)
            return
        content, start = self.content, 0
        if fault in ("page", "typed page"):
            content = b"<!DOCTYPE html><html>not found</html>"
        elif asked and self.resumes and request.headers.get("If-Range") in (None, self.tag):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start and start >= len(content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Type", "text/html" if fault == "typed page" else "application/octet-stream")
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        if self.tag:
            request.send_header("ETag", self.tag)
        request.end_headers()
        body = content[start:]
        if fault == "corrupt":
            body = b"\0" * len(body)
        with contextlib.suppress(OSError):
            if fault == "wait":
                request.wfile.write(body[:300_000])
                request.wfile.flush()
                time.sleep(1)
            request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
