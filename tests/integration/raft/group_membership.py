"""A replica of a leader-executed group from its folder on: who it is, which group, who else.

The order matters, and is kept here: nothing is told before it is durable, and no log is begun
before the group is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.membership.directory import MembershipDirectory
from trioxygen.metadata.raft.membership.discovery import Discovery, DiscoveryConfig
from trioxygen.metadata.raft.membership.identity import (
    Identity,
    IdentityFile,
    Member,
    check_state,
    member_of,
)
from trioxygen.metadata.raft.membership.joining import Joining, MembershipWorker
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.state import read_applied
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1.raft_pb2 import HardState
from trioxygen.proto.v1.replication_pb2 import DeleteMember, MemberRow, PutMember


class ExecutorMembers:
    """Implements `joining.MemberTable`: the members are rows of the state like any others."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def members(self) -> Sequence[Member]:
        return [member_of(row) for row in self._executor.members()]

    async def put(self, member: Member) -> None:
        await self._executor.execute(PutMember(member=member.row()))

    async def delete(self, replica: ReplicaId) -> None:
        await self._executor.execute(DeleteMember(replica_id=replica))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlace:
    """Where a replica stands.

    Attributes:
    address: where others reach the process.
    peers: as configured, the own node among them unless it was added later.
    identity_path: of a file beside the log and the store's folder, in none that they replace.
    """

    group: GroupId
    node_id: str
    address: str
    peers: Sequence[Peer]
    identity_path: Path


class GroupMembership:
    """What one replica of a group needs besides its executor.

        membership = GroupMembership(runtime, wal, transport, directory, place)
        replica = await membership.open(store)
        executor = Executor(..., replica=replica, first_members=membership.first_members)
        await executor.start()
        membership.follow(executor, name="om")

    Args:
        transport: serves already, and asks `directory`.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        transport: RaftTransport,
        directory: MembershipDirectory,
        place: GroupPlace,
    ) -> None:
        self._runtime, self._wal = runtime, wal
        self._transport, self._directory, self._place = transport, directory, place
        self._members: Callable[[], Sequence[MemberRow]] = lambda: ()
        self.identity: Identity
        self.replica: RaftReplica
        self.joining: Joining

    async def open(
        self,
        store: Store,
        *,
        config: RaftReplicaConfig | None = None,
        discovery: DiscoveryConfig | None = None,
    ) -> RaftReplica:
        """Finds the group, or begins it with the peers: returns when that is done, however long
        they take.

        Raises:
            InvalidRequest, UnknownFormat, ChecksumMismatch: the folder, the peers and the
                configuration do not belong together; says which.
        """
        place, run = self._place, self._runtime.blocking.run
        has_log = place.group in self._wal.groups()
        file = IdentityFile(self._runtime.disk, place.identity_path, self._runtime.rng)
        identity = await run(file.open, place.node_id)
        identity = await run(lambda: file.check_log(identity, has_log=has_log))
        self._directory.announce(place.group, identity, place.peers)
        discover = Discovery(
            self._runtime,
            file,
            group=place.group,
            address=place.address,
            peers=place.peers,
            config=discovery,
        )
        identity = await discover.find_group(identity)
        self._directory.announce(place.group, identity, place.peers)
        if not has_log:
            await self._begin_log(store, identity)
        self.identity = await run(file.log_was_begun, identity)
        self.replica = RaftReplica(
            self._runtime,
            self._wal,
            self._transport,
            group=place.group,
            replica=identity.replica,
            group_digest=identity.group_digest,
            configuration=identity.first_configuration(),
            addresses=self._address_of,
            config=config,
        )
        return self.replica

    async def _begin_log(self, store: Store, identity: Identity) -> None:
        with store.read() as txn:
            applied = read_applied(txn)
        check_state(identity, applied.index)
        group = self._place.group
        if applied.index:
            await self._wal.reset(group, applied.index, applied.term)
        else:
            # A log that holds nothing at all is not found again.
            state = HardState(term=1)
            await self._wal.append(group, hard_state=state.SerializeToString())

    @property
    def first_members(self) -> Sequence[MemberRow]:
        """For the executor: the first leader writes them down."""
        return [first_member.row() for first_member in self.identity.first_members]

    def _address_of(self, replica: ReplicaId) -> str:
        for row in self._members():
            if row.replica_id == replica:
                return row.address
        for member in self.identity.first_members:
            if member.replica == replica:
                return member.address
        return ""

    def follow(self, executor: Executor, *, name: str) -> Joining:
        """Takes part in changes of the members from now on. The executor runs.

        Args:
            name: of the worker that makes them, for logs and metrics.
        """
        self._members = executor.members
        self.joining = Joining(
            self._runtime.clock,
            self.replica,
            ExecutorMembers(executor),
            group=self._place.group,
            group_digest=self.identity.group_digest,
        )
        place = self._place
        self._directory.announce(place.group, self.identity, place.peers, self.joining)
        self._runtime.tasks.start_worker(MembershipWorker(self.joining, f"{name}-membership"))
        return self.joining
