"""Runs commands, in order, inside one write transaction, and captures what they change."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import ErrorCode, Internal, TrioxygenError, Unavailable, error_of
from trioxygen.common.units import MIB
from trioxygen.common.wall_clock import STEP_MS_MIN
from trioxygen.metadata.replication.commands import Commands
from trioxygen.metadata.replication.group_time import GroupTime, NotedTime, note_time, noted_time
from trioxygen.metadata.replication.retries import (
    RETRIES,
    expire_retries,
    kept_answer,
    kept_refusal,
    kept_row,
)
from trioxygen.metadata.replication.state import (
    META,
    SEQUENCE,
    get_integer,
    member_key,
    put_integer,
)
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.replication_pb2 import (
    DeleteMember,
    ExpireRetries,
    MemberReply,
    MemberRow,
    PutMember,
    WorkReply,
)

log = logs.get(__name__)

# Of changes: a command about very many rows ends there, and whoever gave it goes on.
CHANGED_AT_ONCE_BYTES: Final = MIB


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a handler returns when the command is wrong. It has changed nothing by then."""

    code: ErrorCode
    message: str = ""
    facts: Mapping[str, str] | None = None

    def error(self) -> TrioxygenError:
        return error_of(self.code, self.message, self.facts)


class Now:
    """Time, ids and chance as the leader chooses them for a batch.

    Attributes:
    wall_ms: the leader's wall time, for people to read. It may step; nothing is decided by it.
    group_ms: the group's time, for durations (`group_time`).
    """

    __slots__ = ("_last_id", "group_ms", "rng", "wall_ms")

    def __init__(self, wall_ms: int, group_ms: int, last_id: int, rng: random.Random) -> None:
        self.wall_ms, self.group_ms = wall_ms, group_ms
        self._last_id, self.rng = last_id, rng

    def next_id(self) -> int:
        """Rises with each call, for ever."""
        self._last_id += 1
        return self._last_id

    def skip_ids(self, last_id: int) -> None:
        """The next one comes after it."""
        self._last_id = max(self._last_id, last_id)

    @property
    def last_id(self) -> int:
        return self._last_id


Handler = Callable[[CapturingTxn, Any, Now], Message | Refusal]


@dataclass(slots=True)
class Waiting:
    """Attributes:
    is_early: answered when it is committed, applied or not.
    request_id: of the client's request for which it was given; empty: of none.
    """

    command: Message
    answer: "asyncio.Future[Message]"
    is_early: bool = False
    request_id: str = ""


@dataclass(slots=True)
class Batch:
    """Executed commands. `payload` is empty when nothing changed."""

    txn: CapturingTxn
    waiting: list[Waiting]
    results: list[Message | TrioxygenError]
    payload: bytes


@dataclass(slots=True, eq=False)
class Execution:
    """A batch from its start until its transaction ends.

    Attributes:
    is_lost: its transaction is aborted, or about to be: another leader's entry took its place.
    """

    run: "asyncio.Future[Batch]"
    is_lost: bool = False


class BatchTooLarge(Exception):
    """More than one command, and more than an entry of the log may have."""


class BatchRunner:
    """On the writer thread.

    Args:
        bytes_max: a batch whose changes have reached it takes no more commands.
    """

    def __init__(
        self,
        service: str,
        store: Store,
        handlers: Mapping[type[Message], Handler],
        commands: Commands,
        clock: Clock,
        rng: random.Random,
        *,
        bytes_max: int,
    ) -> None:
        self._service, self._store = service, store
        self._handlers, self._commands = handlers, commands
        self._clock, self._rng, self._bytes_max = clock, rng, bytes_max
        self._time = GroupTime(clock)
        self._warned_wall_ms = 0

    def begin_time(self) -> None:
        """Before it leads: so it knows how long the leaders have run meanwhile."""
        with self._store.read() as txn:
            self._time.begin(noted_time(txn))

    def follow_time(self) -> None:
        """What another leader executed is in the state."""
        with self._store.read() as txn:
            self._time.follow(noted_time(txn))

    def group_ms(self) -> int:
        """As a command that runs now would get it. On any thread."""
        with self._store.read() as txn:
            return self._time.now_ms(noted_time(txn))

    def run(self, waiting: list[Waiting]) -> Batch:
        broken: dict[int, TrioxygenError] = {}
        while True:
            txn = CapturingTxn(self._store.begin())
            try:
                batch, failed = self._run_all(txn, waiting, broken)
            except BaseException:
                txn.abort()
                raise
            if failed is None:
                return batch
            # A handler broke half-way: none of its changes may stay, so the batch runs again
            # without it.
            txn.abort()
            broken[failed[0]] = failed[1]

    def _run_all(
        self, txn: CapturingTxn, waiting: list[Waiting], broken: dict[int, TrioxygenError]
    ) -> tuple[Batch, tuple[int, TrioxygenError] | None]:
        first_id = get_integer(txn, SEQUENCE)
        noted = noted_time(txn)
        group_ms = self._time.count_on(noted)
        now = Now(self._clock.wall_ms(), group_ms, first_id, self._rng)
        self._check_wall_clock(noted, now)
        results: list[Message | TrioxygenError] = []
        for position, command in enumerate(waiting):
            if position in broken:
                results.append(broken[position])
                continue
            try:
                results.append(self._run_command(txn, command.command, now))
            except Exception as error:  # a defect of a handler must not take the batch with it
                log.error(
                    "command_failed",
                    service=self._service,
                    command=type(command.command).__name__,
                    request_id=command.request_id,
                    error=error,
                )
                defect = (
                    error
                    if isinstance(error, TrioxygenError)
                    else Internal(f"{type(error).__name__} in a command")
                )
                return Batch(txn, waiting, results, b""), (position, defect)
            if txn.size_bytes >= self._bytes_max:
                break
        waiting = waiting[: len(results)]
        if not txn.operations:
            txn.abort()
            return Batch(txn, waiting, results, b""), None
        if now.last_id != first_id:
            put_integer(txn, SEQUENCE, now.last_id)
        note_time(txn, group_ms=group_ms, wall_ms=now.wall_ms)
        return Batch(txn, waiting, results, txn.delta()), None

    def _check_wall_clock(self, noted: NotedTime, now: Now) -> None:
        """What was stored last, by this leader or another one, says a later time than this clock:
        one of the two is wrong."""
        if noted.wall_ms - now.wall_ms >= STEP_MS_MIN and noted.wall_ms != self._warned_wall_ms:
            self._warned_wall_ms = noted.wall_ms
            behind_ms = noted.wall_ms - now.wall_ms
            log.warning("wall_clock_behind_state", service=self._service, behind_ms=behind_ms)

    def _run_command(
        self, txn: CapturingTxn, command: Message, now: Now
    ) -> Message | TrioxygenError:
        client_id: int = getattr(command, "client_id", 0)
        retry_key = b""
        if client_id:
            request_id: int = getattr(command, "request_id", 0)
            retry_key = client_id.to_bytes(8, "big") + request_id.to_bytes(8, "big")
            before = RETRIES.get(txn, retry_key)
            if before is not None:
                return kept_answer(self._commands.kind(type(command)), before)
        changes_before = len(txn.operations)
        result = self._handlers[type(command)](txn, command, now)
        if isinstance(result, Refusal):
            assert len(txn.operations) == changes_before, (
                f"{type(command).__name__} changed rows, then refused"
            )
            refusal = result.error()
            # Who is told that something is unavailable tries again.
            is_final = not isinstance(refusal, Unavailable)
            if retry_key and is_final and getattr(command, "is_retry", False):
                kind = self._commands.kind(type(command))
                kept = kept_refusal(kind, refusal, group_ms=now.group_ms)
                RETRIES.put(txn, retry_key, kept)
            return refusal
        if retry_key:
            kind = self._commands.kind(type(command))
            RETRIES.put(txn, retry_key, kept_row(kind, result, group_ms=now.group_ms))
        return result


def _put_member(txn: CapturingTxn, command: PutMember, now: Now) -> Message | Refusal:
    member = command.member
    key = member_key(member.replica_id)
    before = MemberRow.FromString(txn.get(META, key) or b"")
    is_other = before.node_id != member.node_id
    is_other_disk = before.incarnation and before.incarnation != member.incarnation
    # A row without a node is a vacancy.
    if before.node_id and member.node_id and (is_other or is_other_disk):
        return Refusal(types_pb2.INVALID_REQUEST, "the replica's id is another's")
    txn.put(META, key, member.SerializeToString())
    return MemberReply()


def _delete_member(txn: CapturingTxn, command: DeleteMember, now: Now) -> Message | Refusal:
    txn.delete(META, member_key(command.replica_id))
    return MemberReply()


def _expire_retries(txn: CapturingTxn, command: ExpireRetries, now: Now) -> WorkReply:
    more = expire_retries(
        txn, answered_before_ms=command.answered_before_ms, rows_max=command.rows_max
    )
    return WorkReply(more=more)


GROUP_HANDLERS: Final[Mapping[type[Message], Handler]] = {
    PutMember: _put_member,
    DeleteMember: _delete_member,
    ExpireRetries: _expire_retries,
}
