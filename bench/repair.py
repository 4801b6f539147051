"""A DataNode is lost: how fast its replicas are made again, and what clients notice of it.

A cluster of five DataNodes is filled; clients read and write; one node is killed. From the first
copy, which is a moment after the SCM calls it dead, until the last container has its three replicas
CPU is counted, and what the clients wait is put beside what they waited before. The bytes are those
of the containers that the node had, as the SCM knew them before the loss.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.accounting import Charged
from bench.cluster import target_of
from bench.foreground import Foreground, Waited
from bench.local_cluster import LocalCluster, Members, local_cluster
from bench.measure import Operation, run_all
from bench.phases import LARGE_BYTES, put_operation
from bench.report import aligned, number, ratio
from bench.run import Target
from bench.session import Payload, Session

DATANODES: Final = 5
REPLICAS: Final = 3
# So that a node counts as dead soon, and there is more than one container to copy.
SETTINGS: Final = {
    "O3_SCM__HEARTBEAT_INTERVAL_MS": "1000",
    "O3_SCM__STALE_AFTER_SECONDS": "3",
    "O3_SCM__DEAD_AFTER_SECONDS": "6",
    "O3_STORAGE__CONTAINER_BYTES": "256MiB",
}
COPY_RATE_SETTING: Final = "O3_STORAGE__COPY_BYTES_PER_SECOND"
_POLL_SECONDS: Final = 0.5
_WAIT_SECONDS_MAX: Final = 600.0
_FILL_CONCURRENCY: Final = 4
_LOST_ID: Final = "dn1"


class NotRepaired(Exception):
    """What is waited for does not happen in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Attributes:
    fill_bytes: of objects, before replication.
    before_seconds: how long clients are measured before the loss.
    """

    fill_bytes: int
    before_seconds: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What one run gave.

    Attributes:
        containers, copied_bytes: that the lost node had, and were made again.
        until_begun_seconds: from the kill to the first copy.
        seconds: from then to the last container that was whole again.
        cpu_seconds: of each role in `seconds`; with what clients asked for meanwhile.
        before, during: what clients waited.
    """

    containers: int
    copied_bytes: int
    until_begun_seconds: float
    seconds: float
    cpu_seconds: dict[str, float]
    before: list[Waited]
    during: list[Waited]

    @property
    def gigabytes_per_second(self) -> float:
        return self.copied_bytes / 1e9 / self.seconds


class Observed:
    """The containers of a cluster, as its SCM tells them."""

    def __init__(self, cluster: LocalCluster) -> None:
        self._admin = cluster.admin()

    async def _get(self, path: str, **query: int) -> Any:
        return await asyncio.to_thread(lambda: self._admin.get(path, **query))

    async def held_by(self, node_id: str) -> dict[int, int]:
        """Containers with blocks of which a node has a replica, and their bytes."""
        page = await self._get("containers", after=0, count_max=1_000)
        held = dict[int, int]()
        for row in page["containers"]:
            view = await self._get(f"containers/{row['container_id']}")
            holders = [replica["node_id"] for replica in view["replicas"]]
            if row["block_count"] and node_id in holders:
                held[row["container_id"]] = row["used_bytes"]
        return held

    async def whole(self, container_id: int, *, without: str) -> bool:
        """Whether as many others as are wanted have all of it."""
        view = await self._get(f"containers/{container_id}")
        closed = [
            replica["node_id"]
            for replica in view["replicas"]
            if replica["state"] == "CLOSED" and replica["node_id"] != without
        ]
        return len(set(closed)) >= REPLICAS

    async def has_begun(self) -> bool:
        view = await self._get("replication")
        return bool(view["copies"] or view["made"])


async def fill(session: Session, load: Load) -> None:
    payload = Payload.random(LARGE_BYTES, random.Random(load.seed))
    count = max(1, load.fill_bytes // LARGE_BYTES)
    puts: list[Operation] = [
        put_operation(session.put(f"fill/{index}", payload), payload) for index in range(count)
    ]
    await run_all(session, puts, _FILL_CONCURRENCY)


async def measure_repair(cluster: LocalCluster, target: Target, load: Load) -> Repaired:
    """Raises NotRepaired."""
    session = target.session(f"bench-{secrets.token_hex(6)}", "STANDARD")
    client = session.client()
    await session.create_bucket(client)
    client.close()
    await fill(session, load)
    foreground, observed = Foreground(session, load.seed), Observed(cluster)
    await foreground.fill()
    async with foreground.running() as waited:
        await asyncio.sleep(load.before_seconds)
    before = waited()
    held = await observed.held_by(_LOST_ID)
    killed = time.perf_counter()
    await asyncio.to_thread(cluster.kill, _LOST_ID)
    charged = await asyncio.to_thread(cluster.charged)
    await _until_begun(observed)
    async with foreground.running() as waited:
        began, spent = time.perf_counter(), _spent(charged)
        await _until_whole(observed, set(held))
        seconds = time.perf_counter() - began
        after = _spent(charged)
    return Repaired(
        containers=len(held),
        copied_bytes=sum(held.values()),
        until_begun_seconds=began - killed,
        seconds=seconds,
        cpu_seconds={role: after[role] - spent[role] for role in after},
        before=before,
        during=waited(),
    )


def _spent(charged: Charged) -> dict[str, float]:
    return {role: usage.cpu_seconds for role, usage in charged.usage().items()}


async def _until_begun(observed: Observed) -> None:
    end = time.perf_counter() + _WAIT_SECONDS_MAX
    while not await observed.has_begun():
        if time.perf_counter() > end:
            raise NotRepaired("no copy was begun")
        await asyncio.sleep(_POLL_SECONDS / 5)


async def _until_whole(observed: Observed, left: set[int]) -> None:
    end = time.perf_counter() + _WAIT_SECONDS_MAX
    while left:
        if time.perf_counter() > end:
            raise NotRepaired(f"containers that lack a replica still: {sorted(left)[:10]}")
        await asyncio.sleep(_POLL_SECONDS)
        for container_id in list(left):
            if await observed.whole(container_id, without=_LOST_ID):
                left.discard(container_id)


def show(name: str, repaired: Repaired) -> None:
    cpu = sum(repaired.cpu_seconds.values())
    by_role = ", ".join(f"{role} {number(value)}" for role, value in repaired.cpu_seconds.items())
    print(
        f"{name}: {repaired.containers} containers, {number(repaired.copied_bytes / 1e9)} GB made "
        f"again in {number(repaired.seconds)} s ({number(repaired.gigabytes_per_second)} GB/s), "
        f"{number(repaired.until_begun_seconds)} s after the loss; CPU s with the clients' share: "
        f"{number(cpu)} ({by_role})"
    )
    names = (
        *("operation", "ops/s before", "during", "", "p50 ms before", "during", ""),
        *("p99 ms before", "during", "", "max ms before", "during", "errors"),
    )
    rows: list[tuple[str, ...]] = [names]
    for before, during in zip(repaired.before, repaired.during, strict=True):
        cells = [before.kind]
        for earlier, later in (
            (before.operations_per_second, during.operations_per_second),
            (before.p50_ms, during.p50_ms),
            (before.p99_ms, during.p99_ms),
        ):
            cells += [number(earlier), number(later), ratio(earlier, later)]
        cells += [number(before.max_ms), number(during.max_ms)]
        rows.append((*cells, str(before.errors + during.errors)))
    print(aligned(rows))


async def measure_repairs(
    data_parent: Path | None, load: Load, rates: Sequence[str], *, region: str
) -> bool:
    """One run on a new cluster for each rate of copies (bytes a second, 0: as fast as it goes).
    Whether no client had an error."""
    is_clean = True
    for rate in rates:
        settings = SETTINGS | {COPY_RATE_SETTING: rate}
        with local_cluster(data_parent, Members(datanodes=DATANODES), settings) as cluster:
            target = target_of(cluster, region=region, signs_payload=True)
            repaired = await measure_repair(cluster, target, load)
        show(f"copies at {rate} bytes/s a node", repaired)
        is_clean &= not any(each.errors for each in (*repaired.before, *repaired.during))
    return is_clean
