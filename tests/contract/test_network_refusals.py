"""Where nobody listens: said at once by calls, uploads and downloads, and passed on at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from tests.contract.network_harness import (
    BLOCK,
    TIMEOUT_MS,
    DataNodeDouble,
    opened,
    refusal,
)
from tests.unit.metadata.inline_runtime import inline_runtime
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    ReadStreamHeader,
    WriteStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockRange, BlockSlice, DataNodeAddress, Pipeline

# Ports below 1024 that no test listens on.
NOBODY = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
# Not after a deadline of 30 s or more, on whatever machine.
AT_ONCE_SECONDS = 15
LARGE = BlockSlice(container=1, local=1, length_bytes=3_000_000)


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[GrpcNetwork]:
    network = GrpcNetwork(GrpcConfig(**options), cluster_id="cluster-1")
    try:
        yield network
    finally:
        await network.close()


async def at_once(call: Awaitable[Any]) -> TrioxygenError:
    """The error of what must fail soon."""
    began = time.monotonic()
    error = await refusal(call)
    assert time.monotonic() - began < AT_ONCE_SECONDS
    return error


def pool_of(network: Any, *addresses: str) -> DataNodePool:
    pipeline = Pipeline(
        pipeline_id=1,
        datanodes=[DataNodeAddress(node_id=address, address=address) for address in addresses],
    )

    async def locate(container_ids: list[int]) -> list[scm.ContainerLocation]:
        return [
            scm.ContainerLocation(
                container_id=container_id,
                replicas=[scm.ContainerReplica(datanode=each) for each in pipeline.datanodes],
            )
            for container_id in container_ids
        ]

    return DataNodePool(network, SystemClock(), locate)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(120):
            await test()

    uvloop.run(main())


def test_refused_connection_is_told_apart_from_silence() -> None:
    async def test() -> None:
        async with client() as network:
            channel = network.channel(NOBODY[0])
            for _ in range(3):
                put = channel.call(
                    "DataNode/PutBlock",
                    PutBlockRequest(block=BLOCK),
                    PutBlockReply,
                    timeout_ms=TIMEOUT_MS,
                )
                upload = channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
                pieces = channel.download(
                    "DataNode/ReadStream", ReadStreamHeader(block=BLOCK), timeout_ms=TIMEOUT_MS
                )
                for call in (put, upload, anext(pieces)):
                    error = await at_once(call)
                    assert isinstance(error, Unreachable) and error.is_refused

    run(test)


def test_read_of_a_refusing_datanode_fails_at_once() -> None:
    async def test() -> None:
        async with client() as network:
            reader = BlockReader(pool_of(network, *NOBODY))
            piece = BlockSlice(container=1, local=1, length_bytes=10)
            for _ in range(2):
                assert isinstance(await at_once(reader.read_small(piece)), Unreachable)
                error = await at_once(anext(reader.stream(LARGE)))
                assert isinstance(error, Unreachable)

    run(test)


def test_read_goes_to_the_replica_that_listens() -> None:
    async def test() -> None:
        async with opened("grpc") as setting:
            reader = BlockReader(pool_of(setting.network, NOBODY[0], setting.server.address))
            began = time.monotonic()
            pieces = [
                bytes(each)
                async for each in reader.stream(
                    BlockSlice(container=1, local=1, length_bytes=3_000_000)
                )
            ]
            assert sum(map(len, pieces)) == 3_000_000
            assert time.monotonic() - began < AT_ONCE_SECONDS

    run(test)


def test_server_that_said_goodbye_is_waited_for() -> None:
    """A rolling restart: its clients see nothing of it."""

    async def test() -> None:
        async with opened("grpc") as setting:
            address = setting.server.address
            assert await setting.echo(1) == 1
            reader = BlockReader(pool_of(setting.network, address))

            async def read() -> int:
                return sum(
                    [
                        len(each)
                        async for each in reader.stream(
                            BlockSlice(container=1, local=1, length_bytes=3_000_000)
                        )
                    ]
                )

            await setting.server.stop()
            waiting = asyncio.ensure_future(read())
            put = setting.put()
            error = await refusal(put)
            assert isinstance(error, Unreachable) and not error.is_refused
            assert not waiting.done()
            again = await setting.network.serve(address, [DataNodeDouble().service()])
            assert await waiting == 3_000_000
            await again.stop()

    run(test)


def test_server_that_stays_away_after_its_goodbye_is_refused() -> None:
    async def test() -> None:
        async with opened("grpc", GrpcConfig(restart_ms=200.0)) as setting:
            assert await setting.echo(1) == 1
            await setting.server.stop()
            error = await refusal(setting.put())
            while isinstance(error, Unreachable) and not error.is_refused:
                await asyncio.sleep(0.02)
                error = await refusal(setting.put())
            assert isinstance(error, Unreachable)

    run(test)


def test_deserted_group_is_given_up_soon() -> None:
    async def test() -> None:
        async with client() as network:
            runtime = inline_runtime(SystemClock(), network=network)
            asking = LeaderClient(
                runtime,
                om.DESCRIPTOR.services_by_name["OzoneManager"],
                NOBODY,
                refused_ms=300.0,
            )
            for request, reply in (
                (om.LookupKeyRequest(), om.LookupKeyReply),
                (om.CreateBucketRequest(), om.CreateBucketReply),
            ):
                error = await at_once(asking.call(request, reply))
                assert isinstance(error, DeadlineExceeded) and "gave up" in str(error)
            await runtime.stop()

    run(test)


class Om:
    """Leases blocks of one pipeline, whose DataNode is not there."""

    async def renew_leases(self, request: om.RenewLeasesRequest) -> om.RenewLeasesReply:
        return om.RenewLeasesReply()

    async def release_leases(self, request: om.ReleaseLeasesRequest) -> om.ReleaseLeasesReply:
        return om.ReleaseLeasesReply()

    async def lease_blocks(self, request: om.LeaseBlocksRequest) -> om.LeaseBlocksReply:
        return om.LeaseBlocksReply(
            lease_id=1,
            blocks=BlockRange(container=1, first_local=1, count=16),
            pipeline=Pipeline(
                pipeline_id=1,
                datanodes=[DataNodeAddress(node_id="dn", address=NOBODY[0])],
            ),
            duration_ms=600_000,
        )


@pytest.mark.parametrize("size_bytes", [10, 1_000_000])
def test_write_to_the_only_datanode_that_refuses_fails_at_once(size_bytes: int) -> None:
    async def test() -> None:
        async with client() as network:
            pool = pool_of(network)
            runtime = inline_runtime(SystemClock(), network=network)
            ozone = OzoneStore(
                runtime,
                Om(),  # type: ignore[arg-type]
                BlockWriter(pool),
                BlockReader(pool),
                LeasingConfig(),
            )

            contents = ozone.store.contents

            async def write() -> None:
                if size_bytes <= contents.small_bytes_max:
                    await contents.write_small(bytes(size_bytes))
                    return
                writer = contents.open_writer(size_bytes)
                try:
                    await writer.send([bytes(size_bytes)])
                finally:
                    await writer.cancel()

            assert isinstance(await at_once(write()), Unreachable)
            await runtime.stop()

    run(test)
