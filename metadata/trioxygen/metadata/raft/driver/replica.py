"""A member of a Raft group of any size, as its users see it."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from trioxygen.common.errors import (
    Internal,
    InvalidRequest,
    NoSpace,
    NotLeader,
    Overloaded,
    Stopping,
    TrioxygenError,
    Unavailable,
    again,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core import errors as refusals
from trioxygen.metadata.raft.core.status import Status
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId, Role
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.driver import Driver
from trioxygen.metadata.raft.driver.ports import Transport
from trioxygen.metadata.raft.driver.succession import may_take_over, successor
from trioxygen.metadata.raft.log.reader import read_kept
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.log.writer import entry_bytes_max
from trioxygen.metadata.raft.ports import Entry, GroupId, ReplicatedStateMachine

_TRANSFER_TRIES: Final = 3
# In election timeouts: more than the transport waits before it tries a process that was gone. The
# tries and the waits between them are less than callers wait.
_TRANSFER_WAIT: Final = 6


class RaftReplica:
    """Implements `ports.Replica`.

    Args:
        wal: shared with other groups of the process, as is the transport; the replica closes
            neither. The transport must run until the replica is stopped.
        replica: its own id, never used by another incarnation of its disk.
        group_digest: the same at all members: tells groups of one number apart.
        configuration: in force while the state does not say: of a new group its first voters; of a
            replica that is to join, empty.
        addresses: of replicas; empty where it is not known.
        new_log: the state was brought here without its log.
        is_alone: no other replica of the group is, was or will be.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        transport: Transport,
        *,
        group: GroupId,
        replica: ReplicaId,
        configuration: Configuration,
        addresses: Callable[[ReplicaId], str],
        group_digest: int = 0,
        config: RaftReplicaConfig | None = None,
        new_log: bool = False,
        is_alone: bool = False,
    ) -> None:
        self._wal, self._group = wal, group
        self._addresses, self._new_log = addresses, new_log
        self._config = config or RaftReplicaConfig()
        self._entry_bytes_max = min(self._config.entry_bytes_max, entry_bytes_max(wal))
        self._watchers: list[Callable[[], None]] = []
        self._stopping = False
        self._driver = Driver(
            runtime,
            wal,
            transport,
            group=group,
            replica=replica,
            group_digest=group_digest,
            configuration=configuration,
            config=self._config,
            is_alone=is_alone,
            changed=self._changed,
        )

    # ---- start and end ----

    async def start(self, machine: ReplicatedStateMachine) -> None:
        """A group's only voter leads when this returns; else whoever is elected will.

        Raises: LogCorrupt: the log and the state do not belong together."""
        driver = self._driver
        assert not driver.is_started, f"group {self._group} was started before"
        await driver.start(machine, self._addresses, new_log=self._new_log)
        node = driver.node
        if node.configuration.voters == (node.id,) and not node.configuration.is_joint:
            node.campaign()
            driver.schedule()
            ticks = self._config.core.election_ticks * 20

            def is_decided() -> bool:
                return driver.leads or driver.failure is not None

            while not is_decided() and not self._stopping:
                await driver.until(is_decided, ticks=ticks)
        if driver.failure is not None:
            raise again(driver.failure)

    async def stop(self) -> None:
        """Applies what was proposed, hands over leadership, ends. Idempotent."""
        self._stopping = True
        driver, ticks = self._driver, self._config.core.election_ticks
        if not driver.is_started:
            return
        if driver.failure is None:
            # What no quorum can be found for, or no room, is left as it is.
            await driver.until(driver.proposals.is_empty, ticks=4 * ticks)
        if driver.failure is None and len(driver.node.configuration.voters) > 1:
            node = driver.node
            await driver.until(
                lambda: successor(node) is not None or node.role is not Role.LEADER,
                ticks=2 * self._config.core.heartbeat_ticks,
            )
        if driver.failure is None and driver.hand_over():
            await driver.until(lambda: driver.node.role is not Role.LEADER, ticks=ticks)
        driver.end(lambda: Stopping(group=self._group))
        await driver.ended()

    @property
    def is_short(self) -> bool:
        return self._wal.is_short or self.is_full

    def hand_over(self) -> bool:
        driver = self._driver
        return driver.is_started and driver.failure is None and driver.hand_over()

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        self._wal.watch_pressure(watcher)

    def watch_leadership(self, watcher: Callable[[], None]) -> None:
        self._watchers.append(watcher)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher()

    # ---- what it knows ----

    @property
    def id(self) -> ReplicaId:
        return self._driver.id

    @property
    def term(self) -> int:
        return self._driver.term

    @property
    def failure(self) -> TrioxygenError | None:
        """Why it takes part no more."""
        return self._driver.failure

    @property
    def is_full(self) -> bool:
        """Whether the log's disk is: nothing new is taken until there is room."""
        return self._driver.is_started and self._driver.is_full

    def is_leader(self) -> bool:
        return self._driver.leads

    def leader_address(self) -> str:
        return self._driver.leader_address()

    @property
    def has_caught_up(self) -> bool:
        driver = self._driver
        return driver.is_started and driver.state.index >= driver.node.status().last_index

    def status(self) -> Status:
        return self._driver.node.status()

    @property
    def applied_configuration(self) -> Configuration:
        """Committed; `status().configuration` may run ahead."""
        return self._driver.state.configuration

    def _check(self) -> None:
        driver = self._driver
        if driver.failure is not None:
            raise driver.refusal()
        if self._stopping:
            raise Stopping(group=self._group)
        if not driver.is_started:
            raise NotLeader(group=self._group)

    def _refused(self, error: refusals.RaftError) -> TrioxygenError:
        driver = self._driver
        if isinstance(error, refusals.NotLeader):
            return driver.not_leader()
        if isinstance(error, refusals.TransferInProgress):
            return NotLeader("leadership is being handed over", group=self._group)
        if isinstance(error, refusals.ProposalsFull):
            return Overloaded("too many proposals wait", group=self._group)
        if isinstance(error, refusals.ChangeInProgress):
            return Unavailable("a change of the members is under way", group=self._group)
        return InvalidRequest(str(error), group=self._group)

    # ---- commands ----

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        """As the port says; also InvalidRequest: too large.

        Where nobody else is, `committed` is not called: what it could say early, readers would have
        to wait for."""
        driver = self._driver
        if not driver.leads or driver.failure is not None or self._stopping:
            self._check()
            raise driver.not_leader()
        if len(payload) > self._entry_bytes_max:
            raise InvalidRequest(
                "too large for one entry",
                size_bytes=len(payload),
                most=self._entry_bytes_max,
            )
        if driver.is_full:
            raise self._no_room()
        try:
            entry = driver.node.propose(payload)
        except refusals.RaftError as error:
            raise self._refused(error) from error
        if driver.is_alone:
            committed = None
        applied = driver.proposals.add(entry, payload, committed)
        driver.proposed()
        await applied
        return entry.index

    @property
    def entry_bytes_max(self) -> int:
        return self._entry_bytes_max

    def fail(self, error: BaseException) -> TrioxygenError:
        if self._driver.is_alone:
            # Nobody else can lead. What is committed can still be read.
            return Internal("the state machine failed", group=self._group, cause=str(error))
        self._driver.fail(error)
        return self._driver.refusal()

    def _no_room(self) -> NoSpace:
        return NoSpace("the log's disk is full", group=self._group)

    async def read_barrier(self) -> None:
        """As the port says; also ReplicaFailed."""
        driver = self._driver
        if driver.is_alone and driver.leads and not self._stopping:
            # Nobody else can have committed anything (§6.4 with a quorum of one), and what was
            # acknowledged was applied. Also after the log failed: that is all that can be read.
            return
        self._check()
        if self._config.core.lease_reads:
            driver.transport.catch_up()
        reader = driver.reads.add()
        driver.schedule()
        await reader

    async def read_log(self, first_index: int, *, bytes_max: int) -> Sequence[Entry]:
        return await read_kept(self._wal, self._group, first_index, bytes_max=bytes_max)

    def state_is_durable_through(self, index: int) -> None:
        if self._driver.is_started and self._driver.failure is None:
            self._driver.state_is_durable_through(index)

    # ---- members ----

    async def propose_configuration(
        self, *, voters: Collection[ReplicaId], learners: Collection[ReplicaId] = ()
    ) -> None:
        """Returns when exactly these are the members, and everybody knew them before.

        Raises: NotLeader: it may yet happen; Unavailable: another change is under way;
            InvalidRequest: nothing would change, or no voter."""
        self._check()
        driver = self._driver
        if not driver.leads:
            raise driver.not_leader()
        if driver.is_full:
            raise self._no_room()
        try:
            entry = driver.node.propose_configuration(voters=voters, learners=learners)
        except refusals.RaftError as error:
            raise self._refused(error) from error
        index = entry.index
        applied = driver.proposals.add(entry, None)
        driver.schedule()
        await applied
        wanted = tuple(sorted(set(voters))), tuple(sorted(set(learners)))

        def is_complete() -> bool:
            now = driver.state.configuration
            return driver.state.index >= index and (
                (now.voters, now.learners) == wanted and not now.is_joint
            )

        def leads_on() -> bool:
            # In a later term other leaders may have changed the members since.
            return driver.leads and driver.node.term == entry.term

        while not is_complete():
            await driver.until(
                lambda: is_complete() or not leads_on(), ticks=self._config.core.election_ticks
            )
            self._check()
            if not is_complete() and not leads_on():
                raise driver.not_leader()

    async def transfer_leadership(self, target: ReplicaId) -> None:
        """Returns when this replica leads no more. A target that cannot take over yet, since it is
        hardly back or far behind, is tried again.

        Raises: NotLeader, Unavailable: the target did not make it in time; InvalidRequest."""
        self._check()
        driver, ticks = self._driver, self._config.core.election_ticks

        def leads_no_more() -> bool:
            return driver.node.role is not Role.LEADER

        for tries_left in reversed(range(_TRANSFER_TRIES)):
            try:
                driver.node.transfer_leadership(target)
            except refusals.RaftError as error:
                raise self._refused(error) from error
            driver.schedule()
            if await driver.until(leads_no_more, ticks=ticks):
                return
            self._check()
            if not tries_left:
                break
            # Each try holds up proposals for an election timeout: none while it would be in vain.
            await driver.until(
                lambda: leads_no_more() or may_take_over(driver.node.status(), target),
                ticks=_TRANSFER_WAIT * ticks,
            )
            self._check()
            if leads_no_more():
                return
        raise Unavailable("the target did not take over", group=self._group, replica=target)
