"""Many slow readers and writers at once: what they cost the server, and whom they keep waiting.

Each begins fast (a burst fills every buffer on the way), then goes on at a trickle. Meanwhile one
ordinary client stores and reads objects: what it waits is what the slow ones cost the others.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.accounting import process_tree
from bench.session import KIB, MIB, Payload, Session, expect, xml_texts
from bench.signing import UNSIGNED_PAYLOAD, Endpoint, Signer

OBJECT_BYTES: Final = 64 * MIB
PROBE_BYTES: Final = MIB
_CONNECTING_MAX: Final = 64
# How writers send: whole objects, parts of one upload, objects in aws-chunked framing, or in turn.
KINDS: Final = ("object", "part", "chunked", "mixed")
_CHUNK_BYTES: Final = 64 * KIB
_PROBE_PAUSE_SECONDS: Final = 0.2
# Well below the time after which servers close.
_IDLE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Attributes:
    idle: connections that have had an answer and ask for nothing more.
    burst_bytes: moved at full speed before the trickle.
    trickle_bytes: moved each second after that.
    kind: of KINDS.
    """

    readers: int
    writers: int
    idle: int = 0
    kind: str = "object"
    burst_bytes: int
    trickle_bytes: int
    seconds: float

    def kind_of(self, writer: int) -> str:
        return KINDS[writer % 3] if self.kind == "mixed" else self.kind


@dataclass(slots=True)
class Seen:
    """What happened.

    Attributes:
        before_bytes, peak_bytes: the most the server has had resident before the crowd, and with
            it.
        settled: clients that have begun, or were ended before that.
        begun_ms: until all had begun.
        probes_ms: of an ordinary client's PUT and GET.
    """

    before_bytes: int = 0
    peak_bytes: int = 0
    settled: int = 0
    begun: int = 0
    ended_early: int = 0
    begun_ms: float = 0
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
        self.upload_id = ""

    async def _burst(self, connection: socket.socket, work: Coroutine[Any, Any, None]) -> bool:
        """Does what comes before the trickle; whether the server let it."""
        try:
            async with self._connecting:
                await asyncio.get_running_loop().sock_connect(
                    connection, (self._endpoint.host, self._endpoint.port)
                )
                await work
        except OSError:
            self.seen.ended_early += 1
            return False
        finally:
            work.close()
            self.seen.settled += 1
        self.seen.begun += 1
        return True

    async def read(self, key: str) -> None:
        loop, crowd = asyncio.get_running_loop(), self._crowd
        with _client() as connection:

            async def burst() -> None:
                head = self._signer.head("GET", f"/{self._bucket}/{key}")
                await loop.sock_sendall(connection, head)
                left_bytes = crowd.burst_bytes
                while left_bytes > 0:
                    data = await loop.sock_recv(connection, min(left_bytes, 256 * KIB))
                    if not data:
                        raise ConnectionError("ended in the burst")
                    left_bytes -= len(data)

            if not await self._burst(connection, burst()):
                return
            try:
                while await loop.sock_recv(connection, crowd.trickle_bytes):  # noqa: ASYNC110
                    await asyncio.sleep(1)
            except OSError:
                pass
            self.seen.ended_early += 1

    async def write(self, number: int) -> None:
        loop, crowd = asyncio.get_running_loop(), self._crowd
        framed = self._framing(number)
        with _client() as connection:

            async def burst() -> None:
                await loop.sock_sendall(connection, self._put_head(number))
                left_bytes = crowd.burst_bytes
                while left_bytes > 0:
                    size_bytes = min(_CHUNK_BYTES, left_bytes)
                    await loop.sock_sendall(connection, framed(size_bytes))
                    left_bytes -= size_bytes

            if not await self._burst(connection, burst()):
                return
            try:
                while True:
                    await loop.sock_sendall(connection, framed(crowd.trickle_bytes))
                    await asyncio.sleep(1)
            except OSError:
                self.seen.ended_early += 1

    async def idle(self) -> None:
        """Asks now and then, and keeps its connection."""
        loop = asyncio.get_running_loop()
        with _client() as connection:

            async def ask() -> None:
                head = self._signer.head("HEAD", f"/{self._bucket}/large")
                await loop.sock_sendall(connection, head)
                if not await loop.sock_recv(connection, 4 * KIB):
                    raise ConnectionError("ended")

            if not await self._burst(connection, ask()):
                return
            try:
                while True:
                    await asyncio.sleep(_IDLE_SECONDS)
                    await ask()
            except OSError:
                self.seen.ended_early += 1

    def _put_head(self, number: int) -> bytes:
        path = f"/{self._bucket}/slow/{number}"
        kind = self._crowd.kind_of(number)
        if kind == "chunked":
            chunks = -(-OBJECT_BYTES // _CHUNK_BYTES)
            return self._signer.head(
                "PUT", path,
                payload_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                size_bytes=OBJECT_BYTES + chunks * 10 + 64,
                headers=(
                    ("x-amz-decoded-content-length", str(OBJECT_BYTES)),
                    ("x-amz-trailer", "x-amz-checksum-crc32"),
                ),
            )  # fmt: skip
        query: list[tuple[str, str]] = []
        if kind == "part":
            path = f"/{self._bucket}/parts"
            query = [("partNumber", str(number + 1)), ("uploadId", self.upload_id)]
        return self._signer.head(
            "PUT", path, query=query, payload_sha256=UNSIGNED_PAYLOAD, size_bytes=OBJECT_BYTES
        )

    def _framing(self, number: int) -> Callable[[int], bytes]:
        """Makes so many bytes of the body."""
        if self._crowd.kind_of(number) == "chunked":
            return lambda size_bytes: b"%x\r\n%s\r\n" % (size_bytes, bytes(size_bytes))
        return bytes


@contextmanager
def _client() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.setblocking(False)
        yield made


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
) -> Seen:
    """What the crowd cost the server, and everybody else.

    Args:
        slow_signer: of the slow clients; `session` is the ordinary client's.
    """
    rng = Random(seed)
    client = session.client()
    await session.create_bucket(client)
    large = Payload.random(OBJECT_BYTES, rng)
    expect(await client.send(session.put("large", large)), 200)
    client.close()
    slow = SlowClients(session.endpoint, slow_signer, session.bucket, crowd)
    if crowd.kind in ("part", "mixed"):
        client = session.client()
        created = expect(await client.send(session.post("parts", [("uploads", "")])), 200)
        [slow.upload_id] = xml_texts(created.body, "UploadId")
        client.close()
    seen = slow.seen
    seen.before_bytes = peak_resident_bytes(server_pid)
    work: list[Coroutine[Any, Any, None]] = [slow.idle() for _ in range(crowd.idle)]
    work += [slow.read("large") for _ in range(crowd.readers)]
    work += [slow.write(number) for number in range(crowd.writers)]
    began = time.perf_counter()
    tasks = [asyncio.create_task(piece) for piece in work]
    tasks.append(asyncio.create_task(_probe(session, seen, Payload.random(PROBE_BYTES, rng))))
    try:
        while seen.settled < len(work):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        seen.begun_ms = (time.perf_counter() - began) * 1_000
        await asyncio.sleep(crowd.seconds)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    seen.peak_bytes = peak_resident_bytes(server_pid)
    return seen


def show(crowd: Crowd, seen: Seen) -> None:
    probes = sorted(seen.probes_ms)
    print(
        f"slow readers {crowd.readers}, writers {crowd.writers} ({crowd.kind}), idle {crowd.idle},"
        f" burst {crowd.burst_bytes // KIB} KiB: begun {seen.begun}, ended early"
        f" {seen.ended_early}\nserver peak resident {seen.peak_bytes / MIB:.0f} MiB, before them"
        f" {seen.before_bytes / MIB:.0f} MiB\nothers: PUT and GET of 1 MiB {len(probes)} times,"
        f" p50 {probes[len(probes) // 2]:.0f} ms, slowest {probes[-1]:.0f} ms,"
        f" failed {len(seen.probes_failed)}"
    )
    for failure in seen.probes_failed[:3]:
        print(f"  {failure[:300]}")
