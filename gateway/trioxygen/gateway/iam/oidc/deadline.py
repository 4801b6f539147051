"""A time within which everything of a fetch is over. Source: docs of urllib3, "Timeout": its own
ends a connect and each read, so that a byte now and then holds the thread for as long as bytes
come."""

import socket
from threading import Lock, Timer
from typing import Any, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class Deadline:
    """Shuts the connections that it watches when its time is over, whoever reads of them then: the
    handshake of TLS, headers and bodies end as they do when the other side closes."""

    def __init__(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True
        self._lock = Lock()
        self._watched: list[socket.socket] = []
        self._is_over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for connection in self._watched:
                connection.close()
            self._watched.clear()
            self._is_over = True

    def connect(self, host: str, port: int | None) -> socket.socket:
        """One address after the other; of the last one that it begins with, its time may be as much
        again. Raises: OSError."""
        failed = OSError("it has no address")
        for family, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.settimeout(self._timer.interval)
            try:
                connection.connect(address)
                self._watch(connection)
            except OSError as failure:
                connection.close()
                failed = failure
            else:
                return connection
            if self._is_over:
                break
        raise failed

    def _watch(self, connection: socket.socket) -> None:
        with self._lock:
            if self._is_over:
                raise TimeoutError("the time of this fetch is over")
            # TLS takes the descriptor away from the socket it wraps; another one is of the same
            # connection, and no number that something else may have by then.
            self._watched.append(connection.dup())

    def _shut(self) -> None:
        with self._lock:
            self._is_over = True
            for connection in self._watched:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # The other side has ended it already.
                    continue


def pool_until(deadline: Deadline, ca_certs: str | None) -> PoolManager:
    """Args: ca_certs: a PEM file; None: the system's.

    What is in the environment of the process (proxies) is not asked."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.connect(self.host, self.port)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.connect(self.host, self.port)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls: Any = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls: Any = Secure

    pool = PoolManager(num_pools=2, maxsize=1, cert_reqs="CERT_REQUIRED", ca_certs=ca_certs)
    classes: dict[str, Any] = {"http": PlainPool, "https": SecurePool}
    pool.pool_classes_by_scheme = classes
    return pool
