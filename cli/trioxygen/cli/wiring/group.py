"""A member of the OM's or of the SCM's Raft group, in a process of its own: it finds its group, is
found by others, and runs the replica under a service."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from google.protobuf.descriptor import ServiceDescriptor

from trioxygen.cli.config.services import CLOCK_DRIFT_TICKS
from trioxygen.cli.folder.parts import loaded_mark
from trioxygen.cli.wiring.gate import Gate
from trioxygen.cli.wiring.group_config import BuildService, GroupConfig, ReplicatedService
from trioxygen.common.errors import LogCorrupt, TrioxygenError
from trioxygen.common.finishing import to_the_end
from trioxygen.common.rpc.call import role_named
from trioxygen.common.rpc.network import Service
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Worker
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.membership.admin import GroupAdmin
from trioxygen.metadata.raft.membership.directory import MembershipDirectory
from trioxygen.metadata.raft.membership.discovery import Discovery
from trioxygen.metadata.raft.membership.identity import (
    Identity,
    IdentityFile,
    Member,
    check_state,
    member_of,
)
from trioxygen.metadata.raft.membership.joining import Joining, MembershipWorker
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.healing import Healer
from trioxygen.proto.v1 import raft_pb2
from trioxygen.proto.v1 import replication_pb2 as replication

_IDENTITY_FILE: Final = "identity.json"


class GroupMember:
    """`open`, then serve `services`, then `start`; `stop` at any time.

    Args:
        wal: of the process; its owner closes it.
        data: the node's data folder.
        descriptor: of the service that `build` will make; calls before that are NotLeader.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        data: Path,
        config: GroupConfig,
        descriptor: ServiceDescriptor,
    ) -> None:
        self._runtime, self._wal, self._config = runtime, wal, config
        self._file = IdentityFile(runtime.disk, data / _IDENTITY_FILE, runtime.rng)
        self._loaded_mark, self._log = loaded_mark(data, config.name), data / "log"
        self._gate = Gate(config.name, descriptor)
        self._directory = MembershipDirectory()
        self._transport = RaftTransport(
            runtime,
            address=config.address,
            membership=self._directory,
            config=RaftTransportConfig(
                tick_ms=config.tick_ms, ticks_at_once_max=config.election_ticks - 1
            ),
        )
        self._identity: Identity
        self._admin: GroupAdmin
        self._service: ReplicatedService | None = None
        self._workers: list[asyncio.Task[None]] = []
        self.replica: RaftReplica | None = None

    async def open(self) -> list[Service]:
        """Who this replica is; what its process has to serve before `start`.

        Raises: Corrupt errors, InvalidRequest: the folder is not this node's, or not whole."""
        config = self._config
        has_log = config.group in self._wal.groups()
        identifying = self._runtime.blocking.run(self._open_identity, has_log)
        self._identity = await to_the_end(identifying)
        self._directory.announce(config.group, self._identity, config.peers)
        self._admin = GroupAdmin(config.name, self._identity)
        role = role_named(config.name)
        return [
            replace(self._transport.service, group_of=role),
            self._gate.service,
            replace(self._admin.service, group_of=role),
        ]

    def _open_identity(self, has_log: bool) -> Identity:
        identity = self._file.open(self._config.node_id)
        if identity.has_log and not has_log and len(self._config.peers) == 1:
            if not self._runtime.disk.exists(self._loaded_mark):
                raise LogCorrupt(
                    "the log is gone, and no other replica has what it held", file=str(self._log)
                )
            # A group begins with the state of the dump: who this was belonged to the one before.
            return self._file.make(self._config.node_id)
        return self._file.check_log(identity, has_log=has_log)

    async def start(self, build: BuildService) -> None:
        """Returns when the replica takes part in its group, which may have to be found first.

        Raises: InvalidRequest: the peers will not have it."""
        config, group = self._config, self._config.group
        discovery = Discovery(
            self._runtime,
            self._file,
            group=group,
            address=config.address,
            peers=config.peers,
        )
        identity = await discovery.find_group(self._identity)
        self._directory.announce(group, identity, config.peers)
        replica = self._replica(identity)
        service = build(replica, [member.row() for member in identity.first_members])
        self._service = service
        executor = service.executor
        await self._begin_log(identity, executor)
        identity = await self._runtime.blocking.run(self._log_was_begun, identity)
        await service.start()
        self.replica = replica
        joining = Joining(
            self._runtime.clock,
            replica,
            _Members(executor),
            group=group,
            group_digest=identity.group_digest,
        )
        self._directory.announce(group, identity, config.peers, joining)
        self._start_worker(MembershipWorker(joining, f"{config.name}-membership"))

        async def snapshot() -> int:
            await executor.make_durable()
            return executor.applied_index()

        healer = Healer(
            config.name,
            self._runtime,
            executor,
            {table.number: table for table in executor.tables},
            group_digest=identity.group_digest,
            others=lambda: [
                member.address for member in joining.members() if member.replica != identity.replica
            ],
        )
        self._start_worker(healer)
        self._admin.attach(identity, replica, joining, snapshot, healer.read_rows)
        self._gate.open(service.service)

    def _log_was_begun(self, identity: Identity) -> Identity:
        begun = self._file.log_was_begun(identity)
        self._runtime.disk.remove(self._loaded_mark)
        return begun

    def _replica(self, identity: Identity) -> RaftReplica:
        config = self._config
        first = {member.replica: member.address for member in identity.first_members}

        def address_of(replica: ReplicaId) -> str:
            if self._service is not None:
                for row in self._service.executor.members():
                    if row.replica_id == replica:
                        return row.address
            return first.get(replica, "")

        core = RaftConfig(
            election_ticks=config.election_ticks,
            heartbeat_ticks=config.heartbeat_ticks,
            lease_reads=config.lease_reads,
            clock_drift_ticks=CLOCK_DRIFT_TICKS,
        )
        return RaftReplica(
            self._runtime,
            self._wal,
            self._transport,
            group=config.group,
            replica=identity.replica,
            configuration=identity.first_configuration(),
            addresses=address_of,
            group_digest=identity.group_digest,
            config=config.replica or RaftReplicaConfig(core=core),
        )

    async def _begin_log(self, identity: Identity, executor: Executor) -> None:
        """Something of the group is in the log before anything is promised: without it a later
        start could not tell a lost log from one that never was."""
        group, applied = self._config.group, executor.applied()
        if group in self._wal.groups():
            return
        check_state(identity, applied.index)
        if applied.index:
            # A state that was loaded, or that outlived its log, under a new identity.
            await self._wal.reset(group, applied.index, applied.term)
        else:
            state = raft_pb2.HardState(term=1)
            await self._wal.append(group, hard_state=state.SerializeToString())

    async def until_current(self) -> None:
        """Returns when a read here would be linearizable. Raises: Unavailable errors."""
        assert self.replica is not None
        await self.replica.read_barrier()

    @property
    def failure(self) -> TrioxygenError | None:
        """Why the replica takes part no more."""
        return self.replica.failure if self.replica is not None else None

    @property
    def is_full(self) -> bool:
        """Whether only what frees space is taken."""
        return self._service is not None and self._service.executor.is_full()

    def _start_worker(self, worker: Worker) -> None:
        self._workers.append(self._runtime.tasks.start_worker(worker))

    async def stop(self) -> None:
        """Hands over what it leads. The server that served `services` is to be stopped after."""
        await self._runtime.tasks.end(*self._workers)
        if self._service is not None:
            await self._service.stop()
        self._transport.stop()


class _Members:
    """Implements `joining.MemberTable` over the group's state."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def members(self) -> Sequence[Member]:
        return [member_of(row) for row in self._executor.members()]

    async def put(self, member: Member) -> None:
        await self._executor.execute(replication.PutMember(member=member.row()))

    async def delete(self, replica: ReplicaId) -> None:
        await self._executor.execute(replication.DeleteMember(replica_id=replica))
