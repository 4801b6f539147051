"""Who belongs to the group: the configurations in the log, and which may follow which (chapter 4).

A replica uses the latest configuration in its log, committed or not (§4.1); when entries are
replaced it falls back to the one before. An entry holds the whole configuration, not a difference.
"""

import struct
from collections.abc import Collection, Iterable
from typing import Final

from trioxygen.metadata.raft.core.errors import ChangeInvalid
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryKind,
    ReplicaId,
    may_be,
)

# Format number, auto_leave, then how many voters, outgoing and learners; their ids follow.
_HEADER: Final = struct.Struct("<BBHHH")
_FORMAT: Final = 1


def encode(configuration: Configuration) -> bytes:
    """The payload of an entry of the kind CONFIGURATION."""
    voters, outgoing = configuration.voters, configuration.outgoing
    learners = configuration.learners
    header = _HEADER.pack(
        _FORMAT, configuration.auto_leave, len(voters), len(outgoing), len(learners)
    )
    ids = (*voters, *outgoing, *learners)
    return header + struct.pack(f"<{len(ids)}Q", *ids)


def decode(payload: bytes) -> Configuration:
    """Raises: ValueError: not written by `encode` of this format, or of members that no group has:
    what comes from the network may be anything."""
    if len(payload) < _HEADER.size:
        raise ValueError(f"a configuration of {len(payload)} bytes")
    number, auto_leave, voters, outgoing, learners = _HEADER.unpack_from(payload)
    count = voters + outgoing + learners
    if number != _FORMAT or len(payload) != _HEADER.size + 8 * count:
        raise ValueError(f"a configuration of format {number} and {len(payload)} bytes")
    ids = [ReplicaId(number) for number in struct.unpack_from(f"<{count}Q", payload, _HEADER.size)]
    members = (
        tuple(ids[:voters]),
        tuple(ids[voters : voters + outgoing]),
        tuple(ids[voters + outgoing :]),
        bool(auto_leave),
    )
    if not may_be(*members):
        raise ValueError(f"a configuration of members that no group has: {ids}")
    return Configuration(*members)


def enter(
    now: Configuration,
    *,
    voters: Collection[ReplicaId],
    learners: Collection[ReplicaId],
    auto_leave: bool = True,
) -> Configuration:
    """The first step from `now` to the wanted members: C_old,new when voters change (§4.3), or at
    once the wanted one when only learners do, since no quorum depends on them (§4.2.1).

    Raises: ChangeInvalid.
    """
    assert not now.is_joint, now
    if not voters:
        raise ChangeInvalid("a group needs a voter")
    if set(voters) & set(learners):
        raise ChangeInvalid("a voter cannot be a learner too")
    if any(replica <= 0 for replica in (*voters, *learners)):
        raise ChangeInvalid("replica ids start at 1")
    wanted = Configuration(voters=tuple(sorted(set(voters))), learners=tuple(sorted(set(learners))))
    if wanted == now:
        raise ChangeInvalid("the group has these members already")
    if wanted.voters == now.voters:
        return wanted
    return Configuration(
        voters=wanted.voters,
        outgoing=now.voters,
        learners=wanted.learners,
        auto_leave=auto_leave,
    )


def leave(now: Configuration) -> Configuration:
    """C_new after C_old,new (§4.3)."""
    assert now.is_joint, now
    return Configuration(voters=now.voters, learners=now.learners)


class Membership:
    """The configurations in the log that may still matter, oldest first.

    Attributes:
    current: the latest, in force since the entry `index` was appended.
    only_member: of `current`; None: there are others, or nobody.
    """

    __slots__ = ("_history", "current", "index", "only_member")

    def __init__(self, index: int, configuration: Configuration, later: Iterable[Entry]) -> None:
        self._history: list[tuple[int, Configuration]] = []
        self._set(index, configuration)
        for entry in later:
            self.note(entry)

    def note(self, entry: Entry) -> None:
        """A configuration was appended to the log: in force from now on (§4.1)."""
        assert entry.kind is EntryKind.CONFIGURATION and entry.index > self.index, entry
        self._set(entry.index, decode(entry.payload))

    def _set(self, index: int, configuration: Configuration) -> None:
        self._history.append((index, configuration))
        self._in_force()

    def _in_force(self) -> None:
        self.index, self.current = self._history[-1]
        members = self.current.members()
        self.only_member: ReplicaId | None = members[0] if len(members) == 1 else None

    def truncate(self, from_index: int) -> bool:
        """Entries from there on are gone. Returns whether another configuration is in force."""
        if self.index < from_index:
            return False
        while self._history and self._history[-1][0] >= from_index:
            self._history.pop()
        assert self._history, "a committed configuration was truncated"
        self._in_force()
        return True

    def restore(self, index: int, configuration: Configuration) -> None:
        """A snapshot replaced the log (§5.1)."""
        self._history.clear()
        self._set(index, configuration)

    def at(self, index: int) -> Configuration:
        """In force at `index`, which is not before what was applied."""
        for since, configuration in reversed(self._history):
            if since <= index:
                return configuration
        raise AssertionError(f"the configuration at {index} was forgotten")

    def forget_before(self, applied: int) -> None:
        """The state machine keeps what was in force earlier."""
        while len(self._history) > 1 and self._history[1][0] <= applied:
            del self._history[0]

    def may_campaign(self, replica: ReplicaId, commit: int) -> bool:
        """A voter may; also one that an uncommitted configuration removes: only it may have a log
        up-to-date enough to be elected, and to commit that entry (§4.2.2)."""
        if self.current.has_vote(replica):
            return True
        return self.index > commit and self.at(commit).has_vote(replica)
