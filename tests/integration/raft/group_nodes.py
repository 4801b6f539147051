"""Nodes of one group in one process: real logs, real stores, a network in between that encodes."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import Message

from tests.integration.raft.group_membership import GroupMembership, GroupPlace
from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Server
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.membership.directory import MembershipDirectory
from trioxygen.metadata.raft.membership.discovery import DiscoveryConfig
from trioxygen.metadata.raft.membership.joining import Joining
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.replication.executor import Executor, ExecutorConfig
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.om_pb2 import KeyToDelete
from trioxygen.proto.v1.replication_pb2 import WorkReply

GROUP = GroupId(1)
ROWS = Table(2, "rows")
TABLES = (META, RETRIES.table, ROWS)


def put(txn: CapturingTxn, command: KeyToDelete, now: Now) -> Message | Refusal:
    txn.put(ROWS, command.key, now.next_id().to_bytes(8, "big") + b"v" * 200)
    return WorkReply()


@dataclass
class Node:
    """One life of a node.

    Attributes:
    store: closed with the node.
    """

    node_id: str
    runtime: Runtime
    wal: WriteAheadLog
    store: Store
    transport: RaftTransport
    server: Server
    membership: GroupMembership
    executor: Executor | None = None
    opening: "asyncio.Task[None] | None" = None

    @property
    def joining(self) -> Joining:
        return self.membership.joining

    def is_leader(self) -> bool:
        return self.executor is not None and self.executor.replica.is_leader()

    def keys(self) -> set[bytes]:
        with self.store.read() as txn:
            return {key for key, _ in txn.scan(ROWS, prefix=b"")}

    def state(self) -> dict[bytes, bytes]:
        with self.store.read() as txn:
            return {
                name: value
                for table in TABLES
                for key, value in txn.scan(table, prefix=b"")
                if (name := table.name.encode() + b"/" + key) != b"meta/applied"
            }


def address(node_id: str) -> str:
    return f"{node_id}.example:1"


@dataclass
class Cluster:
    """Args:
    kind: of the stores: memory or lmdb.
    """

    folder: Path
    kind: str = "memory"
    network: LocalNetwork = field(default_factory=lambda: LocalNetwork(encode=True))
    peers: tuple[str, ...] = ("om-1", "om-2", "om-3")
    nodes: dict[str, Node] = field(default_factory=dict)
    log_keep_bytes: int = 64 * 1024
    memory_stores: dict[str, Store] = field(default_factory=dict)

    def make_store(self, node_id: str) -> Store:
        if self.kind == "lmdb":
            return LmdbStore(self.folder / node_id / "om", TABLES)
        return self.memory_stores.setdefault(node_id, MemoryStore(TABLES))

    def close_store(self, store: Store) -> None:
        """One in memory stays what it is."""
        if self.kind == "lmdb":
            store.close()

    async def start(self, node_id: str) -> Node:
        """Returns while it still looks for its group: see `opening`."""
        assert node_id not in self.nodes
        runtime = system_runtime(self.network)
        folder = self.folder / node_id
        wal = await WriteAheadLog.open(folder / "log", runtime, WalConfig(segment_bytes=256 * 1024))
        directory = MembershipDirectory()
        transport = RaftTransport(
            runtime,
            address=address(node_id),
            membership=directory,
            # All nodes stand still together: what they sent is read before many ticks are made.
            config=RaftTransportConfig(tick_ms=25, ticks_at_once_max=4),
        )
        server = await self.network.serve(address(node_id), [transport.service])
        place = GroupPlace(
            group=GROUP,
            node_id=node_id,
            address=address(node_id),
            peers=[Peer(peer, address(peer)) for peer in self.peers],
            identity_path=folder / "om.identity.json",
        )
        membership = GroupMembership(runtime, wal, transport, directory, place)
        node = Node(node_id, runtime, wal, self.make_store(node_id), transport, server, membership)
        self.nodes[node_id] = node
        node.opening = asyncio.get_running_loop().create_task(self._open(node))
        return node

    async def _open(self, node: Node) -> None:
        replica = await node.membership.open(
            node.store,
            config=RaftReplicaConfig(
                core=RaftConfig(heartbeat_ticks=2), log_keep_bytes=self.log_keep_bytes
            ),
            discovery=DiscoveryConfig(pause_ms=20),
        )
        executor = Executor(
            name="om",
            runtime=node.runtime,
            store=node.store,
            replica=replica,
            tables=(ROWS,),
            handlers={KeyToDelete: put},
            config=ExecutorConfig(),
            first_members=node.membership.first_members,
        )
        await executor.start()
        node.executor = executor
        node.membership.follow(executor, name="om")

    async def start_all(self) -> None:
        for node_id in self.peers:
            await self.start(node_id)
        await asyncio.gather(*(node.opening for node in self.nodes.values() if node.opening))

    async def stop(self, node_id: str) -> None:
        node = self.nodes.pop(node_id)
        assert node.opening is not None
        node.opening.cancel()
        await asyncio.gather(node.opening, return_exceptions=True)
        if node.executor is not None:
            await node.executor.stop()
        node.transport.stop()
        await node.server.stop()
        await node.wal.close()
        self.close_store(node.store)
        await node.runtime.stop()

    async def stop_all(self) -> None:
        for node_id in list(self.nodes):
            await self.stop(node_id)

    def lose_disk(self, node_id: str) -> None:
        shutil.rmtree(self.folder / node_id)
        self.memory_stores.pop(node_id, None)

    async def leader(self) -> Node:
        await until(lambda: any(node.is_leader() for node in self.nodes.values()))
        return next(node for node in self.nodes.values() if node.is_leader())

    async def write(self, *keys: bytes) -> None:
        """Until all are acknowledged."""
        left = set(keys)
        while left:
            executor = (await self.leader()).executor
            assert executor is not None
            doing = sorted(left)
            results = await asyncio.gather(
                *(executor.execute(KeyToDelete(key=key)) for key in doing),
                return_exceptions=True,
            )
            for key, result in zip(doing, results, strict=True):
                if isinstance(result, Unavailable):
                    continue
                if isinstance(result, BaseException):
                    raise result
                left.discard(key)
            await asyncio.sleep(0.01)

    async def voters(self) -> list[str]:
        """Node ids, by the leader's state."""
        leader = await self.leader()
        configuration = leader.membership.replica.status().configuration
        assert not configuration.outgoing or configuration.is_joint
        return sorted(
            member.node_id
            for member in leader.joining.members()
            if member.replica in configuration.voters
        )

    async def settled(self) -> None:
        """All nodes hold what the leader holds."""

        def same() -> bool:
            leaders = [node for node in self.nodes.values() if node.is_leader()]
            return bool(leaders) and all(
                node.state() == leaders[0].state() for node in self.nodes.values()
            )

        await until(same)


async def until(is_true: Callable[[], bool], *, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 - what is waited for is in the nodes
            await asyncio.sleep(0.01)
