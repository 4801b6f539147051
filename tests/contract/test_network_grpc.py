"""What only gRPC has: the unary way, health, reflection, TLS, clusters, peers that fall silent."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.contract.certificates import Authority
from tests.contract.network_harness import (
    BLOCK,
    TIMEOUT_MS,
    DataNodeDouble,
    Setting,
    opened,
    refusal,
    until,
)
from trioxygen.common.errors import (
    InvalidRequest,
    NotLeader,
    Overloaded,
    Unavailable,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.network import Channel
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    DescribeDataNodeRequest,
    PutBlockReply,
    PutBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import ErrorDetail

DATANODE = "trioxygen.proto.v1.DataNode"


async def echo(channel: Channel) -> int:
    request = WriteSmallBlockRequest(block=BLOCK, data=b"12345")
    reply = await channel.call(
        "DataNode/WriteSmallBlock", request, WriteSmallBlockReply, timeout_ms=TIMEOUT_MS
    )
    return reply.commit_sequence


def test_unary_call_is_answered_and_tells_errors_in_its_status() -> None:
    async def test() -> None:
        async with (
            opened("grpc") as setting,
            grpc.aio.insecure_channel(setting.server.address) as plain,
        ):
            write = plain.unary_unary(
                f"/{DATANODE}/WriteSmallBlock",
                request_serializer=WriteSmallBlockRequest.SerializeToString,
                response_deserializer=WriteSmallBlockReply.FromString,
            )
            assert (
                await write(WriteSmallBlockRequest(block=BLOCK, data=b"123"))
            ).commit_sequence == 3
            describe = plain.unary_unary(
                f"/{DATANODE}/DescribeDataNode",
                request_serializer=DescribeDataNodeRequest.SerializeToString,
                response_deserializer=DescribeDataNodeReply.FromString,
            )
            setting.node.failure = NotLeader("ask another", leader="om-2")
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await describe(DescribeDataNodeRequest())
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
            assert raised.value.details() == "ask another (leader=om-2)"
            trailing: dict[str, Any] = dict(raised.value.trailing_metadata() or ())
            detail = ErrorDetail.FromString(trailing["trioxygen-error-bin"])
            assert error_from_detail(detail).facts == {"leader": "om-2"}
            # An error of any length fits the metadata.
            setting.node.failure = NotLeader("x" * 200_000)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await describe(DescribeDataNodeRequest())
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE

    uvloop.run(test())


def test_server_tells_its_health_and_its_services() -> None:
    async def test() -> None:
        async with (
            opened("grpc") as setting,
            grpc.aio.insecure_channel(setting.server.address) as plain,
        ):
            health: Any = health_pb2_grpc.HealthStub(plain)
            for service in ("", DATANODE):
                answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            untyped: Any = plain
            reflection: Any = reflection_pb2_grpc.ServerReflectionStub(untyped)
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            async for actual in reflection.ServerReflectionInfo(iter([request])):
                names = {service.name for service in actual.list_services_response.service}
                assert {DATANODE, "trioxygen.proto.v1.Session", "grpc.health.v1.Health"} <= names
            under_way = asyncio.ensure_future(setting.put())
            await until(lambda: setting.node.running == 1)
            stopping = asyncio.ensure_future(setting.server.stop())
            async with asyncio.timeout(60):
                while answer.status != health_pb2.HealthCheckResponse.NOT_SERVING:
                    answer = await health.Check(health_pb2.HealthCheckRequest(service=DATANODE))
            assert not stopping.done()
            setting.node.release.set()
            await asyncio.gather(under_way, stopping)

    uvloop.run(test())


def test_session_of_another_cluster_is_refused() -> None:
    async def test() -> None:
        async with opened("grpc") as setting:
            stranger = GrpcNetwork(cluster_id="cluster-2", peer="stranger")
            channel = stranger.channel(setting.server.address)
            for _ in range(2):
                error = await refusal(echo(channel))
                assert type(error) is InvalidRequest
                assert error.facts == {"own": "cluster-1", "other": "cluster-2", "peer": "stranger"}
            upload = channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
            assert type(await refusal(upload)) is InvalidRequest
            assert setting.node.begun == 0
            stranger.cluster_id = "cluster-1"
            await asyncio.sleep(0.1)
            assert await echo(channel) == 5
            await stranger.close()

    uvloop.run(test())


def test_server_bounds_sessions_and_streams_together() -> None:
    async def test() -> None:
        async with opened("grpc", GrpcConfig(calls_in_flight_max=2)) as setting:
            under_way = asyncio.ensure_future(setting.put())
            upload = await setting.upload()
            assert type(await refusal(setting.put())) is Overloaded
            assert type(await refusal(setting.upload())) is Overloaded
            await upload.cancel()
            await until(lambda: setting.node.streams_ended == 1)
            setting.node.release.set()
            await under_way
            assert await setting.echo(3) == 3

    uvloop.run(test())


def test_stop_cancels_what_is_under_way_once_its_grace_is_over() -> None:
    async def test() -> None:
        async with opened("grpc", GrpcConfig(stop_grace_ms=50)) as setting:
            under_way = asyncio.ensure_future(setting.put())
            await until(lambda: setting.node.running == 1)
            await setting.server.stop()
            assert setting.node.cancelled == 1
            assert isinstance(await refusal(under_way), Unavailable)

    uvloop.run(test())


def test_header_that_is_too_large_is_refused_at_the_sender() -> None:
    async def test() -> None:
        async with opened("grpc") as setting:
            # Of no upload: whatever the header is, its size is looked at first.
            header = PutBlockRequest(block=BLOCK, checksums=bytes(40_000))
            opening = setting.channel.upload("DataNode/WriteStream", header)
            assert type(await refusal(opening)) is InvalidRequest

    uvloop.run(test())


def test_two_servers_cannot_listen_on_one_port() -> None:
    async def test() -> None:
        async with opened("grpc") as setting:
            with pytest.raises(OSError, match="cannot listen"):
                await setting.network.serve(setting.server.address, [])

    uvloop.run(test())


# A server of its own, so that it can be stopped in the middle of everything.
SERVER = """
import asyncio, sys
from tests.contract.network_harness import DataNodeDouble
from trioxygen.common.rpc.network_grpc import GrpcNetwork

async def main():
    server = await GrpcNetwork().serve("127.0.0.1:0", [DataNodeDouble().service()])
    print(server.address, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def python_path() -> str:
    return os.pathsep.join(entry for entry in sys.path if entry)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSTOP])
def test_server_that_falls_silent_or_dies_is_unreachable(
    signal_number: signal.Signals, python_path: str
) -> None:
    async def test() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVER),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": python_path},
        )
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().strip()
        network = GrpcNetwork(GrpcConfig(ping_interval_ms=1_000, ping_timeout_ms=2_000))
        channel = network.channel(address)
        try:
            assert await echo(channel) == 5
            call = channel.call(
                "DataNode/PutBlock", PutBlockRequest(block=BLOCK), PutBlockReply, timeout_ms=90_000
            )
            upload = await channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
            waiting = asyncio.ensure_future(call)
            await asyncio.sleep(0.05)
            process.send_signal(signal_number)
            async with asyncio.timeout(60):
                assert type(await refusal(waiting)) is Unreachable
                assert type(await refusal(upload.finish(90_000))) is Unreachable
        finally:
            if signal_number is not signal.SIGKILL:
                process.kill()
            await process.wait()
            await network.close()

    uvloop.run(test())


def test_tls_lets_in_only_whom_the_authority_knows(tmp_path: Path) -> None:
    ours, theirs = Authority("ours"), Authority("theirs")
    server_tls = ours.write(tmp_path, "server")
    assert b"PRIVATE" in server_tls.private_key
    assert "PRIVATE" not in repr(server_tls)
    anonymous = Tls(
        certificate=b"", private_key=b"", authority=server_tls.authority, client_certificates=False
    )
    strangers = (None, theirs.write(tmp_path, "stranger", "gateway/gw-1"), anonymous)

    async def test() -> None:
        node = DataNodeDouble()
        server = await GrpcNetwork(tls=server_tls).serve("127.0.0.1:0", [node.service()])
        friend = GrpcNetwork(tls=ours.write(tmp_path, "client", "gateway/gw-1"))
        channel = friend.channel(server.address)
        assert await echo(channel) == 5
        setting = Setting(friend, server, channel, node)
        upload = await setting.upload()
        await upload.send(b"x" * 3_000_000)
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 3_000_000
        assert sum([len(piece) async for piece in setting.download(5_000_000)]) == 5_000_000
        for tls in strangers:
            stranger = GrpcNetwork(tls=tls)
            assert type(await refusal(echo(stranger.channel(server.address)))) is Unreachable
            await stranger.close()
        await friend.close()
        await server.stop()

    uvloop.run(test())


def test_fields_that_are_not_known_here_never_reach_a_handler() -> None:
    async def test() -> None:
        async with (
            opened("grpc") as setting,
            grpc.aio.insecure_channel(setting.server.address) as plain,
        ):
            write: Any = plain.unary_unary(f"/{DATANODE}/WriteSmallBlock")
            request = WriteSmallBlockRequest(block=BLOCK, data=b"123").SerializeToString()
            # Field 99, a million bytes.
            unknown = b"\x9a\x06\xc0\x84\x3d" + bytes(1_000_000)
            await write(request + unknown)
            assert setting.node.last_request_bytes == len(request)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await write(WriteSmallBlockRequest(data=b"123").SerializeToString())
            assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    uvloop.run(test())
