"""Appends to the write-ahead log, proposals of a replica: `python -m bench.wal [--data FOLDER]`."""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Applied, Entry, GroupId, IncomingSnapshot, Snapshot

GROUP = GroupId(1)


class NoMachine:
    """Applies nothing, at once."""

    def applied(self) -> Applied:
        return Applied()

    async def apply(self, entries: Sequence[Entry]) -> None:
        return

    async def open_snapshot(self) -> Snapshot:
        raise NotImplementedError

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        raise NotImplementedError


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measure(
    operation: Callable[[], Awaitable[object]], in_flight: int, count: int
) -> dict[str, float]:
    """Runs `one` so many times, so many at once."""
    left = count
    latencies: list[float] = []

    async def client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            start = time.perf_counter()
            await operation()
            latencies.append(time.perf_counter() - start)

    cpu, start = cpu_seconds(), time.perf_counter()
    await asyncio.gather(*[client() for _ in range(in_flight)])
    elapsed, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    latencies.sort()
    return {
        "in_flight": in_flight,
        "per_second": round(count / elapsed),
        "cpu_us": round(cpu / count * 1e6, 1),
        "p50_ms": round(latencies[count // 2] * 1e3, 3),
        "p99_ms": round(latencies[count * 99 // 100] * 1e3, 3),
    }


async def run(directory: Path, payload_bytes: int, count: int) -> list[dict[str, object]]:
    runtime = system_runtime(LocalNetwork())
    wal = await WriteAheadLog.open(directory, runtime, WalConfig())
    payload = bytes(range(256)) * (payload_bytes // 256 + 1)
    payload = payload[:payload_bytes]
    results: list[dict[str, object]] = []
    next_index = 0

    async def append() -> None:
        nonlocal next_index
        next_index += 1
        index = next_index
        await wal.append(GROUP, (Entry(index, 1, payload),))
        if index % 2_000 == 0:
            wal.release(GROUP, index)

    for in_flight in (1, 8, 64):
        syncs = _syncs(runtime)
        result = await measure(append, in_flight, count)
        results.append({"what": "append", **result, "syncs": _syncs(runtime) - syncs})
    replica = OnlyVoter(runtime, wal, GroupId(2))
    await replica.start(NoMachine())
    for in_flight in (1, 8, 64):
        syncs = _syncs(runtime)
        result = await measure(lambda: replica.propose(payload), in_flight, count)
        results.append({"what": "propose", **result, "syncs": _syncs(runtime) - syncs})
        replica.state_is_durable_through(wal.last_index(GroupId(2)))
    await replica.stop()
    await wal.close()
    await runtime.stop()
    return results


def _syncs(runtime: Runtime) -> int:
    value = runtime.registry.get_sample_value("trioxygen_wal_syncs_total", {"log": "raft"})
    return int(value or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder on the disk to measure")
    parser.add_argument("--payload-bytes", type=int, default=5_000)
    parser.add_argument("--count", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.data, prefix="bench-wal-") as folder:
        results = uvloop.run(run(Path(folder) / "log", arguments.payload_bytes, arguments.count))
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
