"""An object whose DataNodes are lost on the way: what comes next goes to others."""

import asyncio

import pytest

from tests.unit.hdds.client.replicas import Freezable, address_of, served
from tests.unit.metadata.inline_runtime import inline_runtime
from trioxygen.common.clock import SystemClock
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlocksWritten
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import BlockRange, Pipeline

PIECE = bytes(range(256)) * 512
CONFIG = ClientConfig(
    member_slow_ms=150.0, receipt_grace_ms=50.0, straggler_ms=150.0, lag_bytes_max=len(PIECE)
)


class Om:
    """Leases blocks in the first of its pipelines that has none of the excluded nodes, else in the
    first of all."""

    def __init__(self, *pipelines: str) -> None:
        self.pipelines = [
            Pipeline(pipeline_id=number, datanodes=[address_of(name) for name in names])
            for number, names in enumerate(pipelines, 1)
        ]
        self.requests: list[om.LeaseBlocksRequest] = []

    async def renew_leases(self, request: om.RenewLeasesRequest) -> om.RenewLeasesReply:
        return om.RenewLeasesReply()

    async def release_leases(self, request: om.ReleaseLeasesRequest) -> om.ReleaseLeasesReply:
        return om.ReleaseLeasesReply()

    async def lease_blocks(self, request: om.LeaseBlocksRequest) -> om.LeaseBlocksReply:
        self.requests.append(request)
        excluded = set(request.excluded_node_ids)
        good = [
            pipeline
            for pipeline in self.pipelines
            if excluded.isdisjoint(node.node_id for node in pipeline.datanodes)
        ]
        pipeline = (good or self.pipelines)[0]
        return om.LeaseBlocksReply(
            lease_id=len(self.requests),
            blocks=BlockRange(
                container=pipeline.pipeline_id, first_local=100 * len(self.requests), count=8
            ),
            pipeline=pipeline,
            duration_ms=600_000,
            other_pipelines=len(good or self.pipelines) - 1,
        )


class Setting:
    def __init__(self, *pipelines: str) -> None:
        self.network = LocalNetwork(encode=True)
        self.nodes = {name: Freezable() for name in sorted(set("".join(pipelines)))}
        self.om = Om(*pipelines)
        self.runtime = inline_runtime(SystemClock(), network=self.network)
        self.pool = DataNodePool(self.network, self.runtime.clock, self.nowhere, CONFIG)
        self.ozone = OzoneStore(
            self.runtime,
            self.om,  # type: ignore[arg-type]
            BlockWriter(self.pool),
            BlockReader(self.pool),
            LeasingConfig(),
        )

    async def nowhere(self, container_ids: list[int]) -> list[ContainerLocation]:
        return []

    async def write(self, pieces: int, *, freeze: str, at: int, size_bytes: int | None) -> object:
        """One of the nodes freezes before a piece."""
        writer = self.ozone.store.contents.open_writer(size_bytes)
        for number in range(pieces):
            if number == at:
                self.nodes[freeze].freeze()
            await writer.send([PIECE])
        return await writer.finish()

    async def end(self) -> None:
        for node in self.nodes.values():
            node.thaw()
        await self.ozone.stop()
        await self.runtime.stop()


async def opened(*pipelines: str) -> Setting:
    setting = Setting(*pipelines)
    await served(setting.network, setting.nodes)
    return setting


@pytest.mark.parametrize("is_size_known", [True, False])
def test_what_follows_a_frozen_member_goes_to_a_block_without_it(is_size_known: bool) -> None:
    async def run() -> None:
        setting = await opened("abc", "ade", "bde")
        size_bytes = 40 * len(PIECE) if is_size_known else None
        written = await setting.write(40, freeze="a", at=10, size_bytes=size_bytes)
        assert isinstance(written, BlocksWritten)
        first, second = written.slices
        assert (first.container, second.container) == (1, 3)
        assert first.length_bytes >= 10 * len(PIECE)
        assert first.length_bytes + second.length_bytes == 40 * len(PIECE)
        assert list(setting.om.requests[-1].excluded_node_ids) == ["a"]
        whole = 40 * PIECE
        assert setting.nodes["b"].received == [
            whole[: first.length_bytes],
            whole[first.length_bytes :],
        ]
        assert setting.nodes["a"].received == []
        # Those that come later do not meet it at all.
        again = await setting.write(2, freeze="a", at=0, size_bytes=2 * len(PIECE))
        assert isinstance(again, BlocksWritten)
        assert [piece.container for piece in again.slices] == [3]
        for each in (written, again):
            each.committed()
        await setting.end()

    asyncio.run(run())


def test_object_stays_with_its_majority_where_there_is_no_other_pipeline() -> None:
    async def run() -> None:
        setting = await opened("abc")
        written = await setting.write(40, freeze="b", at=10, size_bytes=None)
        assert isinstance(written, BlocksWritten)
        assert sum(piece.length_bytes for piece in written.slices) == 40 * len(PIECE)
        assert len(written.slices) <= 2
        assert b"".join(setting.nodes["a"].received) == 40 * PIECE
        assert list(setting.nodes["a"].put[-1].holders) == ["a", "c"]
        written.committed()
        await setting.end()

    asyncio.run(run())
