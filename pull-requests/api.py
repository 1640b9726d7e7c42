"""Requests to the API of GitHub or GitLab."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

from mark import RefusedError

#: Seconds before each further attempt of a request that can be repeated.
PAUSES = (1, 4)
#: The largest answer that is read.
LARGEST = 64 * 1024 * 1024
SECRET_HEADERS = ("Authorization", "Private-token", "Job-token")


class _KeepsSecrets(urllib.request.HTTPRedirectHandler):
    """Follows redirects to another host, such as an object store, without the token."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        further = super().redirect_request(req, fp, code, msg, headers, newurl)
        if further is not None and _origin(newurl) != _origin(req.full_url):
            for name in SECRET_HEADERS:
                further.remove_header(name)
        return further


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


class Api:
    """An API below one address, with the headers that it asks for."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        if not address.startswith(("https://", "http://127.0.0.1:")):
            raise RefusedError(f"{address} is no https address: the token would be sent in the clear")
        self._address = address.rstrip("/")
        self._headers = {**headers, "User-Agent": "mlopsctl"}
        self._opener = urllib.request.build_opener(_KeepsSecrets)

    def bytes_of(self, path: str) -> bytes:
        """The content of a file."""
        return self._send("GET", path, None)

    def get(self, path: str):
        """One document."""
        return json.loads(self.bytes_of(path))

    def send(self, method: str, path: str, body: dict[str, str] | None = None) -> None:
        """Changes something."""
        self._send(method, path, body)

    def all_of(self, path: str) -> Iterator[dict]:
        """The items of all pages of a list."""
        page, size = 1, 100
        while True:
            mark = "&" if "?" in path else "?"
            items = self.get(f"{path}{mark}per_page={size}&page={page}")
            yield from items
            if len(items) < size:
                return
            page += 1

    def _send(self, method: str, path: str, body: dict[str, str] | None) -> bytes:
        # Another attempt to create a comment could create a second one.
        pauses = () if method == "POST" else PAUSES
        for pause in (*pauses, None):
            try:
                return self._once(method, path, body)
            except urllib.error.HTTPError as error:
                said = error.read(2000).decode(errors="replace")
                if pause is None or (error.code < 500 and error.code != 429):
                    raise RefusedError(f"{method} {path}: HTTP {error.code}: {said}") from None
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if pause is None:
                    raise RefusedError(f"{method} {path}: {error}") from None
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, path: str, body: dict[str, str] | None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data=data, method=method, headers=self._headers)  # noqa: S310
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with self._opener.open(request, timeout=30) as answer:
            content = answer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise RefusedError(f"{method} {path}: the answer has more than {LARGEST} bytes")
        return content
