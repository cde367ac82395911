"""The web app behind waitress, which reads a whole request before anybody works on it, and drops those that idle."""

import ipaddress
from collections.abc import Sequence

from waitress.server import BaseWSGIServer, create_server

from gofer.errors import GoferError
from gofer.serve.jobs import Jobs
from gofer.serve.web_app import web_app

CONNECTIONS, IDLE_SECONDS, HEADER_BYTES = 100, 30, 16_384
HTTP_PORT = 80  # browsers leave it out of the host


def open_server(jobs: Jobs, host: str, port: int, names: Sequence[str] = ()) -> BaseWSGIServer:
    """A server that listens; `run` answers until Ctrl-C.

    Args:
        jobs: The queue.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        names: Further names by which browsers may call this computer.

    Raises:
        GoferError: The port is taken, or the address is not of this computer.
    """
    hosts: set[str] = set()
    settings = {
        "max_request_body_size": jobs.limits.body,
        "max_request_header_size": HEADER_BYTES,
        "channel_timeout": IDLE_SECONDS,
        "cleanup_interval": IDLE_SECONDS // 2,
        "connection_limit": CONNECTIONS,
        "ident": None,
        "expose_tracebacks": False,
    }
    try:
        server = create_server(web_app(jobs, hosts), host=host, port=port, **settings)
    except (OSError, ValueError) as error:
        raise GoferError(f"{host}:{port} cannot be used: {error}", help="give another --port or --host") from error
    # What a browser on this computer calls it, and what else was named.
    own = ["127.0.0.1", "localhost", "[::1]"] if is_loopback(host) else [in_address(host)]
    for name in {one.lower() for one in (*own, *names)}:
        hosts.add(f"{name}:{server.effective_port}")
        if server.effective_port == HTTP_PORT:
            hosts.add(name)
    return server


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_address(host: str) -> str:
    """A host as an address in a browser has it."""
    return f"[{host}]" if ":" in host else host
