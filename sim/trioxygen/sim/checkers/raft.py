"""Raft's five properties (dissertation, figure 3.2) and some more, from what members say to each
other and from what their states hold. Knows nothing of how the members work."""

import zlib
from dataclasses import dataclass
from typing import Final

from trioxygen.proto.v1 import raft_pb2
from trioxygen.proto.v1.raft_pb2 import RaftGroupMessages, RaftMessage
from trioxygen.sim.checkers.violation import Violation

OF_LEADERS: Final = (
    raft_pb2.APPEND_ENTRIES,
    raft_pb2.RAFT_HEARTBEAT,
    raft_pb2.COMMIT_NOTICE,
    raft_pb2.TIMEOUT_NOW,
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of one (index, term): the entry's own content and the term before it."""

    previous_term: int | None
    content: int


class GroupProperties:
    """Of one group, identified by its digest: another bootstrap is another group.

    Attributes:
    leaders: term -> replica.
    committed_through: the highest index that any state holds.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.leaders: dict[int, int] = {}
        self.committed_through = 0
        self._votes: dict[tuple[int, int], int] = {}
        self._entries: dict[tuple[int, int], _Said] = {}
        self._announced = 0
        # Term -> the commit index in its leader's first AppendEntries.
        self._commit_at_first: dict[int, int] = {}
        self._terms_of_leader: dict[int, dict[int, int]] = {}
        self._committed_terms: dict[int, int] = {}
        # The latest term that led when an entry was first seen applied: it was committed by then.
        self._committed_before: dict[int, int] = {}
        self._states: dict[int, tuple[str, int]] = {}
        # Replica -> (term, index): how much of that term's leader's log it says it holds.
        self._acknowledged: dict[int, tuple[int, int]] = {}

    def heard(self, messages: RaftGroupMessages) -> None:
        """Everything that a member sends, at the time. Raises Violation."""
        for message in messages.messages:
            kind = message.kind
            if kind in OF_LEADERS:
                self._check_leader(message)
                if kind == raft_pb2.APPEND_ENTRIES:
                    self._commit_at_first.setdefault(message.term, message.commit)
                    self._check_entries(message)
                # A heartbeat says less: no more than what its receiver is known to hold.
                if message.commit > self._announced and kind != raft_pb2.RAFT_HEARTBEAT:
                    self._check_commit(message)
            elif kind == raft_pb2.APPEND_REPLY:
                self._check_reply(message)
            elif kind == raft_pb2.VOTE_REPLY and message.flag and not message.pre:
                self._check_vote(message)
            elif kind == raft_pb2.REQUEST_VOTE and not message.pre:
                # A candidate votes for itself.
                self._note_vote(message.term, message.sender, message.sender)

    def _check_reply(self, message: RaftMessage) -> None:
        """What a follower has acknowledged it holds, for the whole of the term (§3.5): only another
        leader's entries could take its place."""
        term, index = self._acknowledged.get(message.sender, (0, 0))
        if not message.flag:
            if message.term > term or (message.term == term and message.index > index):
                self._acknowledged[message.sender] = (message.term, message.index)
        elif message.index and message.term == term and message.hint_index < index:
            # Index 0: it only tells a leader of an earlier term that its own is over (§3.3).
            self._fail(
                "acknowledged-is-kept",
                f"replica {message.sender} acknowledged entry {index} in term {term}; now it holds "
                f"no more than {message.hint_index} of them",
            )

    def _check_leader(self, message: RaftMessage) -> None:
        leader = self.leaders.setdefault(message.term, message.sender)
        if leader != message.sender:
            self._fail(
                "election-safety",
                f"replicas {leader} and {message.sender} both lead term {message.term}",
            )

    def _check_vote(self, message: RaftMessage) -> None:
        self._note_vote(message.term, message.sender, message.to)

    def _note_vote(self, term: int, voter: int, candidate: int) -> None:
        before = self._votes.setdefault((term, voter), candidate)
        if before != candidate:
            self._fail(
                "one-vote", f"replica {voter} voted for {before} and {candidate} in term {term}"
            )

    def _check_commit(self, message: RaftMessage) -> None:
        """Only an entry of the leader's own term becomes committed by being counted (§3.6.2). What
        it knew to be committed when it was elected, from its disk perhaps, is in its first message.
        """
        known = self._commit_at_first.get(message.term, 0)
        term = self._terms_of_leader.get(message.term, {}).get(message.commit)
        if (
            term is not None
            and term != message.term
            and message.commit > max(known, self.committed_through)
        ):
            self._fail(
                "commit-of-own-term",
                f"the leader of term {message.term} committed entry {message.commit} of term "
                f"{term}",
            )
        self._announced = message.commit

    def _check_entries(self, message: RaftMessage) -> None:
        count = len(message.payloads)
        terms = list(message.terms) if len(message.terms) == count else list(message.terms) * count
        previous = message.index_term
        log = self._terms_of_leader.setdefault(message.term, {})
        self._note_place(message, log, message.index, previous)
        for number, (payload, term) in enumerate(zip(message.payloads, terms, strict=True)):
            index = message.index + 1 + number
            kind = message.kinds[number] if message.kinds else 0
            self._note_place(message, log, index, term)
            said = _Said(previous, zlib.crc32(payload, kind))
            before = self._entries.setdefault((index, term), said)
            if before != said:
                self._fail(
                    "log-matching", f"two entries are called ({index}, {term}): {before}, {said}"
                )
            previous = term

    def _note_place(self, message: RaftMessage, log: dict[int, int], index: int, term: int) -> None:
        if log.setdefault(index, term) != term:
            self._fail(
                "leader-append-only",
                f"the leader of term {message.term} replaced entry {index} of term {log[index]} "
                f"by one of term {term}",
            )
        committed = self._committed_terms.get(index)
        if (
            committed is not None
            and committed != term
            and message.term > self._committed_before[index]
        ):
            self._fail(
                "leader-completeness",
                f"entry ({index}, {committed}) is committed; the leader of term {message.term} "
                f"holds ({index}, {term})",
            )

    def applied(self, member: str, index: int, term: int, state: int) -> None:
        """A member's state holds everything through an entry; `state` is a hash of all rows. Raises
        Violation."""
        self.committed_through = max(self.committed_through, index)
        self._committed_before.setdefault(index, max(self.leaders, default=term))
        known = self._committed_terms.setdefault(index, term)
        if known != term:
            self._fail(
                "state-machine-safety", f"{member} applied ({index}, {term}), others term {known}"
            )
        other, before = self._states.setdefault(index, (member, state))
        if before != state:
            self._fail(
                "state-equality", f"{other} and {member} differ after applying entry {index}"
            )

    def _fail(self, promise: str, text: str) -> None:
        raise Violation(promise, f"group {self._name}: {text}")
