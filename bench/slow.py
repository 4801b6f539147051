"""Many slow readers and writers at once: what they cost the server, and whom they keep waiting.

Each begins fast (a burst fills every buffer on the way), then goes on at a trickle. Meanwhile one
ordinary client stores and reads objects: what it waits is what the slow ones cost the others.
"""

import asyncio
import socket
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.accounting import process_tree
from bench.session import MIB, Payload, Session, expect
from bench.signing import UNSIGNED_PAYLOAD, Endpoint, Signer

OBJECT_BYTES: Final = 64 * MIB
PROBE_BYTES: Final = MIB
_CONNECTING_MAX: Final = 64
_PROBE_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Attributes:
    burst_bytes: moved at full speed before the trickle.
    trickle_bytes: moved each second after that.
    """

    readers: int
    writers: int
    burst_bytes: int
    trickle_bytes: int
    seconds: float


@dataclass(slots=True)
class Seen:
    """What happened. Attributes: probes_ms: of an ordinary client's PUT and GET."""

    begun: int = 0
    ended_early: int = 0
    probes_ms: list[float] = field(default_factory=list)
    probes_failed: list[str] = field(default_factory=list)


def peak_resident_bytes(root_pid: int) -> int:
    """The sum of the greatest resident sizes of a process and its descendants."""
    total = 0
    for pid in process_tree(root_pid):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) * 1_024
    return total


class SlowClients:
    """Raw sockets: what a reader has not read stays in the kernel and in the server."""

    def __init__(self, endpoint: Endpoint, signer: Signer, bucket: str, crowd: Crowd) -> None:
        self._endpoint, self._signer, self._bucket, self._crowd = endpoint, signer, bucket, crowd
        self._connecting = asyncio.Semaphore(_CONNECTING_MAX)
        self.seen = Seen()

    async def _connected(self) -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(
            made, (self._endpoint.host, self._endpoint.port)
        )
        return made

    async def read(self, key: str) -> None:
        loop, crowd = asyncio.get_running_loop(), self._crowd
        head = self._signer.head("GET", f"/{self._bucket}/{key}")
        async with self._connecting:
            connection = await self._connected()
            await loop.sock_sendall(connection, head)
            left_bytes = crowd.burst_bytes
            try:
                while left_bytes > 0:
                    data = await loop.sock_recv(connection, min(left_bytes, 256 * 1_024))
                    if not data:
                        raise ConnectionError("ended in the burst")
                    left_bytes -= len(data)
            except OSError:
                self.seen.ended_early += 1
                connection.close()
                return
        self.seen.begun += 1
        try:
            while await loop.sock_recv(connection, crowd.trickle_bytes):  # noqa: ASYNC110
                await asyncio.sleep(1)
            self.seen.ended_early += 1
        except OSError:
            self.seen.ended_early += 1
        finally:
            connection.close()

    async def write(self, key: str) -> None:
        loop, crowd = asyncio.get_running_loop(), self._crowd
        head = self._signer.head(
            "PUT", f"/{self._bucket}/{key}",
            payload_sha256=UNSIGNED_PAYLOAD, size_bytes=OBJECT_BYTES,
        )  # fmt: skip
        async with self._connecting:
            connection = await self._connected()
            try:
                await loop.sock_sendall(connection, head)
                for _ in range(0, crowd.burst_bytes, MIB):
                    await loop.sock_sendall(connection, bytes(min(MIB, crowd.burst_bytes)))
            except OSError:
                self.seen.ended_early += 1
                connection.close()
                return
        self.seen.begun += 1
        try:
            while True:
                await loop.sock_sendall(connection, bytes(crowd.trickle_bytes))
                await asyncio.sleep(1)
        except OSError:
            self.seen.ended_early += 1
        finally:
            connection.close()


async def _probe(session: Session, seen: Seen, payload: Payload) -> None:
    """An ordinary client, until it is cancelled."""
    client = session.client()
    try:
        while True:
            started = time.perf_counter()
            try:
                expect(await client.send(session.put("probe", payload)), 200, etag=payload.etag)
                expect(await client.send(session.get("probe")), 200, etag=payload.etag)
            except Exception as error:  # whatever it is, it is the finding
                seen.probes_failed.append(f"{type(error).__name__}: {error}")
            seen.probes_ms.append((time.perf_counter() - started) * 1_000)
            await asyncio.sleep(_PROBE_PAUSE_SECONDS)
    finally:
        client.close()


async def measure_slow(
    session: Session,
    slow_signer: Signer,
    crowd: Crowd,
    *,
    server_pid: int,
    seed: int,
) -> bool:
    """Prints what the crowd cost; whether everybody else was served.

    Args:
        slow_signer: of the slow clients; `session` is the ordinary client's.
    """
    rng = Random(seed)
    client = session.client()
    await session.create_bucket(client)
    large = Payload.random(OBJECT_BYTES, rng)
    expect(await client.send(session.put("large", large)), 200)
    client.close()
    before_bytes = peak_resident_bytes(server_pid)
    slow = SlowClients(session.endpoint, slow_signer, session.bucket, crowd)
    seen = slow.seen
    work: list[Coroutine[Any, Any, None]] = [slow.read("large") for _ in range(crowd.readers)]
    work += [slow.write(f"slow/{number}") for number in range(crowd.writers)]
    tasks = [asyncio.create_task(one) for one in work]
    tasks.append(asyncio.create_task(_probe(session, seen, Payload.random(PROBE_BYTES, rng))))
    try:
        while seen.begun + seen.ended_early < crowd.readers + crowd.writers:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await asyncio.sleep(crowd.seconds)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    peak_bytes = peak_resident_bytes(server_pid)
    probes = sorted(seen.probes_ms)
    print(
        f"slow readers {crowd.readers}, writers {crowd.writers}: begun {seen.begun}, ended early"
        f" {seen.ended_early}\nserver peak resident {peak_bytes / MIB:.0f} MiB, before them"
        f" {before_bytes / MIB:.0f} MiB\nothers: PUT and GET of 1 MiB {len(probes)} times,"
        f" p50 {probes[len(probes) // 2]:.0f} ms, slowest {probes[-1]:.0f} ms,"
        f" failed {len(seen.probes_failed)}"
    )
    for failure in seen.probes_failed[:3]:
        print(f"  {failure[:300]}")
    return not seen.probes_failed
