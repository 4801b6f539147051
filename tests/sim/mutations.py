"""Ways to break the code on purpose. Each is a mistake that somebody could make; the simulation
must notice every one."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from trioxygen.metadata.client import leader
from trioxygen.metadata.raft.core import election, following, log, quorum, reads, replication
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    Configuration,
    Entry,
    HardState,
    Ready,
    ReplicaId,
    RequestVote,
    Role,
    SoftState,
    VoteReply,
)
from trioxygen.metadata.raft.driver import replica as raft_replica
from trioxygen.metadata.raft.driver import turns, waiting
from trioxygen.metadata.raft.log import hard_state
from trioxygen.metadata.raft.log import recovery as wal_recovery
from trioxygen.metadata.replication import batch, retries
from trioxygen.sim.disk import SimFile

Patch = tuple[Any, str, Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """Attributes:
    patches: (owner, name, what stands there instead).
    options: of the runs, where the mistake needs some luck.
    """

    name: str
    patches: Callable[[], list[Patch]]
    options: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def applied(self) -> Iterator[None]:
        patches = self.patches()
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
        for owner, name, value in patches:
            setattr(owner, name, value)
        try:
            yield
        finally:
            for owner, name, value in before:
                setattr(owner, name, value)


def _everywhere(right: Callable[..., Any], wrong: Callable[..., Any]) -> list[Patch]:
    """A function under its name in every module that imported it."""
    name = right.__name__
    modules = [module for path, module in sys.modules.items() if path.startswith("trioxygen.")]
    return [(module, name, wrong) for module in modules if getattr(module, name, None) is right]


# ---- the disk ----


def _sync_skipped() -> list[Patch]:
    def datasync(self: SimFile) -> None:
        return

    return [(SimFile, "datasync", datasync)]


def _said_before_durable() -> list[Patch]:
    right = turns.Turns._do

    def do(self: turns.Turns, ready: Ready) -> None:
        if ready.messages:
            self._send(ready.messages)
        right(self, replace(ready, messages=()))

    return [(turns.Turns, "_do", do)]


def _vote_forgotten() -> list[Patch]:
    decode = hard_state.decode_hard_state

    def without_vote(data: bytes) -> tuple[HardState, tuple[int, int]]:
        state, installing = decode(data)
        return replace(state, voted_for=None), installing

    return _everywhere(decode, without_vote)


def _term_not_kept() -> list[Patch]:
    encode = hard_state.encode_hard_state

    def without_state(state: HardState, *, installing: tuple[int, int] = (0, 0)) -> bytes:
        return encode(HardState(commit=state.commit), installing=installing)

    return _everywhere(encode, without_state)


def _damage_taken_for_torn() -> list[Patch]:
    def synced_beyond(*_: Any) -> None:
        return

    return [(wal_recovery, "synced_beyond", synced_beyond)]


# ---- replication ----


def _old_term_committed() -> list[Patch]:
    def advance_commit(self: replication.Replication) -> bool:
        state, own_log = self._state, self._state.log
        index = quorum.reached_by_quorum(state.membership.current, state.match_of)
        if index <= own_log.commit:
            return False
        own_first = max(own_log.commit + 1, state.term_start_index)
        if own_first <= index:
            self.uncommitted_bytes -= own_log.size_bytes(own_first, index)
        own_log.commit_to(index)
        self.notice_due = state.config.commit_notice_at_once
        return True

    return [(replication.Replication, "advance_commit", advance_commit)]


def _one_is_a_majority() -> list[Patch]:
    def highest(configuration: Configuration, value_of: Callable[[ReplicaId], int]) -> int:
        return max(value_of(voter) for voter in configuration.voters)

    return [(replication, "reached_by_quorum", highest)]


def _previous_term_ignored() -> list[Patch]:
    def matches(self: log.RaftLog, index: int, term: int) -> bool:
        return index <= self.last_index

    return [(log.RaftLog, "matches", matches)]


def _late_message_cuts() -> list[Patch]:
    def take(self: following.Following, entries: Sequence[Entry], previous_index: int) -> None:
        own_log = self._state.log
        first = max(previous_index, own_log.commit) + 1
        if first <= own_log.last_index:
            own_log.truncate(first)
            self._state.membership.truncate(first)
        own_log.append(entries[first - previous_index - 1 :])

    return [(following.Following, "_take", take)]


def _commit_beyond_the_match() -> list[Patch]:
    def on_append(self: following.Following, append: AppendEntries) -> None:
        on_append_right(self, append)
        own_log = self._state.log
        own_log.commit_to(max(own_log.commit, min(append.commit, own_log.last_index)))

    on_append_right = following.Following.on_append
    return [(following.Following, "on_append", on_append)]


# ---- elections ----


def _second_vote() -> list[Patch]:
    def on_request_vote(self: election.Election, request: RequestVote) -> None:
        state = self._state
        granted = state.log.is_up_to_date(request.last_index, request.last_term)
        if granted and not request.pre:
            state.set_vote(request.sender)
        term = request.term if granted else state.term
        state.send(VoteReply(state.id, request.sender, term, granted, request.pre))

    return [(election.Election, "on_request_vote", on_request_vote)]


def _vote_for_a_short_log() -> list[Patch]:
    def is_up_to_date(self: log.RaftLog, index: int, term: int) -> bool:
        return True

    return [(log.RaftLog, "is_up_to_date", is_up_to_date)]


# ---- reads and leadership ----


def _read_without_barrier() -> list[Patch]:
    async def read_barrier(self: raft_replica.RaftReplica) -> None:
        return

    return [(raft_replica.RaftReplica, "read_barrier", read_barrier)]


def _read_before_applied() -> list[Patch]:
    confirmed = waiting.Reads.confirmed

    def at_once(self: waiting.Reads, request: Any, index: int, applied: int) -> None:
        confirmed(self, request, index, max(index, applied))

    return [(waiting.Reads, "confirmed", at_once)]


def _lease_without_end() -> list[Patch]:
    def tick_leader(self: election.Election) -> None:
        """Does not step down without a majority either."""

    def holds(self: reads.Reads) -> bool:
        state = self._state
        return self._lease_tick is not None and state.config.lease_reads

    return [
        (reads.Reads, "_lease_holds", holds),
        (election.Election, "tick_leader", tick_leader),
    ]


def _leads_too_early() -> list[Patch]:
    role_changed_right = turns.Turns._role_changed

    def role_changed(self: turns.Turns, now: SoftState) -> None:
        role_changed_right(self, now)
        self.leads = now.role is Role.LEADER

    return [(turns.Turns, "_role_changed", role_changed)]


# ---- answers ----


def _retries_forgotten() -> list[Patch]:
    class Forgetful:
        table = retries.RETRIES.table

        def get(self, txn: Any, key: bytes) -> None:
            return None

        def put(self, txn: Any, key: bytes, row: Any) -> None:
            retries_right.put(txn, key, row)

    retries_right = retries.RETRIES
    return [(batch, "RETRIES", Forgetful())]


def _new_request_id_for_each_try() -> list[Patch]:
    right = leader.LeaderClient._try

    async def try_anew(
        self: leader.LeaderClient, server: Any, method: Any, request: Any, *rest: Any
    ) -> Any:
        if method.is_numbered:
            self._last_request_id += 1
            request.request_id = self._last_request_id
        return await right(self, server, method, request, *rest)

    return [(leader.LeaderClient, "_try", try_anew)]


def _answered_before_committed() -> list[Patch]:
    async def propose(self: raft_replica.RaftReplica, payload: bytes, **rest: Any) -> int:
        proposing = asyncio.ensure_future(right(self, payload, **rest))
        proposing.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait([proposing], timeout=0.003)
        return proposing.result() if done else 0

    right = raft_replica.RaftReplica.propose
    return [(raft_replica.RaftReplica, "propose", propose)]


_HARD: Final = {"faults": 150.0, "crashes": True, "network": True, "oms": 3, "scms": 0}
_READING: Final = {
    **_HARD,
    "lease_reads": True,
    "crashes": False,
    "pauses": False,
    "clients": 5,
    "keys": 1,
    "buckets": 1,
    "operations": 400,
    "think_ms": 20.0,
    "tick_ms": 50.0,
    "tuning": 0,
}
_CRASHING: Final = {**_HARD, "disks": True}
# What rots must not be in the state already: a log that ends before its state is refused anyway.
_ROTTING: Final = {
    **_HARD,
    "members": True,
    "rot": True,
    "rot_last": 3,
    "log_keep_bytes": 64 * 1024,
}
_STORMY: Final = {
    **_HARD,
    "storm": True,
    "members": False,
    "clients": 5,
    "operations": 300,
    "think_ms": 10.0,
    "tuning": 0,
}

MUTATIONS: Final = (
    Mutation("sync-skipped", _sync_skipped, _CRASHING),
    Mutation("said-before-durable", _said_before_durable, _CRASHING),
    Mutation("vote-forgotten", _vote_forgotten, _CRASHING),
    Mutation("term-not-kept", _term_not_kept, _CRASHING),
    Mutation("damage-taken-for-torn", _damage_taken_for_torn, _ROTTING),
    Mutation("old-term-committed", _old_term_committed, _CRASHING),
    Mutation("one-is-a-majority", _one_is_a_majority, _HARD),
    Mutation("previous-term-ignored", _previous_term_ignored, _HARD),
    Mutation("late-message-cuts", _late_message_cuts, _STORMY),
    Mutation("commit-beyond-the-match", _commit_beyond_the_match, _STORMY),
    Mutation("second-vote", _second_vote, {**_HARD, "tick_ms": 10.0}),
    Mutation("vote-for-a-short-log", _vote_for_a_short_log, _HARD),
    Mutation("read-without-barrier", _read_without_barrier, _HARD),
    Mutation("read-before-applied", _read_before_applied, _HARD),
    Mutation("lease-without-end", _lease_without_end, _READING),
    Mutation("leads-too-early", _leads_too_early, _HARD),
    Mutation("retries-forgotten", _retries_forgotten, _HARD),
    Mutation("new-request-id-for-each-try", _new_request_id_for_each_try, _HARD),
    Mutation("answered-before-committed", _answered_before_committed, _HARD),
)
