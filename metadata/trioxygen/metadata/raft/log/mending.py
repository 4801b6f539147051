"""Damage in a part of the log that the states behind it no longer need.

A record that was synced and does not check is an error, unless all that may have been lost with it
is applied: then the segment is copied aside as it is, what was damaged is replaced by records that
say what is obsolete, and the log goes on. Whether that is so is decided at the end of recovery,
when it is known what came after each loss (`Mender.finish`):

1. The first entry of a group after a loss is at most one beyond what its state holds. What stood
   before it in the log is then obsolete, whatever it was.
2. Of a group without any entry after a loss, what was lost must be known: from the headers of the
   lost records, or because what its state holds beyond the log accounts for all of them.
3. A vote that may be lost was given again later, or there is nobody else to vote for.

Everything here blocks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import LogCorrupt
from trioxygen.metadata.raft.log.asides import copy_aside, fill, name_aside
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    Kind,
    RecordHeader,
    raw_record_header,
)
from trioxygen.metadata.raft.log.index import NOWHERE, GroupIndex
from trioxygen.metadata.raft.log.losses import Loss, chain, left_over
from trioxygen.metadata.raft.log.segment import Segment
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)

_KINDS: Final = frozenset(int(kind) for kind in Kind)
_HARD_STATE_BYTES_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class StateHeld:
    """What a group's state holds, durably, and checked to be whole.

    Attributes:
    is_only_voter: no vote of it can decide anything.
    """

    index: int
    term: int
    is_only_voter: bool


# Asked once, and only when something is damaged. Blocks. Raises: Corrupt errors.
StatesHeld = Callable[[], Mapping[GroupId, StateHeld]]


class Mender:
    """Of one recovery."""

    def __init__(self, disk: Disk, states: StatesHeld) -> None:
        self._disk, self._states = disk, states
        self._held: Mapping[GroupId, StateHeld] | None = None
        self._set_aside: list[Path] = []
        self.losses: list[Loss] = []

    def _state(self, group: GroupId) -> StateHeld | None:
        if self._held is None:
            self._held = self._states()
        return self._held.get(group)

    # ---- during the replay ----

    def lost_front(self, segments: Sequence[Path], offset: int) -> None:
        """Whole segments cannot be used, nor what stands before them."""
        self._set_aside = list(segments)
        self.losses.append(Loss(offset, None, path=segments[-1]))

    def look_for_lost_front(self, groups: Mapping[GroupId, GroupIndex], oldest: Segment) -> None:
        """Segments before the oldest one may be missing that the log says are needed."""
        if all(index.first_index <= index.compacted_index + 1 for index in groups.values()):
            return
        loss = Loss(oldest.base_offset, None, path=oldest.path)
        loss.first_after = {
            group: index.first_index for group, index in groups.items() if len(index)
        }
        self.losses.append(loss)

    def lost(
        self, segment: Segment, start: int, end: int, groups: Mapping[GroupId, GroupIndex]
    ) -> None:
        loss = Loss(segment.base_offset + start, segment, start, end)
        loss.last_before = {group: index.last_index for group, index in groups.items()}
        headers = chain(segment.file, start, end)
        if headers is not None:
            loss.count = len(headers)
        else:
            # The size itself may be what was damaged: then one record fills it all. Where the rest
            # of its header says nothing either, how many there were is not known.
            only = raw_record_header(segment.file.pread(RECORD_HEADER_BYTES, start))
            headers = [only._replace(size_bytes=end - start - RECORD_HEADER_BYTES)]
        if all(self._is_plausible(header, loss) for header in headers):
            loss.records = headers
        self.losses.append(loss)

    def _is_plausible(self, header: RecordHeader, loss: Loss) -> bool:
        if header.kind not in _KINDS:
            return False
        if header.kind in (Kind.SEGMENT_END, Kind.SYNCED):
            return header.group == 0
        if header.kind == Kind.HARD_STATE and header.size_bytes > _HARD_STATE_BYTES_MAX:
            return False
        if header.kind == Kind.ENTRY:
            after = loss.last_before.get(header.group, 0)
            loss_bytes = loss.end - loss.start
            is_near = after < header.at_index <= after + loss_bytes // RECORD_HEADER_BYTES + 1
            return self._state(header.group) is not None and is_near
        return self._state(header.group) is not None

    def entry_follows(self, index: GroupIndex, at_index: int, term: int) -> None:
        """Before an entry is taken into the index."""
        behind = [loss for loss in self.losses if index.group not in loss.first_after]
        for loss in behind:
            loss.first_after[index.group] = at_index
        if behind:
            # What stands before it may be incomplete, or have been replaced.
            index.truncate(at_index)
            index.compact(at_index - 1, term, offset=NOWHERE)
            if index.last_index != at_index - 1:
                index.restart(at_index)

    # ---- at the end ----

    def finish(self, groups: dict[GroupId, GroupIndex]) -> dict[GroupId, tuple[int, int]]:
        """(index, term) through which each group's log is obsolete, to be written at its end.

        Raises: LogCorrupt: something may be lost that is needed; nothing was changed.
        """
        # A mending whose end did not reach the disk: what took the lost records' place says how far
        # they went, and not in which term.
        unfinished = [
            group
            for group, index in groups.items()
            if index.compacted_index and not index.compacted_term
        ]
        if not self.losses and not unfinished:
            return {}
        self._state(GroupId(0))
        assert self._held is not None
        for group in unfinished:
            state = self._held.get(group)
            if state is None or state.index < groups[group].compacted_index:
                raise LogCorrupt(
                    "what a mended log lacks is not in the state",
                    group=group,
                    applied_index=-1 if state is None else state.index,
                    compacted_index=groups[group].compacted_index,
                )
        for loss in self.losses:
            self._check(loss, groups, self._held)
        for loss in self.losses:
            if loss.segment is not None:
                self._make_room(loss, loss.segment, self._held)
        through: dict[GroupId, tuple[int, int]] = {}
        for group, held in self._held.items():
            index = groups.get(group)
            if index is not None and held.index >= index.compacted_index:
                index.compact(held.index, held.term, offset=NOWHERE)
                index.compacted_term = held.term
                through[group] = (held.index, held.term)
        return through

    def _check(
        self,
        loss: Loss,
        groups: Mapping[GroupId, GroupIndex],
        held: Mapping[GroupId, StateHeld],
    ) -> None:
        silent: list[GroupId] = []
        accounted = 0
        for group in {*groups, *held}:
            state = held.get(group)
            first = loss.first_after.get(group)
            before = loss.last_before.get(group, 0)
            if first is None:
                silent.append(group)
                accounted += max(0, state.index - before) if state is not None else 0
            elif state is None or first > state.index + 1:
                raise _needed(loss, group, state)
            else:
                accounted += max(0, first - 1 - before)
        may_be_votes = set(groups)
        if loss.records is not None:
            may_be_votes = set()
            for header in loss.records:
                if header.kind == Kind.HARD_STATE:
                    may_be_votes.add(header.group)
                elif header.group in silent and header.kind != Kind.COMPACTED:
                    state = held.get(header.group)
                    most = max(header.at_index, loss.last_before.get(header.group, 0))
                    if state is None or state.index < most:
                        raise _needed(loss, header.group, state)
        elif loss.count is not None and accounted == loss.count:
            may_be_votes = set()
        elif silent and any(self._has_anything(group, groups, held) for group in silent):
            raise _needed(loss, silent[0], held.get(silent[0]))
        for group in may_be_votes:
            state = held.get(group)
            is_said_later = groups[group].hard_state_offset > loss.offset
            if not is_said_later and not (state is not None and state.is_only_voter):
                raise _needed(loss, group, state)

    def _make_room(self, loss: Loss, segment: Segment, held: Mapping[GroupId, StateHeld]) -> None:
        """Where less is lost than what takes its place needs, the records that follow go as well,
        if they are obsolete too."""
        while loss.end < segment.header.size_bytes and left_over(loss, loss.end) < 0:
            header = raw_record_header(segment.file.pread(RECORD_HEADER_BYTES, loss.end))
            state = held.get(header.group)
            is_obsolete = header.kind == Kind.SYNCED or (
                header.kind == Kind.ENTRY and state is not None and header.at_index <= state.index
            )
            starts = {loss.start for loss in self.losses if loss.segment is segment}
            if not is_obsolete or loss.end in starts:
                raise _needed(loss, header.group, state)
            if loss.first_after.get(header.group) == header.at_index:
                loss.first_after[header.group] += 1
            loss.end += RECORD_HEADER_BYTES + header.size_bytes

    def _has_anything(
        self,
        group: GroupId,
        groups: Mapping[GroupId, GroupIndex],
        held: Mapping[GroupId, StateHeld],
    ) -> bool:
        state = held.get(group)
        return group in groups or (state is not None and state.index > 0)

    def set_aside(self) -> None:
        """What was damaged, as it is. After `finish`."""
        for path in self._set_aside:
            aside = name_aside(self._disk, path)
            self._disk.rename(path, aside)
            self._disk.sync_directory(path.parent)
            log.error("log_segment_set_aside", file=path, set_aside=aside)
        for loss in self.losses:
            if loss.segment is None:
                continue
            log.error(
                "log_mended",
                file=loss.segment.path,
                offset_bytes=loss.start,
                lost_bytes=loss.end - loss.start,
                set_aside=copy_aside(self._disk, loss.segment),
                note="what was lost is in the state already",
            )

    def fill(self) -> None:
        """Makes the files whole. When the log says what of it is obsolete: a start that finds no
        damage does not ask what the states hold."""
        for loss in self.losses:
            if loss.segment is not None:
                fill(loss.segment, loss)


def _needed(loss: Loss, group: GroupId, state: StateHeld | None) -> LogCorrupt:
    where = str(loss.path if loss.segment is None else loss.segment.path)
    return LogCorrupt(
        "a record is damaged that was synced, and the state may lack what it held",
        file=where,
        offset_bytes=loss.start,
        group=group,
        applied_index=-1 if state is None else state.index,
    )
