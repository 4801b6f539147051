"""What a replica starts with: the state, the log, and whether they belong together. And what keeps
them together when a snapshot replaces both."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import LogCorrupt, NoSpace, Stopping
from trioxygen.common.full_disk import when_there_is_room
from trioxygen.metadata.raft.core.membership import decode, encode
from trioxygen.metadata.raft.core.types import Configuration, Entry, HardState, SnapshotMeta
from trioxygen.metadata.raft.log.hard_state import decode_hard_state, encode_hard_state
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Applied, GroupId, IncomingSnapshot

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Attributes:
    later_configurations: the entries of that kind after the state.
    """

    hard_state: HardState
    applied_index: int
    applied_term: int
    configuration: Configuration
    later_configurations: list[Entry]


async def recover_group(
    wal: WriteAheadLog,
    group: GroupId,
    applied: Applied,
    *,
    configuration: Configuration,
    new_log: bool,
    is_alone: bool = False,
) -> Recovered:
    """Args:
        configuration: of a state that does not say.
        new_log: the state was brought here without its log, which may start after it.
        is_alone: no other replica of the group is, was or will be: what the state has, and the log
            not, nobody waits for.
    Raises: LogCorrupt: the log does not hold what it must."""
    hard_state, installing = decode_hard_state(wal.hard_state(group))
    if is_alone:
        await _follow_state(wal, group, applied)
    await _check_log(wal, group, applied, installing, new_log=new_log)
    index, last_index = applied.index, wal.last_index(group)
    later: list[Entry] = []
    for at in wal.configurations(group):
        if at > index:
            later += (await wal.read(group, at, bytes_max=0))[:1]
    # It went to the log before the entries that it speaks of.
    hard_state = replace(hard_state, commit=min(hard_state.commit, last_index))
    term = max(hard_state.term, wal.term(group, last_index))
    if term > hard_state.term:
        # The log is new, so no vote was ever given here.
        hard_state = replace(hard_state, term=term, voted_for=None)
    return Recovered(
        hard_state=hard_state,
        applied_index=index,
        applied_term=wal.term(group, index),
        configuration=decode(applied.configuration) if applied.configuration else configuration,
        later_configurations=later,
    )


async def _follow_state(wal: WriteAheadLog, group: GroupId, applied: Applied) -> None:
    """Where the log of an only replica does not reach its state, it goes on from there."""
    index, last_index = applied.index, wal.last_index(group)
    if index and group not in wal.groups():
        # A state that was loaded from a dump comes without its log.
        log.warning("log_started_at_state", group=group, index=index, term=applied.term)
        await wal.reset(group, index, applied.term)
    elif index > last_index:
        # Its last records are damaged, which looks as if they had never been whole. What they
        # held is in the state.
        log.error("log_ends_before_state", group=group, last_index=last_index, applied=index)
        await wal.reset(group, index, max(applied.term, wal.term(group, last_index)))


async def _check_log(
    wal: WriteAheadLog,
    group: GroupId,
    applied: Applied,
    installing: tuple[int, int],
    *,
    new_log: bool,
) -> None:
    index, term = applied.index, applied.term
    if not index:
        is_held = wal.first_index(group) == 1
    else:
        is_held = wal.first_index(group) <= index + 1 <= wal.last_index(group) + 1
    if index and (index, term) == installing:
        # A snapshot replaced the state; the log may not have been told any more (§5.3).
        if not is_held or wal.term(group, index) != term:
            log.warning("log_started_at_snapshot", group=group, index=index, term=term)
            await wal.reset(group, index, term)
    elif index and new_log and group not in wal.groups():
        log.warning("log_started_at_state", group=group, index=index, term=term)
        await wal.reset(group, index, term)
    elif not is_held:
        raise LogCorrupt(
            "the log does not hold what the state lacks, or not what it came from",
            group=group,
            applied_index=index,
            first_index=wal.first_index(group),
            last_index=wal.last_index(group),
        )


async def install(
    wal: WriteAheadLog,
    group: GroupId,
    clock: Clock,
    incoming: IncomingSnapshot,
    snapshot: SnapshotMeta,
    hard_state: HardState,
    *,
    is_over: Callable[[], bool],
) -> None:
    """Replaces the state, then the log (§5.3). Nothing of either is being written.

    The log says first what is about to happen: a crash after the state was replaced, and before the
    log was, leaves a state that the log does not lead to.

    Raises: Stopping: it `is_over` before there was room in the log; as after a crash."""
    index, term = snapshot.index, snapshot.term
    mark = encode_hard_state(hard_state, installing=(index, term))

    def check() -> None:
        if is_over():
            raise Stopping("the replica ends")

    def begin() -> "asyncio.Future[None]":
        check()
        return wal.append(group, hard_state=mark, is_bounded=True)

    def reset() -> "asyncio.Future[None]":
        check()
        return wal.reset(group, index, term)

    def refused(error: NoSpace) -> None:
        log.warning("log_full", group=group, reason=error)

    await when_there_is_room(begin, clock, refused=refused)
    await incoming.install(encode(snapshot.configuration))
    await when_there_is_room(reset, clock, refused=refused)
    log.info("snapshot_installed", group=group, index=index, term=term)
