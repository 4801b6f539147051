"""What every network does: calls, errors, bulk streams, bounds, stopping. Over one process with and
without encoding, and over gRPC on a local port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvloop

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    NoSpace,
    NoSuchBlock,
    NotLeader,
    Overloaded,
    TrioxygenError,
    Unavailable,
    UnknownMethod,
    Unreachable,
)
from trioxygen.common.grpc_config import GrpcConfig
from trioxygen.common.network import Channel, Network, Server, Service, Upload
from trioxygen.common.network_grpc import GrpcChannel, GrpcNetwork
from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.session import SessionLimits
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    DescribeDataNodeRequest,
    PutBlockReply,
    PutBlockRequest,
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
    WriteStreamReply,
)
from trioxygen.proto.v1.types_pb2 import BlockId

KINDS = ("local", "local-encoding", "grpc")
TIMEOUT_MS = 10_000.0
MIB = 2**20


@dataclass
class DataNodeDouble:
    """The DataNode's service, scripted by the local block id of a request."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    running: int = 0
    cancelled: int = 0
    received: list[bytes] = field(default_factory=list)
    pieces_sent: int = 0
    streams_ended: int = 0
    failure: TrioxygenError | None = None
    size_bytes: int = 0
    piece_bytes: int = MIB
    fail_after_pieces: int = 1

    def service(self) -> Service:
        return Service(
            datanode_pb2.DESCRIPTOR.services_by_name["DataNode"],
            calls={
                "WriteSmallBlock": self.echo_size,
                "ReadSmallBlock": self.read,
                "PutBlock": self.wait,
                "DescribeDataNode": self.fail,
            },
            uploads={"WriteStream": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )

    async def echo_size(self, request: WriteSmallBlockRequest) -> WriteSmallBlockReply:
        self.begun += 1
        return WriteSmallBlockReply(commit_sequence=len(request.data))

    async def read(self, request: ReadSmallBlockRequest) -> ReadSmallBlockReply:
        return ReadSmallBlockReply(data=bytes(request.length_bytes))

    async def wait(self, request: PutBlockRequest) -> PutBlockReply:
        self.begun += 1
        self.running += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return PutBlockReply(commit_sequence=request.size_bytes)

    async def fail(self, request: DescribeDataNodeRequest) -> DescribeDataNodeReply:
        assert self.failure is not None
        raise self.failure

    async def write_stream(
        self, header: WriteStreamHeader, pieces: AsyncIterator[Buffer]
    ) -> WriteStreamReply:
        if header.pipeline_id == "refused":
            raise NoSpace(volume="data-1", wanted=header.size_bytes_max)
        if header.pipeline_id == "late consent":
            await self.release.wait()
        self.begun += 1
        size_bytes = 0
        try:
            async for piece in pieces:
                size_bytes += len(piece)
                self.received.append(bytes(piece))
                if header.pipeline_id == "refused in the middle":
                    raise NoSpace(volume="data-1")
                if header.pipeline_id == "slow":
                    await self.release.wait()
        except BaseException:
            self.cancelled += 1
            raise
        finally:
            self.streams_ended += 1
        return WriteStreamReply(size_bytes=size_bytes)

    async def read_stream(self, header: ReadStreamHeader) -> AsyncIterator[Buffer]:
        if header.block.local == 404:
            raise NoSuchBlock(local=404)
        try:
            left = header.length_bytes
            while left:
                if header.block.local == 500 and self.pieces_sent == self.fail_after_pieces:
                    raise ChecksumMismatch(offset_bytes=self.pieces_sent * self.piece_bytes)
                piece = bytes([self.pieces_sent % 256]) * min(left, self.piece_bytes)
                left -= len(piece)
                self.pieces_sent += 1
                yield memoryview(piece)
        finally:
            self.streams_ended += 1


@dataclass
class Setting:
    network: Network
    server: Server
    channel: Channel
    node: DataNodeDouble

    async def put(self, size_bytes: int = 0, timeout_ms: float = TIMEOUT_MS) -> int:
        reply = await self.channel.call(
            "DataNode/PutBlock",
            PutBlockRequest(size_bytes=size_bytes),
            PutBlockReply,
            timeout_ms=timeout_ms,
        )
        return reply.commit_sequence

    async def echo(self, size_bytes: int) -> int:
        reply = await self.channel.call(
            "DataNode/WriteSmallBlock",
            WriteSmallBlockRequest(data=bytes(size_bytes)),
            WriteSmallBlockReply,
            timeout_ms=TIMEOUT_MS,
        )
        return reply.commit_sequence

    async def fail(self, failure: TrioxygenError) -> TrioxygenError:
        self.node.failure = failure
        with pytest.raises(TrioxygenError) as raised:
            await self.channel.call(
                "DataNode/DescribeDataNode",
                DescribeDataNodeRequest(),
                DescribeDataNodeReply,
                timeout_ms=TIMEOUT_MS,
            )
        return raised.value

    async def upload(self, pipeline_id: str = "") -> Upload:
        header = WriteStreamHeader(pipeline_id=pipeline_id, size_bytes_max=7)
        return await self.channel.upload("DataNode/WriteStream", header)

    def download(
        self, length_bytes: int, *, local: int = 1, timeout_ms: float = TIMEOUT_MS
    ) -> AsyncIterator[Buffer]:
        header = ReadStreamHeader(block=BlockId(local=local), length_bytes=length_bytes)
        return self.channel.download("DataNode/ReadStream", header, timeout_ms=timeout_ms)


@asynccontextmanager
async def opened(kind: str, config: GrpcConfig | None = None) -> AsyncIterator[Setting]:
    node = DataNodeDouble()
    if kind != "grpc":
        calls_max = 10_000 if config is None else config.session.calls_max
        local = LocalNetwork(encode=kind == "local-encoding", calls_in_flight_max=calls_max)
        server: Server = await local.serve("datanode-1", [node.service()])
        yield Setting(local, server, local.channel("datanode-1"), node)
        return
    network = GrpcNetwork(config, cluster_id="cluster-1", peer="test")
    server = await network.serve("127.0.0.1:0", [node.service()])
    try:
        yield Setting(network, server, network.channel(server.address), node)
    finally:
        node.release.set()
        await network.close()
        await server.stop()


Test = Callable[[Setting], Coroutine[Any, Any, None]]


def run(kind: str, test: Test, config: GrpcConfig | None = None) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), opened(kind, config) as setting:
            await test(setting)

    uvloop.run(main())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def refusal(awaitable: Awaitable[Any]) -> TrioxygenError:
    with pytest.raises(TrioxygenError) as raised:
        await awaitable
    return raised.value


pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_call_is_answered(kind: str) -> None:
    async def test(setting: Setting) -> None:
        assert await setting.echo(5) == 5
        assert await setting.echo(0) == 0
        assert await setting.echo(3 * MIB) == 3 * MIB

    run(kind, test)


def test_error_comes_back_as_the_same_class_with_its_facts(kind: str) -> None:
    async def test(setting: Setting) -> None:
        for failure in (
            NotLeader("ask another", leader="om-2", term=7),
            NoSuchBlock(container=1, local=2),
            ChecksumMismatch("bad", offset_bytes=65536),
            Internal("ours"),
        ):
            error = await setting.fail(failure)
            assert type(error) is type(failure)
            assert (error.facts, error.message, str(error)) == (
                failure.facts,
                failure.message,
                str(failure),
            )

    run(kind, test)


def test_unknown_method_is_refused(kind: str) -> None:
    async def test(setting: Setting) -> None:
        request = PutBlockRequest()
        for method in ("DataNode/Nothing", "Nobody/PutBlock"):
            call = setting.channel.call(method, request, PutBlockReply, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(call)) is UnknownMethod
            assert type(await refusal(setting.channel.upload(method, request))) is UnknownMethod
            pieces = setting.channel.download(method, request, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(anext(pieces))) is UnknownMethod

    run(kind, test)


def test_call_ends_at_its_deadline_on_both_sides(kind: str) -> None:
    async def test(setting: Setting) -> None:
        error = await refusal(setting.put(timeout_ms=50))
        assert type(error) is DeadlineExceeded
        assert error.facts["method"] == "DataNode/PutBlock"
        await until(lambda: setting.node.running == 0)
        assert setting.node.cancelled == 1
        assert await setting.echo(1) == 1

    run(kind, test)


def test_caller_that_gives_up_ends_the_call(kind: str) -> None:
    async def test(setting: Setting) -> None:
        call = asyncio.ensure_future(setting.put())
        await until(lambda: setting.node.running == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: setting.node.running == 0)
        assert setting.node.cancelled == 1

    run(kind, test)


def test_calls_run_at_the_same_time_and_end_in_any_order(kind: str) -> None:
    async def test(setting: Setting) -> None:
        waiting = [asyncio.ensure_future(setting.put(number)) for number in range(50)]
        await until(lambda: setting.node.running == 50)
        assert await setting.echo(9) == 9
        setting.node.release.set()
        assert await asyncio.gather(*waiting) == list(range(50))

    run(kind, test)


def test_calls_at_the_same_time_share_messages(kind: str) -> None:
    async def test(setting: Setting) -> None:
        async def client() -> None:
            for _ in range(20):
                await setting.echo(10)

        await asyncio.gather(*(client() for _ in range(16)))
        assert setting.node.begun == 320
        if isinstance(setting.channel, GrpcChannel):
            session = setting.channel.session
            assert session.calls_sent == 320
            assert session.batches_sent < 160

    run(kind, test)


def test_one_call_over_the_bound_is_overloaded(kind: str) -> None:
    async def test(setting: Setting) -> None:
        waiting = [asyncio.ensure_future(setting.put(number)) for number in range(4)]
        await until(lambda: setting.node.running == 4)
        assert type(await refusal(setting.put())) is Overloaded
        setting.node.release.set()
        assert await asyncio.gather(*waiting) == [0, 1, 2, 3]
        assert await setting.echo(1) == 1

    run(kind, test, GrpcConfig(session=SessionLimits(calls_max=4)))


@pytest.mark.parametrize("sizes", [[], [1], [MIB], [MIB + 1, 5], [3 * MIB + 7], [70_000] * 40])
def test_upload_arrives_whole(kind: str, sizes: list[int]) -> None:
    async def test(setting: Setting) -> None:
        pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
        upload = await setting.upload()
        for number, piece in enumerate(pieces):
            await upload.send(memoryview(piece) if number % 2 else piece)
        reply = await upload.finish(TIMEOUT_MS)
        assert reply.size_bytes == sum(sizes)
        assert b"".join(setting.node.received) == b"".join(pieces)
        if kind == "grpc":
            assert all(len(piece) <= MIB for piece in setting.node.received)
        await upload.cancel()

    run(kind, test)


def test_upload_that_is_refused_at_once_never_opens(kind: str) -> None:
    async def test(setting: Setting) -> None:
        error = await refusal(setting.upload("refused"))
        assert type(error) is NoSpace
        assert error.facts == {"volume": "data-1", "wanted": "7"}

    run(kind, test)


def test_upload_opens_once_the_receiver_takes_pieces(kind: str) -> None:
    async def test(setting: Setting) -> None:
        opening = asyncio.ensure_future(setting.upload("late consent"))
        await asyncio.sleep(0.05)
        assert not opening.done()
        setting.node.release.set()
        upload = await opening
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 0

    run(kind, test)


def test_upload_that_is_refused_in_the_middle_tells_why(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("refused in the middle")
        with pytest.raises(NoSpace) as raised:
            while True:
                await upload.send(bytes(MIB))
                await asyncio.sleep(0)
        assert raised.value.facts == {"volume": "data-1"}
        await upload.cancel()
        small = await setting.upload("refused in the middle")
        await small.send(b"x")
        assert type(await refusal(small.finish(TIMEOUT_MS))) is NoSpace

    run(kind, test)


def test_upload_that_is_cancelled_never_looks_complete(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload()
        await upload.send(bytes(MIB))
        await until(lambda: len(setting.node.received) == 1)
        await upload.cancel()
        await upload.cancel()
        await until(lambda: setting.node.streams_ended == 1)
        assert setting.node.cancelled == 1

    run(kind, test)


def test_opening_an_upload_can_be_given_up(kind: str) -> None:
    async def test(setting: Setting) -> None:
        opening = asyncio.ensure_future(setting.upload("late consent"))
        await asyncio.sleep(0.02)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        setting.node.release.set()
        assert await setting.echo(1) == 1

    run(kind, test)


def test_sender_waits_while_the_receiver_is_behind(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("slow")
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(200):
                await upload.send(bytes(MIB))
                sent += 1

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0.3)
        # What a connection holds on both sides: some MiB, not what there is to send.
        assert sent < 40
        setting.node.release.set()
        await sending
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 200 * MIB

    run(kind, test)


def test_finish_ends_at_its_deadline(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("slow")
        await upload.send(b"x")
        assert type(await refusal(upload.finish(50))) is DeadlineExceeded
        await upload.cancel()
        await until(lambda: setting.node.streams_ended == 1)

    run(kind, test)


@pytest.mark.parametrize("length", [0, 1, 65_536, MIB, MIB + 1, 5 * MIB + 3])
def test_download_arrives_whole(kind: str, length: int) -> None:
    async def test(setting: Setting) -> None:
        setting.node.piece_bytes = 300_000 if length > 2 * MIB else 3 * MIB
        data = b"".join([bytes(piece) async for piece in setting.download(length)])
        assert len(data) == length
        wanted = b"".join(
            bytes([number]) * min(setting.node.piece_bytes, length - start)
            for number, start in enumerate(range(0, length, setting.node.piece_bytes))
        )
        assert data == wanted

    run(kind, test)


def test_download_that_fails_tells_why_after_what_came_before(kind: str) -> None:
    async def test(setting: Setting) -> None:
        assert type(await refusal(anext(setting.download(1, local=404)))) is NoSuchBlock
        setting.node.fail_after_pieces = 3
        pieces: list[bytes] = []
        with pytest.raises(ChecksumMismatch) as raised:
            async for piece in setting.download(10 * MIB, local=500):
                pieces.append(bytes(piece))
        assert [len(piece) for piece in pieces] == [MIB] * 3
        assert raised.value.facts == {"offset_bytes": str(3 * MIB)}

    run(kind, test)


def test_download_that_is_closed_ends_at_the_server(kind: str) -> None:
    async def test(setting: Setting) -> None:
        pieces = setting.download(1000 * MIB)
        assert len(await anext(pieces)) == MIB
        close = getattr(pieces, "aclose", None)
        assert close is not None
        await close()
        await until(lambda: setting.node.streams_ended == 1)
        assert setting.node.pieces_sent < 100

    run(kind, test)


def test_stop_waits_for_calls_under_way_and_takes_no_new_ones(kind: str) -> None:
    async def test(setting: Setting) -> None:
        under_way = asyncio.ensure_future(setting.put(3))
        upload = await setting.upload()
        await until(lambda: setting.node.running == 1)
        stopping = asyncio.ensure_future(setting.server.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        assert isinstance(await refusal(setting.put()), Unavailable)
        setting.node.release.set()
        assert await under_way == 3
        assert not stopping.done()
        await upload.send(b"rest")
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 4
        await stopping
        assert type(await refusal(setting.put())) is Unreachable
        assert type(await refusal(setting.upload())) is Unreachable

    run(kind, test)


def test_client_finds_a_server_that_was_started_again(kind: str) -> None:
    async def test(setting: Setting) -> None:
        assert await setting.echo(1) == 1
        await setting.server.stop()
        assert type(await refusal(setting.echo(1))) is Unreachable
        again = await setting.network.serve(setting.server.address, [setting.node.service()])
        try:
            async with asyncio.timeout(5):
                while True:
                    try:
                        assert await setting.echo(2) == 2
                        break
                    except Unreachable:
                        await asyncio.sleep(0.02)
        finally:
            await again.stop()

    run(kind, test)


def test_nobody_at_an_address_is_unreachable(kind: str) -> None:
    async def test(setting: Setting) -> None:
        channel = setting.network.channel("127.0.0.1:1")
        request = PutBlockRequest()
        for _ in range(2):
            call = channel.call("DataNode/PutBlock", request, PutBlockReply, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(call)) is Unreachable
        upload = channel.upload("DataNode/WriteStream", WriteStreamHeader())
        assert type(await refusal(upload)) is Unreachable
        pieces = channel.download("DataNode/ReadStream", ReadStreamHeader(), timeout_ms=TIMEOUT_MS)
        assert type(await refusal(anext(pieces))) is Unreachable

    run(kind, test)
