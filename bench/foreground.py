"""Clients that read and write small and medium objects all the time, and what they wait."""

import asyncio
import itertools
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench.measure import Operation, Tally, connected_clients, quantile, run_all, work
from bench.phases import MEDIUM_BYTES, SMALL_BYTES, get_operation, put_operation
from bench.session import Payload, Session
from bench.sigv4_client import Client

CLIENTS_OF_EACH_KIND: Final = 2
# Objects that are written and read, by their size.
_OBJECTS: Final = {SMALL_BYTES: 256, MEDIUM_BYTES: 16}
_NAMES: Final = {SMALL_BYTES: "4 KiB", MEDIUM_BYTES: "1 MiB"}
_FILL_CONCURRENCY: Final = 8


@dataclass(frozen=True, slots=True)
class Waited:
    """What one kind of operation took over a time. Times in ms."""

    kind: str
    operations_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    errors: int


class Foreground:
    """The same objects again and again, so that it goes on for as long as something else."""

    def __init__(self, session: Session, seed: int) -> None:
        self._session, rng = session, random.Random(seed)
        self._puts, self._gets = dict[int, list[Operation]](), dict[int, list[Operation]]()
        counter = itertools.count()
        for size_bytes, count in _OBJECTS.items():
            payload = Payload.random(size_bytes, rng)
            keys = [f"foreground/{size_bytes}/{number}" for number in range(count)]
            self._puts[size_bytes] = [
                put_operation(session.put(key, payload), payload) for key in keys
            ]
            self._gets[size_bytes] = [
                get_operation(session.get(key), payload, counter) for key in keys
            ]

    async def fill(self) -> None:
        for puts in self._puts.values():
            await run_all(self._session, puts, _FILL_CONCURRENCY)

    def _kinds(self) -> Mapping[str, list[Operation]]:
        return {
            f"{verb} {_NAMES[size_bytes]}": operations
            for size_bytes in _OBJECTS
            for verb, operations in (
                ("PUT", self._puts[size_bytes]),
                ("GET", self._gets[size_bytes]),
            )
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Callable[[], list[Waited]]]:
        """Clients are at work inside. Gives what says how they fared, once it is over."""
        stopped = asyncio.Event()
        tallies, began = dict[str, Tally](), time.perf_counter()
        clients = list[Client]()
        async with asyncio.TaskGroup() as group:
            for kind, operations in self._kinds().items():
                tally = tallies[kind] = Tally()
                turn = _until(stopped, itertools.cycle(operations))
                for client in await connected_clients(self._session, CLIENTS_OF_EACH_KIND):
                    clients.append(client)
                    group.create_task(work(client, turn, math.inf, tally))
            ended = list[float]()

            def waited() -> list[Waited]:
                return [_waited(kind, tally, ended[0] - began) for kind, tally in tallies.items()]

            try:
                yield waited
            finally:
                ended.append(time.perf_counter())
                stopped.set()
        for client in clients:
            client.close()


def _until(stopped: asyncio.Event, operations: Iterator[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if stopped.is_set():
            return
        yield operation


def _waited(kind: str, tally: Tally, seconds: float) -> Waited:
    ordered = sorted(tally.latencies_seconds)
    return Waited(
        kind=kind,
        operations_per_second=len(ordered) / seconds,
        p50_ms=quantile(ordered, 0.5) * 1e3,
        p99_ms=quantile(ordered, 0.99) * 1e3,
        max_ms=quantile(ordered, 1.0) * 1e3,
        errors=tally.errors,
    )
