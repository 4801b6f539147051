"""Clients in threads that read and write a few keys through all gateways, until told to stop."""

import random
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tests.cluster.recorder import BUCKET, Recorder, now_ms
from tests.integration.endpoint import Endpoint
from tests.integration.store_process import wait_until
from trioxygen.sim.history import Kind, Operation, Outcome

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS: Final = 3
Mix = Sequence[tuple[Kind, int]]
"""Kinds of calls, each with its weight."""

EVERYTHING: Final[Mix] = (
    (Kind.PUT, 8),
    (Kind.CREATE, 3),
    (Kind.REPLACE, 4),
    (Kind.DELETE, 2),
    (Kind.GET, 8),
    (Kind.LIST, 2),
)
ONLY_PUT: Final[Mix] = ((Kind.PUT, 1),)
_WRITES: Final = (Kind.PUT, Kind.CREATE, Kind.REPLACE, Kind.DELETE)
_LARGE_SHARE: Final = 0.1
# A call that is under way may take its 30 seconds and fail, the one after it as long.
_WRITES_SECONDS_MAX: Final = 90


class Client:
    """One thread with its own connections to one gateway."""

    def __init__(self, load: "Load", name: str, endpoint: Endpoint, rng: random.Random) -> None:
        self.name = name
        self._load, self._endpoint, self._rng = load, endpoint, rng
        self._number = 0
        self._seen: dict[str, str] = {}
        # (start, end) in milliseconds of every acknowledged write.
        self.acknowledged: list[tuple[float, float]] = []
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name=name)

    def _run(self) -> None:
        try:
            with self._endpoint.client(read_timeout=60) as s3:
                while not self._load.stopping.is_set():
                    operation = self._step(s3, f"{self._load.scope}/{self._rng.randrange(KEYS)}")
                    self._learn(operation)
                    # The pace of the load; nothing waits for it.
                    time.sleep(self._rng.uniform(0, self._load.pause_seconds))
        except BaseException as error:
            self.failure = error

    def _body(self) -> bytes:
        self._number += 1
        large = self._rng.random() < _LARGE_SHARE
        size_bytes = self._rng.randrange(70_000, 200_000) if large else self._rng.randrange(2_000)
        return f"{self.name} {self._number} ".encode() + self._rng.randbytes(size_bytes)

    def _step(self, s3: "S3Client", key: str) -> Operation:
        kinds, weights = zip(*self._load.mix, strict=True)
        [kind] = self._rng.choices(kinds, weights)
        recorder, name = self._load.recorder, self.name
        if kind is Kind.CREATE:
            return recorder.create(name, s3, key, self._body())
        if kind is Kind.REPLACE and key in self._seen:
            return recorder.replace(name, s3, key, self._body(), self._seen[key])
        if kind is Kind.DELETE:
            return recorder.delete(name, s3, key)
        if kind is Kind.GET:
            return recorder.get(name, s3, key)
        if kind is Kind.LIST:
            return recorder.list(name, s3, key.partition("/")[0])
        return recorder.put(name, s3, key, self._body())

    def _learn(self, operation: Operation) -> None:
        if operation.outcome is Outcome.OK:
            if operation.value is not None:
                self._seen[f"{operation.bucket}/{operation.key}"] = operation.value
            if operation.kind in _WRITES:
                self.acknowledged.append((operation.start, operation.end))

    def next_write_ms(self, since_ms: float) -> float | None:
        """When the first write begun after a time was acknowledged."""
        actual: float | None = None
        for start, end in reversed(self.acknowledged):
            if start < since_ms:
                break
            actual = end
        return actual


class Load:
    """Args:
    clients: on each gateway.
    pause_seconds: between two calls of a client, at most.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        seed: int,
        *,
        clients: int = 3,
        pause_seconds: float = 0.04,
        mix: Mix = EVERYTHING,
    ) -> None:
        self.recorder = Recorder()
        self.pause_seconds, self.mix = pause_seconds, mix
        self.stopping = threading.Event()
        self._endpoints = endpoints
        self._scopes = 1
        with endpoints[0].client() as s3:
            s3.create_bucket(Bucket=BUCKET)
        self.clients = [
            Client(
                self,
                f"g{gateway}c{number}",
                endpoint,
                random.Random(f"{seed} {gateway} {number}"),
            )
            for gateway, endpoint in enumerate(endpoints)
            for number in range(clients)
        ]

    @property
    def scope(self) -> str:
        """The part of the keys that clients use now."""
        return f"s{self._scopes}"

    def next_scope(self) -> None:
        self._scopes += 1

    def start(self) -> "Load":
        for client in self.clients:
            client.thread.start()
        return self

    def wait_for_writes(
        self, since_ms: float | None = None, *, seconds_max: float = _WRITES_SECONDS_MAX
    ) -> None:
        """Until every client has had a write acknowledged that it began after a time: now."""
        since = now_ms() if since_ms is None else since_ms

        def silent() -> list[str]:
            self._raise_failures()
            return [client.name for client in self.clients if client.next_write_ms(since) is None]

        wait_until(lambda: not silent(), seconds_max=seconds_max, output=silent)

    def waits_ms(self, since_ms: float) -> list[float]:
        """Of each client, from a time to the acknowledgement of the first write begun after it."""
        ends = [client.next_write_ms(since_ms) for client in self.clients]
        return [end - since_ms for end in ends if end is not None]

    def stop(self) -> None:
        """Reads all that was written once more, through every gateway."""
        self.discard()
        self._raise_failures()
        for number, endpoint in enumerate(self._endpoints):
            with endpoint.client() as s3:
                for scope in range(1, self._scopes + 1):
                    for key in range(KEYS):
                        actual = self.recorder.get(f"end{number}", s3, f"s{scope}/{key}")
                        assert actual.outcome is Outcome.OK, str(actual)
                    listed = self.recorder.list(f"end{number}", s3, f"s{scope}")
                    assert listed.outcome is Outcome.OK, str(listed)

    def discard(self) -> None:
        self.stopping.set()
        for client in self.clients:
            if client.thread.ident is not None:
                client.thread.join()

    def _raise_failures(self) -> None:
        for client in self.clients:
            if client.failure is not None:
                raise client.failure
