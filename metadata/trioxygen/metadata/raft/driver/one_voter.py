"""A group that is one process: the driver of every group, with a quorum of one.

Nothing is sent and nothing ticks; a proposal is committed when the own log is synced."""

from typing import Final

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.no_peers import NoPeers
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import (
    Applied,
    GroupId,
    IncomingSnapshot,
    ReplicatedStateMachine,
    Snapshot,
)

_ONLY: Final = ReplicaId(1)
_TICK_MS: Final = 50.0


class OnlyVoter(RaftReplica):
    """Of a group that never had another replica, and never will."""

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        group: GroupId,
        config: RaftReplicaConfig | None = None,
    ) -> None:
        super().__init__(
            runtime,
            wal,
            NoPeers(runtime, tick_ms=_TICK_MS),
            group=group,
            replica=_ONLY,
            configuration=Configuration(voters=(_ONLY,)),
            addresses=lambda _: "",
            config=config,
            is_alone=True,
        )

    async def start(self, machine: ReplicatedStateMachine) -> None:
        """It leads, and the machine has all that the log has, when this returns.

        Raises: LogCorrupt: the log and the state do not belong together; what `apply` raises."""
        await super().start(_LocalState(machine))


class _LocalState:
    """Implements `ReplicatedStateMachine` for a state that is copied to nobody."""

    def __init__(self, machine: ReplicatedStateMachine) -> None:
        self._machine = machine
        self.apply = machine.apply

    def applied(self) -> Applied:
        # Whatever groups the state belonged to before: of this one there is one configuration.
        applied = self._machine.applied()
        return Applied(applied.index, applied.term)

    async def open_snapshot(self) -> Snapshot:
        raise InvalidRequest("the group has no other replica")

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        raise InvalidRequest("the group has no other replica")
