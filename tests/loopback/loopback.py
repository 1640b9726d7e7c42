"""An HTTP server on the loopback interface, for as long as a test needs it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(handler: Callable[..., Any]) -> Iterator[str]:
    """Answers requests by a handler on a free port until the end, and yields the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # A connection that a client keeps open must not hold up the end.
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
