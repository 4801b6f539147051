"""What runs on the nodes: OM and SCM, built of the production parts."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from trioxygen.cli.config.schema import Config
from trioxygen.cli.config.security import SecurityConfig
from trioxygen.cli.config.services import LifecycleConfig, MetadataConfig
from trioxygen.cli.folder.states_held import held_by
from trioxygen.cli.wiring.group import GroupMember
from trioxygen.cli.wiring.group_config import GroupConfig, ReplicatedService
from trioxygen.cli.wiring.names import OM_GROUP, SCM_GROUP
from trioxygen.cli.wiring.om import build_om
from trioxygen.cli.wiring.scm import build_scm
from trioxygen.cli.wiring.stores import open_log
from trioxygen.common.errors import LogCorrupt, NoSpace, Stopping
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.om.service import OzoneManager
from trioxygen.metadata.om.state.schema import ALL_TABLES as OM_TABLES
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.mending import StateHeld
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.proto.v1 import om_pb2, scm_pb2
from trioxygen.proto.v1.replication_pb2 import MemberRow
from trioxygen.sim.disk import SimDisk
from trioxygen.sim.options import Options
from trioxygen.sim.store import SimStore

_LOG_KEPT_BYTES: Final = 64 * 1024
_DESCRIPTORS: Final = {
    OM_GROUP: om_pb2.DESCRIPTOR.services_by_name["OzoneManager"],
    SCM_GROUP: scm_pb2.DESCRIPTOR.services_by_name["StorageContainerManager"],
}
DATA: Final = Path("/data")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the cluster a node stands.

    Attributes:
    name: of the role.
    peers: all first members of its group.
    scms: addresses of the SCMs, for OMs; never empty.
    scm_config: None: that of production, as far as the configuration leaves it.
    """

    name: str
    group: GroupId
    address: str
    peers: tuple[Peer, ...]
    scms: list[str]
    scm_config: ScmConfig | None = None


Observe = Callable[[SimStore], None]


def _config(place: Place, options: Options) -> Config:
    """Times of seconds rather than minutes: a run is short."""
    metadata = MetadataConfig(
        batch_commands_max=8, gc_delay_seconds=1, lease_duration_seconds=10, retry_seconds=600
    )
    uses_tokens = place.scm_config is not None and place.scm_config.token_keys is not None
    security = SecurityConfig(block_tokens="on" if uses_tokens else "off")
    lifecycle = LifecycleConfig(day_seconds=options.day_seconds)
    return Config(metadata=metadata, security=security, lifecycle=lifecycle)


def _raft_config(options: Options) -> RaftConfig:
    usual = RaftConfig(heartbeat_ticks=2, lease_reads=options.lease_reads, clock_drift_ticks=3)
    if not options.tuning:
        return usual
    rng = random.Random(f"tuning {options.tuning}")
    return replace(
        usual,
        pre_vote=rng.random() < 0.6,
        append_bytes_max=rng.choice((1, 1_000, 1 << 20)),
        inflight_messages_max=rng.choice((1, 4, 256)),
        recent_bytes_max=rng.choice((0, 2_000, 1 << 24)),
        committed_bytes_max=rng.choice((1, 2_000, 1 << 24)),
        commit_notice_at_once=rng.random() < 0.5,
    )


class Member:
    """A life's OM or SCM: made by `open`, member of its group when `start` returns.

    Attributes:
    wal, store: what observers compare.
    """

    def __init__(
        self, name: str, runtime: Runtime, place: Place, options: Options, observe: Observe
    ) -> None:
        role = Role.OM if place.group == OM_GROUP else Role.SCM
        self._runtime = runtime.as_role(role, name)
        self._name, self._place, self._options = name, place, options
        self._observe = observe
        self.wal: WriteAheadLog | None = None
        self.store: SimStore | None = None
        self.raft: RaftReplica | None = None
        self._replica: Replica | None = None
        self._executor: Executor | None = None

    async def run(self) -> None:
        """Opens, serves, starts. Raises: what a process would end with."""
        runtime, place = self._runtime, self._place
        assert isinstance(runtime.disk, SimDisk)
        await runtime.blocking.run(runtime.disk.make_directory, DATA)
        wal = self.wal = await open_log(
            runtime,
            DATA / "log",
            "metadata",
            self._options.log_segment_bytes,
            WalMetrics(runtime.registry),
            self._states_held,
        )
        if len(place.peers) == 1:
            replica = OnlyVoter(runtime, wal, place.group)
            service = self._build(replica, ())
            await runtime.network.serve(place.address, [service.service])
            await service.start()
            return
        member = GroupMember(
            runtime,
            wal,
            DATA,
            GroupConfig(
                name=place.name,
                group=place.group,
                node_id=self._name,
                address=place.address,
                peers=place.peers,
                tick_ms=self._options.tick_ms,
                replica=RaftReplicaConfig(
                    core=_raft_config(self._options), log_keep_bytes=self._options.log_keep_bytes
                ),
            ),
            _DESCRIPTORS[place.group],
        )
        await runtime.network.serve(place.address, await member.open())
        await member.start(self._build)
        self.raft = member.replica
        if self._options.log_keep_bytes < _LOG_KEPT_BYTES:
            runtime.tasks.start(self._make_durable_often(), name="make-durable")

    def _states_held(self) -> Mapping[GroupId, StateHeld]:
        """Of the state as this life finds it, for a log that is damaged."""
        disk, place = self._runtime.disk, self._place
        assert isinstance(disk, SimDisk)
        tables = OM_TABLES if place.group == OM_GROUP else SCM_TABLES
        store = SimStore(disk, DATA / place.name, tables, self._observe)
        return {place.group: held_by(store, is_only_voter=len(place.peers) == 1)}

    def _build(self, replica: Replica, first_members: Sequence[MemberRow]) -> ReplicatedService:
        runtime, place = self._runtime, self._place
        is_om = place.group == OM_GROUP
        assert isinstance(runtime.disk, SimDisk)
        store = self.store = SimStore(
            runtime.disk, DATA / place.name, OM_TABLES if is_om else SCM_TABLES, self._observe
        )
        self._replica = replica
        service: OzoneManager | StorageContainerManager
        if is_om:
            scm = ScmClient(runtime, place.scms, timeout_ms=3_000, try_ms=500)
            service = build_om(
                _config(place, self._options),
                runtime,
                store,
                replica,
                scm,
                node_id=self._name,
                first_members=first_members,
            )
        elif place.scm_config is not None:
            service = StorageContainerManager(
                runtime=runtime,
                store=store,
                replica=replica,
                config=replace(place.scm_config, node_id=self._name),
                first_members=first_members,
            )
        else:
            service = build_scm(
                _config(place, self._options),
                runtime,
                store,
                replica,
                cluster_id="sim",
                node_id=self._name,
                first_members=first_members,
            )
        self._executor = service.executor
        return service

    async def _make_durable_often(self) -> None:
        """So that the log is dropped, and followers that lag need snapshots, within seconds."""
        assert self._executor is not None
        while True:
            await self._runtime.clock.sleep_ms(self._runtime.rng.uniform(100.0, 900.0))
            await self._executor.make_durable()

    def leads(self) -> bool:
        """As it sees it."""
        return self._replica is not None and self._replica.is_leader()

    def defect(self) -> str:
        """Why the replica takes part no more, where no fault of the machine explains it."""
        failure = None if self.raft is None else self.raft.failure
        if failure is None or isinstance(failure, LogFailed | Stopping | NoSpace):
            return ""
        if self._options.rot and isinstance(failure, LogCorrupt):
            return ""
        return repr(failure)
