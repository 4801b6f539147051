"""What a handler is told of a call: who calls, until when, and for which client's request."""

import asyncio
import math

import pytest

from tests.contract.network_harness import BLOCK, KINDS, MIB, TIMEOUT_MS, Setting, run
from trioxygen.common.origin import Origin, set_origin
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Channel
from trioxygen.proto.v1.datanode_pb2 import (
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)

pytestmark = pytest.mark.parametrize("kind", KINDS)


async def all_three(channel: Channel) -> None:
    """A call, an upload, a download."""
    request = WriteSmallBlockRequest(block=BLOCK, data=b"12345")
    await channel.call(
        "DataNode/WriteSmallBlock", request, WriteSmallBlockReply, timeout_ms=TIMEOUT_MS
    )
    upload = await channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
    await upload.send(b"12345")
    await upload.finish(TIMEOUT_MS)
    header = ReadStreamHeader(block=BLOCK, length_bytes=MIB)
    async for _ in channel.download("DataNode/ReadStream", header, timeout_ms=TIMEOUT_MS):
        pass


def test_handler_is_told_the_role_and_the_node_that_calls(kind: str) -> None:
    async def test(setting: Setting) -> None:
        for role, node_id in ((Role.GATEWAY, "gw-1"), (Role.DATANODE, "dn-1")):
            setting.node.calls.clear()
            await all_three(setting.network.as_role(role, node_id).channel(setting.server.address))
            peers = [call.peer for call in setting.node.calls]
            assert [(peer.role, peer.node_id) for peer in peers] == [(role, node_id)] * 3
            # Another process may say what it likes; a part of this one is known.
            assert {peer.is_verified for peer in peers} == {kind != "grpc"}

    run(kind, test)


def test_handler_is_told_nothing_of_who_says_nothing(kind: str) -> None:
    async def test(setting: Setting) -> None:
        await all_three(setting.channel)
        assert {call.peer.role for call in setting.node.calls} == {Role.UNKNOWN}
        assert not any([call.peer.is_verified for call in setting.node.calls])

    run(kind, test)


def test_deadline_is_the_one_that_the_caller_has(kind: str) -> None:
    async def test(setting: Setting) -> None:
        loop = asyncio.get_running_loop()
        for timeout_ms in (20_000.0, 90_000.0):
            setting.node.calls.clear()
            sent_ms = loop.time() * 1_000
            request = WriteSmallBlockRequest(block=BLOCK, data=b"12345")
            await setting.channel.call(
                "DataNode/WriteSmallBlock", request, WriteSmallBlockReply, timeout_ms=timeout_ms
            )
            answered_ms = loop.time() * 1_000
            (call,) = setting.node.calls
            # A frame says whole milliseconds.
            latest_ms = answered_ms + timeout_ms
            assert sent_ms + timeout_ms - 2 <= call.deadline_ms <= latest_ms
            assert call.left_ms(call.deadline_ms - 7) == 7
            assert call.left_ms(call.deadline_ms + 7) == 0
        setting.node.calls.clear()
        await all_three(setting.channel)
        assert [call.deadline_ms for call in setting.node.calls[1:]] == [math.inf] * 2

    run(kind, test)


def test_request_id_and_trace_go_with_calls_and_streams(kind: str) -> None:
    async def test(setting: Setting) -> None:
        async def serve(origin: Origin) -> None:
            set_origin(origin)
            await all_three(setting.channel)

        origins = [Origin(f"request-{number}", f"trace-{number}") for number in range(20)]
        origins.append(Origin("request-alone", "request-alone"))
        # At once, so that frames of several requests share a batch.
        await asyncio.gather(*(serve(origin) for origin in origins))
        calls, actual = setting.node.calls, setting.node.origins
        assert len(calls) == 3 * len(origins)
        assert [Origin(call.request_id, call.trace) for call in calls] == actual
        assert sorted(actual, key=str) == sorted(3 * origins, key=str)
        calls.clear()
        await all_three(setting.channel)
        assert {(call.request_id, call.trace) for call in calls} == {("", "")}

    run(kind, test)
