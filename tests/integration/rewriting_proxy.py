"""A proxy that changes the head of each request, as those in front of stores do."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.integration.endpoint import Endpoint

Rewrite = Callable[[bytes], bytes]
_TIMEOUT_SECONDS = 60
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class RewritingProxy:
    """One request a connection. Args: rewrite: of the head, request line and fields."""

    def __init__(self, store: Endpoint, rewrite: Rewrite) -> None:
        self._store, self._rewrite = store, rewrite
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> Endpoint:
        port = self._listener.getsockname()[1]
        return Endpoint(f"http://127.0.0.1:{port}", self._store.main, self._store.other)

    def close(self) -> None:
        # A thread that waits in accept is not woken by close alone.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(_TIMEOUT_SECONDS)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        client.settimeout(_TIMEOUT_SECONDS)
        received = b""
        while b"\r\n\r\n" not in received:
            piece = client.recv(65_536)
            if not piece:
                return
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        while length is not None and len(body) < int(length[1]):
            body += client.recv(65_536)
        head = self._rewrite(head) + b"\r\nConnection: close"
        with socket.create_connection(self._store.address, timeout=_TIMEOUT_SECONDS) as store:
            store.sendall(head + b"\r\n\r\n" + body)
            while piece := store.recv(65_536):
                client.sendall(piece)
