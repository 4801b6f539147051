"""Commands per second of a replicated OM: three processes with real syncs, beside PySyncObj.

A command is CommitKey of an empty object, sent over gRPC by this process. PySyncObj gets a row of
the same size, from within its leading process (see `pysyncobj_node`).
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.accounting import machine_busy_seconds, process_tree_usage
from bench.local import ServerFailed, free_port
from bench.measure import Result, Tally, quantile
from bench.om_group import OmGroup, om_group
from bench.report import aligned, number
from trioxygen.common.errors import TrioxygenError

OM_PHASE: Final = "om"
WARM_UP_SHARE: Final = 0.2
_LEADER_SECONDS_MAX: Final = 20.0
# What PySyncObj can be told: (phase, arguments). It never syncs its journal by itself.
PYSYNCOBJ_VARIANTS: Final = {
    "pysyncobj": (),
    "pysyncobj, 5 ms batches": ("--batch-ms", "5"),
    "pysyncobj, synced": ("--sync",),
}

Command = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What one measurement spent, in seconds."""

    elapsed: float
    client_cpu: float
    members_cpu: float
    machine_busy: float
    resident_bytes: int


def result_of(phase: str, in_flight: int, tally: Tally, span: Span) -> Result:
    """Server CPU is that of all members together."""
    ordered = sorted(tally.latencies_seconds)
    count = len(ordered)
    per_command = 1e3 / max(count, 1)
    return Result(
        phase=phase,
        concurrency=in_flight,
        operations=count,
        errors=tally.errors,
        error_examples=tally.error_examples,
        seconds=round(span.elapsed, 3),
        operations_per_second=round(count / span.elapsed, 2),
        mebibytes_per_second=0.0,
        p50_ms=round(quantile(ordered, 0.50) * 1e3, 3),
        p90_ms=round(quantile(ordered, 0.90) * 1e3, 3),
        p99_ms=round(quantile(ordered, 0.99) * 1e3, 3),
        max_ms=round(quantile(ordered, 1.0) * 1e3, 3),
        client_cpu_ms=round(span.client_cpu * per_command, 4),
        machine_busy_cores=round(span.machine_busy / span.elapsed, 2),
        server_cpu_ms=round(span.members_cpu * per_command, 4),
        server_cpu_seconds_per_gb=None,
        server_resident_mib=round(span.resident_bytes / 2**20, 1),
    )


async def send_many(command: Command, in_flight: int, seconds: float) -> Tally:
    tally, stop_at = Tally(), time.perf_counter() + seconds

    async def sender() -> None:
        began = time.perf_counter()
        while began < stop_at:
            try:
                await command()
            except TrioxygenError as error:
                tally.record_error(error)
            else:
                tally.latencies_seconds.append(time.perf_counter() - began)
            began = time.perf_counter()

    await asyncio.gather(*(sender() for _ in range(in_flight)))
    return tally


async def measure_om(group: OmGroup, names: Iterator[bytes], in_flight: int, s: float) -> Result:
    async def commit() -> None:
        await group.commit_key(next(names))

    await send_many(commit, in_flight, s * WARM_UP_SHARE)
    before, busy, client = group.cpu_seconds(), machine_busy_seconds(), time.process_time()
    began = time.perf_counter()
    tally = await send_many(commit, in_flight, s)
    elapsed = time.perf_counter() - began
    spent = {name: cpu - before[name] for name, cpu in group.cpu_seconds().items()}
    span = Span(
        elapsed=elapsed,
        client_cpu=time.process_time() - client,
        members_cpu=sum(spent.values()),
        machine_busy=machine_busy_seconds() - busy,
        resident_bytes=sum(
            process_tree_usage(member.pid).resident_bytes for member in group.members
        ),
    )
    result = result_of(OM_PHASE, in_flight, tally, span)
    leader = group.leader.node.id
    shares = ", ".join(
        f"{name}{' (leader)' if name == leader else ''} {cpu * 1e3 / max(result.operations, 1):.3f}"
        for name, cpu in spent.items()
    )
    print(f"om x{in_flight}: {result.operations_per_second:,.0f}/s; CPU ms: {shares}", flush=True)
    return result


class PySyncObjGroup:
    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes
        self._leader: asyncio.subprocess.Process

    async def find_leader(self) -> None:
        give_up_at = time.perf_counter() + _LEADER_SECONDS_MAX
        while time.perf_counter() < give_up_at:
            for process in self._processes:
                if (await self._ask(process, do="describe"))["leads"]:
                    self._leader = process
                    return
            await asyncio.sleep(0.1)
        raise ServerFailed("PySyncObj elects no leader")

    async def _ask(self, process: asyncio.subprocess.Process, **command: object) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(command).encode() + b"\n")
        line = await process.stdout.readline()
        if not line:
            raise ServerFailed("a PySyncObj process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def measure(self, phase: str, in_flight: int, seconds: float) -> Result:
        load = {"do": "load", "in_flight": in_flight}
        await self._ask(self._leader, **load, seconds=seconds * WARM_UP_SHARE)
        before, busy = self._cpu_seconds(), machine_busy_seconds()
        answer = await self._ask(self._leader, **load, seconds=seconds)
        span = Span(
            elapsed=answer["seconds"],
            client_cpu=0.0,
            members_cpu=self._cpu_seconds() - before,
            machine_busy=machine_busy_seconds() - busy,
            resident_bytes=sum(
                process_tree_usage(process.pid).resident_bytes for process in self._processes
            ),
        )
        tally = Tally(answer["latencies"], answer["errors"])
        result = result_of(phase, in_flight, tally, span)
        print(f"{phase} x{in_flight}: {result.operations_per_second:,.0f}/s", flush=True)
        return result

    def _cpu_seconds(self) -> float:
        return sum(process_tree_usage(process.pid).cpu_seconds for process in self._processes)


@asynccontextmanager
async def pysyncobj_group(
    data_parent: Path | None, arguments: Sequence[str]
) -> AsyncIterator[PySyncObjGroup]:
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    with TemporaryDirectory(prefix="pysyncobj-bench-", dir=data_parent) as folder:
        processes: list[asyncio.subprocess.Process] = []
        try:
            for address in addresses:
                partners = [other for other in addresses if other != address]
                journal = Path(folder) / f"journal-{len(processes)}"
                processes.append(
                    await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "bench.pysyncobj_node", *arguments),
                        *(address, *partners, str(journal)),
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        limit=2**26,
                    )
                )
            group = PySyncObjGroup(processes)
            await group.find_leader()
            yield group
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                await process.wait()


def table(results: Sequence[Result], cores: int) -> str:
    """`bound/s`: what the cores allow at that CPU per command, were nothing else running."""
    header = ["", "in flight", "per second", "p50 ms", "p99 ms", "members ms", "client ms"]
    rows = [[*header, "bound/s", "errors"]]
    for result in results:
        cpu_ms = (result.server_cpu_ms or 0.0) + result.client_cpu_ms
        rows.append(
            [
                result.phase,
                str(result.concurrency),
                number(result.operations_per_second),
                number(result.p50_ms),
                number(result.p99_ms),
                f"{result.server_cpu_ms or 0.0:.3f}",
                f"{result.client_cpu_ms:.3f}",
                number(cores * 1e3 / cpu_ms if cpu_ms else None),
                str(result.errors),
            ]
        )
    return aligned(rows)


async def measure_raft(
    *,
    in_flight: Sequence[int],
    seconds: float,
    rounds: int,
    data_parent: Path | None,
    variants: Sequence[str],
    cores: int,
) -> list[Result]:
    """The best of so many rounds for each; prints the table. Raises ServerFailed."""
    best: dict[tuple[str, int], Result] = {}

    def note(result: Result) -> None:
        key = (result.phase, result.concurrency)
        if key not in best or result.operations_per_second > best[key].operations_per_second:
            best[key] = result

    async with om_group(data_parent) as group:
        names = (b"k/%08d" % position for position in itertools.count())
        for _, count in itertools.product(range(rounds), in_flight):
            note(await measure_om(group, names, count, seconds))
    for variant in variants:
        async with pysyncobj_group(data_parent, PYSYNCOBJ_VARIANTS[variant]) as other:
            for _, count in itertools.product(range(rounds), in_flight):
                note(await other.measure(variant, count, seconds))
    results = list(best.values())
    print(table(results, cores))
    return results
