"""Stands between mlopsctl and an emulator, and keeps every request as it was on the wire."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from loopback import serving

ANSWERS_WITHIN = 120  # seconds
# The headers of one connection only, and those of lengths, which are those of the bodies as read.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


@dataclass(frozen=True)
class Recorded:
    """One request: its path as it was sent, with query, and its body without chunks of HTTP."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def recording(endpoint: str, keep: list[Recorded]) -> Iterator[str]:
    """Relays to an endpoint until the end, and yields the address that leads there."""
    upstream = urlsplit(endpoint).netloc

    class Handler(_Handler):
        def setup(self):
            super().setup()
            self.keep = keep
            self.upstream = http.client.HTTPConnection(upstream, timeout=ANSWERS_WITHIN)

    with serving(Handler) as address:
        yield address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self):
        # A process that is killed leaves its connections as they are.
        with suppress(ConnectionError):
            super().handle()

    def finish(self):
        self.upstream.close()
        with suppress(ConnectionError):
            super().finish()

    def log_message(self, format, *args):  # noqa: A002 (the base class names it so)
        """Nothing: a life has thousands of requests."""

    def relay(self):
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.keep.append(Recorded(self.command, self.path, headers, body))
        passed = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
        passed["content-length"] = str(len(body))
        self.upstream.request(self.command, self.path, body, passed)
        answer = self.upstream.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.headers["content-length"] if self.command == "HEAD" else str(len(content))
        if length is not None and answer.status != 204:
            self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = relay  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return body
