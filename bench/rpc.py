"""What a call and a bulk stream cost between two processes: `python -m bench.rpc`.

CPU is that of both processes together. `unary` is the same method called the ordinary gRPC way, to
compare."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import grpc.aio
import uvloop

from bench.accounting import process_tree_usage
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Service
from trioxygen.common.rpc.network_grpc import GrpcChannel, GrpcNetwork
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
    WriteStreamReply,
)
from trioxygen.proto.v1.types_pb2 import BlockId

MIB = 2**20
BLOCK = BlockId(container=1, local=1)
TIMEOUT_MS = 30_000.0
BLOCK_BYTES = 64 * MIB


class Echo:
    """A DataNode without disks."""

    def __init__(self) -> None:
        self._piece = bytes(MIB)

    def service(self) -> Service:
        descriptor = datanode_pb2.DESCRIPTOR.services_by_name["DataNode"]
        plain = [
            method
            for method in descriptor.methods
            if not (method.client_streaming or method.server_streaming)
        ]
        return Service(
            descriptor,
            calls={method.name: self.refuse for method in plain}
            | {"WriteSmallBlock": self.write_small},
            uploads={
                method.name: self.refuse_stream
                for method in descriptor.methods
                if method.client_streaming
            }
            | {"WriteStream": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )

    async def refuse(self, request: Any, call: Call) -> NoReturn:
        raise InvalidRequest("not measured")

    async def refuse_stream(
        self, header: Any, pieces: AsyncIterator[Buffer], call: Call
    ) -> NoReturn:
        raise InvalidRequest("not measured")

    async def write_small(
        self, request: WriteSmallBlockRequest, call: Call
    ) -> WriteSmallBlockReply:
        return WriteSmallBlockReply(commit_sequence=len(request.data))

    async def write_stream(
        self, header: WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> WriteStreamReply:
        size_bytes = 0
        async for piece in pieces:
            size_bytes += len(piece)
        return WriteStreamReply(size_bytes=size_bytes)

    async def read_stream(self, header: ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        for _ in range(header.length_bytes // MIB):
            yield self._piece


async def serve() -> None:
    """Until standard input ends."""
    network = GrpcNetwork()
    server = await network.serve("127.0.0.1:0", [Echo().service()])
    print(server.address, flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()
    await server.stop()


@asynccontextmanager
async def server_process() -> AsyncIterator[tuple[int, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.rpc",
        "--serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    yield process.pid, (await process.stdout.readline()).decode().strip()
    process.stdin.close()
    await process.wait()


class Meter:
    def __init__(self, server_pid: int) -> None:
        self._server_pid = server_pid
        self._began = (time.perf_counter(), *self._cpu())

    def _cpu(self) -> tuple[float, float]:
        return time.process_time(), process_tree_usage(self._server_pid).cpu_seconds

    def read(self) -> tuple[float, float, float]:
        """Seconds since the start: elapsed, CPU of the client, CPU of the server."""
        now = (time.perf_counter(), *self._cpu())
        elapsed, client, server = (new - old for new, old in zip(now, self._began, strict=True))
        return elapsed, client, server


async def many(operation: Callable[[], Awaitable[object]], in_flight: int, seconds: float) -> int:
    stop_at, count = time.perf_counter() + seconds, 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter() < stop_at:
            await operation()
            count += 1

    await asyncio.gather(*(client() for _ in range(in_flight)))
    return count


async def measure_calls(
    operation: Callable[[], Awaitable[object]], what: str, in_flight: int, seconds: float, pid: int
) -> dict[str, object]:
    await many(operation, in_flight, seconds / 10)
    meter = Meter(pid)
    count = await many(operation, in_flight, seconds)
    elapsed, client, server = meter.read()
    return {
        "what": what,
        "in_flight": in_flight,
        "calls_per_second": round(count / elapsed),
        "cpu_ms_per_call": round((client + server) / count * 1e3, 4),
        "client_ms": round(client / count * 1e3, 4),
        "server_ms": round(server / count * 1e3, 4),
        "mean_ms": round(elapsed * in_flight / count * 1e3, 3),
    }


async def measure_bulk(
    operation: Callable[[], Awaitable[object]], what: str, streams: int, seconds: float, pid: int
) -> dict[str, object]:
    await operation()
    meter = Meter(pid)
    moved = await many(operation, streams, seconds) * BLOCK_BYTES
    elapsed, client, server = meter.read()
    return {
        "what": what,
        "streams": streams,
        "megabytes_per_second": round(moved / 1e6 / elapsed),
        "cpu_s_per_gb": round((client + server) / moved * 1e9, 3),
        "client_s_per_gb": round(client / moved * 1e9, 3),
        "server_s_per_gb": round(server / moved * 1e9, 3),
    }


def upload_of(channel: GrpcChannel, piece_bytes: int) -> Callable[[], Awaitable[object]]:
    piece = bytes(piece_bytes)

    async def upload() -> None:
        stream = await channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
        for _ in range(BLOCK_BYTES // piece_bytes):
            await stream.send(piece)
        reply = await stream.finish(TIMEOUT_MS)
        assert reply.size_bytes == BLOCK_BYTES

    return upload


async def measure(seconds: float, body_bytes: int) -> None:
    async with server_process() as (pid, address):
        network = GrpcNetwork()
        channel = network.channel(address)
        request = WriteSmallBlockRequest(block=BLOCK, data=bytes(body_bytes))
        plain = grpc.aio.insecure_channel(address)
        write_small = plain.unary_unary(
            "/trioxygen.proto.v1.DataNode/WriteSmallBlock",
            request_serializer=WriteSmallBlockRequest.SerializeToString,
            response_deserializer=WriteSmallBlockReply.FromString,
        )

        async def call() -> None:
            await channel.call(
                "DataNode/WriteSmallBlock", request, WriteSmallBlockReply, timeout_ms=TIMEOUT_MS
            )

        async def unary() -> None:
            await write_small(request, timeout=TIMEOUT_MS / 1_000)

        async def download() -> None:
            header, size_bytes = ReadStreamHeader(block=BLOCK, length_bytes=BLOCK_BYTES), 0
            pieces = channel.download("DataNode/ReadStream", header, timeout_ms=TIMEOUT_MS)
            async for piece in pieces:
                size_bytes += len(piece)
            assert size_bytes == BLOCK_BYTES

        for in_flight in (1, 8, 32):
            session = channel.session
            calls, batches = session.calls_sent, session.batches_sent
            result = await measure_calls(call, "session", in_flight, seconds, pid)
            calls, batches = session.calls_sent - calls, session.batches_sent - batches
            print(json.dumps({**result, "calls_per_batch": round(calls / batches, 1)}))
        print(json.dumps(await measure_calls(unary, "unary", 8, seconds, pid)))
        for streams in (1, 4):
            for piece_bytes in (MIB, 256 * 1024):
                what = f"upload, pieces of {piece_bytes // 1024} KiB"
                upload = upload_of(channel, piece_bytes)
                print(json.dumps(await measure_bulk(upload, what, streams, seconds, pid)))
            print(json.dumps(await measure_bulk(download, "download", streams, seconds, pid)))
        await plain.close()
        await network.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="only the server, on a free port")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measurement")
    parser.add_argument("--body-bytes", type=int, default=100, help="of a call's request")
    arguments = parser.parse_args()
    if arguments.serve:
        uvloop.run(serve())
    else:
        uvloop.run(measure(arguments.seconds, arguments.body_bytes))


if __name__ == "__main__":
    main()
