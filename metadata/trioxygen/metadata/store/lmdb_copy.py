"""A store's copy on its way out: the environment as it is at one moment, piece by piece."""

import os
import threading
from collections.abc import Callable

import lmdb

from trioxygen.common.errors import Internal, Stopping
from trioxygen.metadata.store.lmdb_environment import Environment
from trioxygen.metadata.store.lmdb_txn import LmdbTxn
from trioxygen.metadata.store.ports import COPY_PIECE_BYTES, ReadTxn


class LmdbCopy:
    """LMDB's compacting copy writes into a pipe, with the GIL released, and stops while nobody
    reads. Its reader pins pages: the file grows by what is rewritten meanwhile.
    """

    def __init__(self, environment: Environment, ended: Callable[["LmdbCopy"], None]) -> None:
        self._env, self._ended = environment.env, ended
        # The store may be closed while another thread reads.
        self._lock = threading.Lock()
        self._txn = environment.env.begin(buffers=False)
        self._rows = LmdbTxn(self._txn, environment.rows)
        # Not of the shared pool: it lives as long as the copy, most of the time asleep.
        self._thread = threading.Thread(target=self._write, name="lmdb-copy", daemon=True)
        self._source, self._sink = os.pipe()
        self._is_begun = self._is_closed = False
        self._error: lmdb.Error | None = None

    def txn(self) -> ReadTxn:
        assert not self._is_begun, "the copy's own reader is used by one thread at a time"
        return self._rows

    def _write(self) -> None:
        try:
            self._env.copyfd(self._sink, True, self._txn)
        except lmdb.Error as error:
            self._error = error
        finally:
            os.close(self._sink)

    def read(self) -> bytes:
        with self._lock:
            if self._is_closed:
                raise Stopping("the copy of the store was ended")
            if not self._is_begun:
                self._is_begun = True
                self._thread.start()
            pieces: list[bytes] = []
            missing = COPY_PIECE_BYTES
            while missing and (data := os.read(self._source, missing)):
                pieces.append(data)
                missing -= len(data)
            if missing and self._error is not None:
                raise Internal("the store was not copied", cause=str(self._error)) from self._error
            return b"".join(pieces)

    def close(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            # A copy that still writes finds the pipe broken, and ends.
            os.close(self._source)
            if self._is_begun:
                self._thread.join()
            else:
                os.close(self._sink)
            self._txn.abort()
            self._ended(self)
