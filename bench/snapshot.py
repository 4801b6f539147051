"""How long writes take while a follower that lost its disk gets the whole state.

The keys are put into one member's store while all are stopped, which is then copied to the others,
and their logs begin after it: a million commands would take minutes. Then a follower is killed,
emptied and started; it joins by itself and is sent a snapshot, while this process commits keys over
gRPC.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bench.accounting import machine_busy_seconds, process_tree_usage
from bench.local import ServerFailed
from bench.measure import Result, Tally
from bench.member import MemberProcess
from bench.om_group import OmGroup, om_group
from bench.raft import Span, result_of
from bench.report import aligned, number
from bench.stopped import fill
from trioxygen.cli.wiring.names import OM_GROUP
from trioxygen.common.errors import TrioxygenError
from trioxygen.metadata.om.state.schema import ALL_TABLES, KEYS, key_key
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.proto.v1.om_pb2 import KeyRow
from trioxygen.proto.v1.types_pb2 import CRC64NVME

_ROWS_A_TRANSACTION: Final = 50_000
_SNAPSHOT_SECONDS_MAX: Final = 120.0
_POLL_SECONDS: Final = 0.01
_QUANTILES: Final = (0.5, 0.9, 0.99, 0.999, 1.0)


def put_keys(store: LmdbStore, bucket_id: int, keys: int) -> None:
    row = KeyRow(
        size_bytes=0,
        modified_ms=1_700_000_000_000,
        etag="d41d8cd98f00b204e9800998ecf8427e",
        storage_class="STANDARD",
        account_id="AAAAAAAAAAAAAAAAAAAA",
        checksum_algorithm=CRC64NVME,
        checksum=bytes(8),
    )
    for start in range(0, keys, _ROWS_A_TRANSACTION):
        txn = store.begin()
        for position in range(start, min(keys, start + _ROWS_A_TRANSACTION)):
            row.object_id = position + 1
            KEYS.put(txn, key_key(bucket_id, b"k/%010d" % position), row)
        txn.commit()


async def filled(group: OmGroup, keys: int) -> None:
    """Stops all members, and starts them again."""
    print(f"{keys:,} keys", flush=True)
    put = partial(put_keys, bucket_id=group.bucket_id, keys=keys)
    await fill(group.members, OM_GROUP, ALL_TABLES, put)
    for member in group.members:
        member.start()
    for member in group.members:
        await member.until_ready()


class Writers:
    """Commits keys all the time; what it measures is taken in spans."""

    def __init__(self, group: OmGroup, names: Iterator[bytes], in_flight: int) -> None:
        self._group, self._names = group, names
        self._in_flight = in_flight
        self._tally = Tally()
        self._tasks = [asyncio.create_task(self._write()) for _ in range(in_flight)]
        self._before = self._spent()

    async def _write(self) -> None:
        while True:
            began = time.perf_counter()
            try:
                await self._group.commit_key(next(self._names))
            except TrioxygenError as error:
                self._tally.record_error(error)
            else:
                self._tally.latencies_seconds.append(time.perf_counter() - began)

    def _spent(self) -> tuple[float, float, float, float, int]:
        usages = [process_tree_usage(member.pid) for member in self._group.members if member.runs]
        return (
            time.perf_counter(),
            time.process_time(),
            sum(usage.cpu_seconds for usage in usages),
            machine_busy_seconds(),
            sum(usage.resident_bytes for usage in usages),
        )

    def begin(self) -> None:
        self._tally, self._before = Tally(), self._spent()

    def take(self, phase: str) -> Result:
        """What was measured since `begin`."""
        tally, before, now = self._tally, self._before, self._spent()
        elapsed, client, members, busy = (
            new - old for new, old in zip(now[:4], before[:4], strict=True)
        )
        span = Span(
            elapsed=elapsed,
            client_cpu=client,
            members_cpu=max(0.0, members),
            machine_busy=busy,
            resident_bytes=now[4],
        )
        return result_of(phase, self._in_flight, tally, span)

    def distribution(self) -> str:
        ordered = sorted(self._tally.latencies_seconds)
        last = len(ordered) - 1
        return ", ".join(
            f"p{share * 100:g} {ordered[min(last, int(share * last + 0.5))] * 1e3:.1f}"
            for share in _QUANTILES
            if ordered
        )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _until_logged(member: MemberProcess, event: str, count: int) -> str:
    """The last of so many lines. Raises ServerFailed."""
    give_up_at = time.perf_counter() + _SNAPSHOT_SECONDS_MAX
    while time.perf_counter() < give_up_at:
        lines = member.log_lines(event)
        if len(lines) >= count:
            return lines[-1]
        await asyncio.sleep(_POLL_SECONDS)
    raise ServerFailed(f"{member.node.id} never logged {event}")


async def _one_round(group: OmGroup, writers: Writers, seconds: float) -> list[Result]:
    async def quiet(phase: str) -> Result:
        writers.begin()
        await asyncio.sleep(seconds)
        print(f"{phase}: ms {writers.distribution()}", flush=True)
        return writers.take(phase)

    await asyncio.sleep(1)
    leader = group.leader
    results = [await quiet("writes, three members")]
    follower = next(member for member in group.members if member is not leader)
    await follower.kill()
    follower.empty()
    results.append(await quiet("writes, two members"))
    ended = len(leader.log_lines("snapshot_ended"))
    began = len(leader.log_lines("snapshot_began"))
    follower.start()
    await _until_logged(leader, "snapshot_began", began + 1)
    writers.begin()
    line = await _until_logged(leader, "snapshot_ended", ended + 1)
    phase = "writes, snapshot"
    print(f"{phase}: ms {writers.distribution()}\n{line}", flush=True)
    results.append(writers.take(phase))
    if group.leader is not leader:
        raise ServerFailed("the leader changed while the snapshot was sent")
    await follower.until_ready()
    return results


async def measure_snapshot(
    *, keys: int, in_flight: Sequence[int], seconds: float, rounds: int, data_parent: Path | None
) -> list[Result]:
    """Of so many rounds that with the lowest p99 while the snapshot is sent; prints the table.

    Raises ServerFailed."""
    best: dict[tuple[str, int], Result] = {}
    async with om_group(data_parent) as group:
        await filled(group, keys)
        names = (b"new/%010d" % position for position in itertools.count())
        for _, count in itertools.product(range(rounds), in_flight):
            writers = Writers(group, names, count)
            try:
                for result in await _one_round(group, writers, seconds):
                    before = best.get((result.phase, result.concurrency))
                    if before is None or result.p99_ms < before.p99_ms:
                        best[result.phase, result.concurrency] = result
            finally:
                await writers.stop()
    results = list(best.values())
    rows = [["", "in flight", "writes/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "s", "errors"]]
    for result in results:
        figures = (
            result.operations_per_second,
            result.p50_ms,
            result.p90_ms,
            result.p99_ms,
            result.max_ms,
        )
        rows.append(
            [
                *(result.phase, str(result.concurrency), *map(number, figures)),
                *(number(result.seconds), str(result.errors)),
            ]
        )
    print(aligned(rows))
    return results
