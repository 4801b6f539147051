"""What every network does with calls: answers, errors, deadlines, bounds, stops and restarts."""

import asyncio

import pytest

from tests.contract.network_harness import (
    BLOCK,
    KINDS,
    MIB,
    TIMEOUT_MS,
    Setting,
    refusal,
    run,
    until,
)
from trioxygen.common.errors import (
    ChecksumMismatch,
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    NoSuchBlock,
    NotLeader,
    Overloaded,
    Unavailable,
    UnknownMethod,
    Unreachable,
)
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.network_grpc import GrpcChannel
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockId

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
        request = PutBlockRequest(block=BLOCK)
        for method in ("DataNode/Nothing", "Nobody/PutBlock"):
            call = setting.channel.call(method, request, PutBlockReply, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(call)) is UnknownMethod
            assert type(await refusal(setting.channel.upload(method, request))) is UnknownMethod
            pieces = setting.channel.download(method, request, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(anext(pieces))) is UnknownMethod

    run(kind, test)


def test_call_ends_at_its_deadline_on_both_sides(kind: str) -> None:
    async def test(setting: Setting) -> None:
        # The connection is there: the call reaches the server before its deadline.
        assert await setting.echo(1) == 1
        error = await refusal(setting.put(timeout_ms=1_000))
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
            async with asyncio.timeout(60):
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
        request = PutBlockRequest(block=BLOCK)
        for _ in range(2):
            call = channel.call("DataNode/PutBlock", request, PutBlockReply, timeout_ms=TIMEOUT_MS)
            assert type(await refusal(call)) is Unreachable
        upload = channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
        assert type(await refusal(upload)) is Unreachable
        pieces = channel.download(
            "DataNode/ReadStream", ReadStreamHeader(block=BLOCK), timeout_ms=TIMEOUT_MS
        )
        assert type(await refusal(anext(pieces))) is Unreachable

    run(kind, test)


def test_request_outside_of_its_rules_never_reaches_a_handler(kind: str) -> None:
    async def test(setting: Setting) -> None:
        channel, wrong = setting.channel, BlockId(container=2**64 - 1, local=1)
        for refused in (
            channel.call(
                "DataNode/WriteSmallBlock",
                WriteSmallBlockRequest(block=wrong, data=b"1"),
                WriteSmallBlockReply,
                timeout_ms=TIMEOUT_MS,
            ),
            channel.upload("DataNode/WriteStream", WriteStreamHeader(block=wrong)),
            anext(
                channel.download(
                    "DataNode/ReadStream", ReadStreamHeader(block=wrong), timeout_ms=TIMEOUT_MS
                )
            ),
        ):
            error = await refusal(refused)
            assert type(error) is InvalidRequest
            assert error.message.startswith("block.container is to be ")
        assert setting.node.begun == setting.node.pieces_sent == 0
        # The session goes on.
        assert await setting.echo(5) == 5

    run(kind, test)
