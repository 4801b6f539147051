"""A Raft group of one voter: what is in its own synced log is committed."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trioxygen.common import logs
from trioxygen.common.errors import (
    Internal,
    LogCorrupt,
    NotLeader,
    Overloaded,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.log_reader import read_kept
from trioxygen.metadata.raft.log_writer import entry_bytes_max
from trioxygen.metadata.raft.ports import Entry, GroupId, StateMachine, StateMachineFailed
from trioxygen.metadata.raft.wal import WriteAheadLog
from trioxygen.proto.v1.raft_pb2 import HardState

log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaConfig:
    """Attributes:
    in_flight_bytes_max: of proposals that are not applied yet.
    replay_bytes_max: of entries handed to the state machine at once at start.
    """

    in_flight_bytes_max: int = 64 * MIB
    replay_bytes_max: int = 4 * MIB


@dataclass(slots=True, eq=False)
class _Proposal:
    entry: Entry
    durable: "asyncio.Future[None]"
    applied: "asyncio.Future[None]"


class SingleVoterReplica:
    """Implements `ports.Replica`. Proposals are pipelined: written while earlier ones are applied.

    Args:
        wal: shared with other groups; the replica does not close it.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        group: GroupId,
        config: ReplicaConfig | None = None,
    ) -> None:
        self._runtime, self._wal, self._group = runtime, wal, group
        self._config = config or ReplicaConfig()
        self._term = 0
        self._is_leader = False
        self._failed: TrioxygenError | None = None
        self._stopped = False
        self._in_flight: deque[_Proposal] = deque()
        self._applying: list[_Proposal] = []
        self._in_flight_bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._applier: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []

    @property
    def term(self) -> int:
        return self._term

    @property
    def entry_bytes_max(self) -> int:
        return entry_bytes_max(self._wal)

    def is_leader(self) -> bool:
        return self._is_leader

    def fail(self, error: BaseException) -> TrioxygenError:
        # Nobody else can lead. What is committed can still be read.
        return Internal("the state machine failed", group=self._group, cause=str(error))

    def leader_address(self) -> str:
        return ""

    @property
    def is_short(self) -> bool:
        return self._wal.is_short

    def hand_over(self) -> bool:
        return False

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        self._wal.watch_pressure(watcher)

    def watch_leadership(self, watcher: Callable[[], None]) -> None:
        self._watchers.append(watcher)

    def _set_leader(self, is_leader: bool) -> None:
        if is_leader != self._is_leader:
            self._is_leader = is_leader
            for watcher in self._watchers:
                watcher()

    async def start(self, machine: StateMachine) -> None:
        """Raises: LogCorrupt: the log and the state do not belong together; what `apply` raises."""
        assert self._applier is None and not self._stopped, (
            f"group {self._group} was started before"
        )
        applied_index = machine.applied_index()
        await self._check_log(applied_index)
        before = HardState.FromString(self._wal.hard_state(self._group))
        # The state that said the last term may have been lost from the log, and the entries not.
        last_term = self._wal.term(self._group, self._wal.last_index(self._group))
        self._term = max(before.term, last_term) + 1
        state = HardState(term=self._term, voted_for=before.voted_for)
        await self._wal.append(self._group, hard_state=state.SerializeToString())
        await self._replay(machine, applied_index)
        log.info(
            "replica_started",
            group=self._group,
            term=self._term,
            replayed=self._wal.last_index(self._group) - applied_index,
        )
        self._applier = self._runtime.tasks.start(
            self._apply_committed(machine), name=f"replica-{self._group}"
        )
        self._applier.add_done_callback(self._applier_ended)
        self._set_leader(True)

    async def _check_log(self, applied_index: int) -> None:
        wal, group = self._wal, self._group
        if applied_index and group not in wal.groups():
            # A state that was loaded from a dump comes without its log.
            log.warning("log_started_at_state", group=group, index=applied_index)
            await wal.reset(group, applied_index, 0)
        elif applied_index > wal.last_index(group):
            # Its last records are damaged, which looks as if they had never been whole. What they
            # held is in the state, and no other voter waits for them.
            last_index = wal.last_index(group)
            log.error(
                "log_ends_before_state", group=group, last_index=last_index, applied=applied_index
            )
            await wal.reset(group, applied_index, wal.term(group, last_index))
        if applied_index + 1 < wal.first_index(group):
            raise LogCorrupt(
                "the log no longer holds what the state lacks",
                group=group,
                first_index=wal.first_index(group),
                applied_index=applied_index,
            )

    async def _replay(self, machine: StateMachine, applied_index: int) -> None:
        index = applied_index + 1
        while entries := await self._wal.read(
            self._group, index, bytes_max=self._config.replay_bytes_max
        ):
            await machine.apply(entries)
            index = entries[-1].index + 1

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        """As the port says; also StateMachineFailed and what `WriteAheadLog.append` raises. Never
        calls `committed`: reads here wait for nothing.

        A caller that is cancelled does not take its proposal back.
        """
        self._check_leader()
        size_bytes = len(payload)
        if (
            self._in_flight_bytes + size_bytes > self._config.in_flight_bytes_max
            and self._in_flight
        ):
            raise Overloaded("too many proposals wait", group=self._group)
        entry = Entry(self._wal.last_index_queued(self._group) + 1, self._term, payload)
        durable = self._wal.append(self._group, (entry,))
        applied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._in_flight.append(_Proposal(entry, durable, applied))
        self._in_flight_bytes += size_bytes
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        await applied
        return entry.index

    def _check_leader(self) -> None:
        if self._failed is not None:
            raise StateMachineFailed(self._failed.message, **self._failed.facts) from self._failed
        if self._stopped:
            raise Stopping(group=self._group)
        if not self._is_leader:
            raise NotLeader(group=self._group)

    async def read_barrier(self) -> None:
        # What was acknowledged was applied before; no other voter can know more.
        self._check_leader()

    async def read_log(self, first_index: int, *, bytes_max: int) -> Sequence[Entry]:
        return await read_kept(self._wal, self._group, first_index, bytes_max=bytes_max)

    def state_is_durable_through(self, index: int) -> None:
        self._wal.release(self._group, index)

    async def _apply_committed(self, machine: StateMachine) -> None:
        loop = asyncio.get_running_loop()
        in_flight = self._in_flight
        while True:
            if not in_flight:
                if self._drained is not None and not self._drained.done():
                    self._drained.set_result(None)
                self._wake = loop.create_future()
                await self._wake
                self._wake = None
            proposal = in_flight[0]
            try:
                await proposal.durable
            except TrioxygenError as error:
                in_flight.popleft()
                self._settle(proposal, error)
                continue
            applying = self._applying
            while in_flight and _is_committed(in_flight[0]):
                applying.append(in_flight.popleft())
            await machine.apply([one.entry for one in applying])
            for one in applying:
                self._settle(one, None)
            applying.clear()

    def _settle(self, proposal: _Proposal, error: TrioxygenError | None) -> None:
        self._in_flight_bytes -= len(proposal.entry.payload)
        if proposal.applied.done():
            return
        if error is None:
            proposal.applied.set_result(None)
        else:
            proposal.applied.set_exception(error)

    def _applier_ended(self, applier: "asyncio.Task[None]") -> None:
        self._set_leader(False)
        reason: TrioxygenError
        if applier.cancelled():
            reason = Stopping(group=self._group)
        else:
            cause = applier.exception()
            reason = StateMachineFailed(
                "the state machine failed", group=self._group, cause=str(cause)
            )
            reason.__cause__ = cause
            self._failed = reason
        left = [*self._applying, *self._in_flight]
        self._applying.clear()
        self._in_flight.clear()
        for proposal in left:
            again = type(reason)(reason.message, **reason.facts)
            again.__cause__ = reason.__cause__
            self._settle(proposal, again)
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    async def stop(self) -> None:
        """Applies what was proposed, then ends. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        applier = self._applier
        if applier is not None and not applier.done():
            if self._in_flight or self._applying:
                self._drained = asyncio.get_running_loop().create_future()
                await self._drained
            applier.cancel()
            await asyncio.wait([applier])
        self._set_leader(False)


def _is_committed(proposal: _Proposal) -> bool:
    durable = proposal.durable
    return durable.done() and durable.exception() is None
