"""Runs operations from many workers against the clock and says what they cost."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Final

from bench.accounting import Charged, machine_busy_seconds, total_usage
from bench.session import Session
from bench.sigv4_client import Client, ConnectionLost, MalformedAnswer, WrongAnswer

ERRORS_MAX: Final = 50
ERROR_EXAMPLES_MAX: Final = 3
CONNECT_TIMEOUT_SECONDS: Final = 20.0

Operation = Callable[[Client], Awaitable[None]]
"""One operation, verified: raises WrongAnswer, ConnectionLost, MalformedAnswer or OSError."""


Prepare = Callable[[Session, int], Awaitable[Iterator[Operation]]]
"""Does all that is not to be measured (filling, signing) for so many clients, and gives the
operations. When they run out before the time does, the phase ends early and its rate is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A kind of operation."""

    name: str
    op_size_bytes: int
    concurrency_max: int
    prepare: Prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Times in ms of wall clock; CPU in ms per operation; None where no server pid was given.

    Attributes:
        storage_class: of what was stored; empty: the endpoint's default.
        server_cpu_ms_by_role: for one operation, as `server_cpu_ms` is.
    """

    phase: str
    concurrency: int
    operations: int
    errors: int
    error_examples: list[str] = field(default_factory=list)
    seconds: float
    operations_per_second: float
    mebibytes_per_second: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    client_cpu_ms: float
    machine_busy_cores: float
    server_cpu_ms: float | None
    server_cpu_seconds_per_gb: float | None
    server_resident_mib: float | None
    storage_class: str = ""
    server_cpu_ms_by_role: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """What the workers of one run count together."""

    latencies_seconds: list[float] = field(default_factory=list)
    errors: int = 0
    error_examples: list[str] = field(default_factory=list)

    def record_error(self, error: BaseException) -> None:
        self.errors += 1
        if len(self.error_examples) < ERROR_EXAMPLES_MAX:
            self.error_examples.append(f"{type(error).__name__}: {error}"[:400])


async def work(
    client: Client, operations: Iterator[Operation], stop_at: float, tally: Tally
) -> None:
    """Take operations from the shared iterator until time, operations or patience run out."""
    clock = time.perf_counter
    for operation in operations:
        began = clock()
        try:
            await operation(client)
        except (WrongAnswer, ConnectionLost, MalformedAnswer, OSError) as error:
            tally.record_error(error)
            if tally.errors >= ERRORS_MAX:
                return
        else:
            tally.latencies_seconds.append(clock() - began)
        if clock() >= stop_at:
            return


async def connected_clients(session: Session, count: int) -> list[Client]:
    clients = [session.client() for _ in range(count)]
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        for client in clients:
            await client.connect()
    return clients


async def run_all(session: Session, operations: list[Operation], concurrency: int) -> None:
    """Run every operation, untimed; the first failure ends it and is raised."""
    waiting = iter(operations)

    async def worker(client: Client) -> None:
        for operation in waiting:
            await operation(client)

    clients = await connected_clients(session, concurrency)
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(worker(client))
    for client in clients:
        client.close()


def quantile(ordered: list[float], share: float) -> float:
    """Nearest rank of an ordered list; 0 when it is empty."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def measure(
    session: Session, phase: Phase, *, concurrency: int, seconds: float, charged: Charged | None
) -> Result:
    """Prepare, then run one phase; raises what preparing raises, counts what running raises."""
    operations = await phase.prepare(session, concurrency)
    clients = await connected_clients(session, concurrency)
    tally = Tally()
    before = charged.usage() if charged is not None else {}
    client_cpu, busy, began = time.process_time(), machine_busy_seconds(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(work(client, operations, began + seconds, tally))
    elapsed = time.perf_counter() - began
    client_cpu, busy = time.process_time() - client_cpu, machine_busy_seconds() - busy
    for client in clients:
        client.close()
    count = len(tally.latencies_seconds)
    server_seconds = resident = None
    by_role = dict[str, float]()
    if charged is not None:
        after = charged.usage()
        by_role = {role: after[role].cpu_seconds - before[role].cpu_seconds for role in after}
        server_seconds = sum(by_role.values())
        resident = total_usage(list(after.values())).resident_bytes / 2**20
    ordered = sorted(tally.latencies_seconds)
    moved_bytes = count * phase.op_size_bytes
    return Result(
        phase=phase.name,
        concurrency=concurrency,
        operations=count,
        errors=tally.errors,
        error_examples=tally.error_examples,
        seconds=round(elapsed, 3),
        operations_per_second=round(count / elapsed, 2),
        mebibytes_per_second=round(moved_bytes / 2**20 / elapsed, 2),
        p50_ms=round(quantile(ordered, 0.50) * 1e3, 3),
        p90_ms=round(quantile(ordered, 0.90) * 1e3, 3),
        p99_ms=round(quantile(ordered, 0.99) * 1e3, 3),
        max_ms=round(quantile(ordered, 1.0) * 1e3, 3),
        client_cpu_ms=round(client_cpu * 1e3 / max(count, 1), 4),
        machine_busy_cores=round(busy / elapsed, 2),
        server_cpu_ms=None
        if server_seconds is None
        else round(server_seconds * 1e3 / max(count, 1), 4),
        server_cpu_seconds_per_gb=(
            round(server_seconds / (moved_bytes / 1e9), 3)
            if server_seconds is not None and phase.op_size_bytes >= 2**20 and moved_bytes
            else None
        ),
        server_resident_mib=None if resident is None else round(resident, 1),
        storage_class=session.storage_class,
        server_cpu_ms_by_role={
            role: round(spent * 1e3 / max(count, 1), 4) for role, spent in by_role.items()
        },
    )
