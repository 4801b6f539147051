"""A DataNode, made of its parts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder.names import MOUNTS_FILE
from trioxygen.cli.wiring.clients import build_scm_client, build_scm_clients
from trioxygen.cli.wiring.part import Node, Part
from trioxygen.cli.wiring.rings import ring_transport
from trioxygen.cli.wiring.volume_folder import DiskFolder
from trioxygen.common import logs
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.transport.transport import RaftTransport

log = logs.get(__name__)

_RING_WAIT_SECONDS: Final = 5.0


def build_datanode(
    config: Config,
    data: Path,
    runtime: Runtime,
    scm_addresses: Sequence[str],
    metrics: WalMetrics,
    *,
    node_id: str,
    address: str,
    advertised_address: str = "",
    is_only: bool = False,
) -> tuple[DataNode, RaftTransport]:
    """Args:
    data: the folder of the node, or store. Unless the configuration names volumes, the only one is
        in it.
    scm_addresses: of all SCMs: each is told where replicas are.
    address: to listen on.
    advertised_address: told to the SCM; empty: the same.
    is_only: no other node has what it has: its only disk is read for as long as it can be. One of
        several that fails is taken out all the same: the others go on taking data.
    """
    storage = config.storage
    transport = ring_transport(runtime, advertised_address or address, storage)
    named = [Path(path) for path in config.datanode.volumes]
    folders = [
        DiskFolder(
            runtime,
            config,
            path,
            log_name="ring" if number == 1 else f"ring-{number}",
            metrics=metrics,
            transport=transport,
            is_mounted=bool(named),
        )
        for number, path in enumerate(named or [data / "datanode"], start=1)
    ]
    stays = is_only and len(folders) == 1
    scm = build_scm_client(config, runtime, list(scm_addresses))
    datanode = DataNode(
        runtime,
        DataNodeConfig(
            node_id=node_id,
            address=address,
            advertised_address=advertised_address,
            block_bytes_max=storage.block_bytes,
            # The SCM closes containers; this only stops one whose closing is late.
            container_bytes_max=storage.container_bytes * 5 // 4,
            space_reserve_bytes=storage.reserved_bytes or None,
            scrub_bytes_per_s=storage.scrub_bytes_per_second,
            copy_bytes_per_s=storage.copy_bytes_per_second,
            nameless_keep_ms=storage.orphan_keep_seconds * SECOND_MS,
            scrub_interval_ms=storage.scrub_interval_seconds * SECOND_MS,
            disk_probe_ms=0 if stays else storage.disk_probe_seconds * SECOND_MS,
        ),
        folders,
        build_scm_clients(config, runtime, scm_addresses),
        services=[replace(transport.service, group_of=Role.DATANODE)],
        locate=scm.locate,
        token_keys=KnownTokenKeys(runtime, scm.token_keys) if config.uses_block_tokens else None,
        mounts_file=data / MOUNTS_FILE if named else None,
    )
    return datanode, transport


class DataNodePart(Part):
    """Args:
    listen, advertised: as `build_datanode` has them.
    metrics: of the logs of this process.
    is_only: no other DataNode is. Its ring is waited for, since whoever starts a store in one
        process writes at once; not for ever, since what keeps a ring from coming (a full disk)
        keeps nobody from reading.
    """

    def __init__(
        self,
        node: Node,
        metrics: WalMetrics,
        *,
        listen: str,
        advertised: str = "",
        is_only: bool = False,
    ) -> None:
        self._is_only = is_only
        self._node, self._metrics = node, metrics
        self._listen, self._advertised = listen, advertised
        self._scm = build_scm_client(node.config, node.runtime, list(node.scms))
        self._transport: RaftTransport | None = None
        self._datanode: DataNode | None = None

    @property
    def address(self) -> str:
        return self._datanode.address if self._datanode is not None else ""

    async def open(self) -> None:
        node = self._node
        self._datanode, self._transport = build_datanode(
            node.config,
            node.data,
            node.runtime,
            node.scms,
            self._metrics,
            node_id=node.node_id,
            address=self._listen,
            advertised_address=self._advertised,
            is_only=self._is_only,
        )
        await self._datanode.open()
        node.readiness.full_if(self._datanode.is_full)

    async def start(self) -> None:
        assert self._datanode is not None
        await self._datanode.start()
        # A node of another cluster learns it here, and ends; heartbeats would go on for ever.
        await self._node.retry_while_unavailable("the SCM", partial(self._scm.locate, []))
        await self._datanode.registered.wait()
        if self._is_only:
            await self._until_written_to(self._datanode)
        self._node.readiness.require(self._datanode.takes_writes)

    async def _until_written_to(self, datanode: DataNode) -> None:
        try:
            async with asyncio.timeout(_RING_WAIT_SECONDS):
                await datanode.ring_known.wait()
        except TimeoutError:
            log.warning("no_ring_yet", waited_seconds=_RING_WAIT_SECONDS)

    async def stop(self) -> None:
        if self._datanode is not None:
            await self._datanode.stop()
        if self._transport is not None:
            self._transport.stop()
