"""What replicas of a group say to each other, and what the core and its driver hand each other.

Sections (§) name the Raft dissertation: D. Ongaro, "Consensus: Bridging Theory and Practice", 2014.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

# One member of one group, under one incarnation of its disk: a replica that lost its log comes back
# under another id, since its promises are lost too. From 1 up.
ReplicaId = NewType("ReplicaId", int)
RequestId = NewType("RequestId", int)


class EntryKind(enum.IntEnum):
    """NO_OP: the empty entry a leader starts its term with (§6.4 step 1)."""

    NORMAL = 0
    CONFIGURATION = 1
    NO_OP = 2


class Role(enum.IntEnum):
    FOLLOWER = 0
    PRE_CANDIDATE = 1
    CANDIDATE = 2
    LEADER = 3


def may_be(
    voters: tuple[ReplicaId, ...],
    outgoing: tuple[ReplicaId, ...],
    learners: tuple[ReplicaId, ...],
    auto_leave: bool,
) -> bool:
    """Whether they keep the invariants of a `Configuration`."""
    return (
        all([list(ids) == sorted(set(ids)) for ids in (voters, outgoing, learners)])
        and all([replica > 0 for replica in (*voters, *outgoing, *learners)])
        and not set(voters) & set(learners)
        and (bool(outgoing) or not auto_leave)
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """Who belongs to the group (§4.1); with `outgoing` it is the joint C_old,new (§4.3).

    Invariants: (1) each tuple is sorted, without doubles; (2) a voter is no learner;
    (3) `auto_leave` only when joint. A learner may be in `outgoing`: a voter until the joint ends.

    Attributes:
    voters: of C_new.
    outgoing: the voters of C_old while joint, else empty.
    learners: get the log and never vote (§4.2.1).
    auto_leave: the leader ends the joint by itself.
    """

    voters: tuple[ReplicaId, ...]
    outgoing: tuple[ReplicaId, ...] = ()
    learners: tuple[ReplicaId, ...] = ()
    auto_leave: bool = False

    def __post_init__(self) -> None:
        assert may_be(self.voters, self.outgoing, self.learners, self.auto_leave), self

    @property
    def is_joint(self) -> bool:
        return bool(self.outgoing)

    def has_vote(self, replica: ReplicaId) -> bool:
        return replica in self.voters or replica in self.outgoing

    def members(self) -> tuple[ReplicaId, ...]:
        return tuple(sorted({*self.voters, *self.outgoing, *self.learners}))


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the log; what `payload` means is the state machine's affair (or, of the kind
    CONFIGURATION, `membership.decode`'s)."""

    index: int
    term: int
    payload: bytes
    kind: EntryKind = EntryKind.NORMAL


# Not frozen: as `Ready`, for each proposal.
@dataclass(slots=True)
class EntryId:
    index: int
    term: int


@dataclass(frozen=True, slots=True)
class HardState:
    """What a replica must never forget (§3.3, figure 3.1). `commit` may be forgotten safely; kept,
    it lets a restarted replica apply without waiting for a leader (§3.8)."""

    term: int = 0
    voted_for: ReplicaId | None = None
    commit: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotMeta:
    """The state after applying `index`; the bytes are the driver's affair (§5.1)."""

    index: int
    term: int
    configuration: Configuration


@dataclass(frozen=True, slots=True)
class AppendEntries:
    """§3.5. The entries follow (previous_index, previous_term) without a gap."""

    sender: ReplicaId
    to: ReplicaId
    term: int
    previous_index: int
    previous_term: int
    entries: Sequence[Entry]
    commit: int


@dataclass(frozen=True, slots=True)
class AppendReply:
    """Attributes:
    index: accepted: the log equals the leader's up to here, durably. Rejected: the
        `previous_index` that did not match.
    hint_index, hint_term: rejected: where the two logs may still agree.
    """

    sender: ReplicaId
    to: ReplicaId
    term: int
    index: int
    rejected: bool = False
    hint_index: int = 0
    hint_term: int = 0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Attributes:
    round: counts broadcasts; the reply says which one it answers (§6.4).
    commit: no more than what the follower is known to hold.
    quiesce: nothing will come until something happens; stop the election timer too.
    """

    sender: ReplicaId
    to: ReplicaId
    term: int
    commit: int
    round: int
    quiesce: bool = False


@dataclass(frozen=True, slots=True)
class HeartbeatReply:
    sender: ReplicaId
    to: ReplicaId
    term: int
    round: int


@dataclass(frozen=True, slots=True)
class CommitNotice:
    """Tells a follower that holds everything how far it may apply. Not answered, may get lost."""

    sender: ReplicaId
    to: ReplicaId
    term: int
    commit: int


@dataclass(frozen=True, slots=True)
class RequestVote:
    """§3.4, §9.6.

    Attributes:
    pre: would you vote for me in `term`?
    transfer: the leader told me to (§3.10).
    """

    sender: ReplicaId
    to: ReplicaId
    term: int
    last_index: int
    last_term: int
    pre: bool = False
    transfer: bool = False


@dataclass(frozen=True, slots=True)
class VoteReply:
    """`term` is the one asked for when granted, else the voter's own."""

    sender: ReplicaId
    to: ReplicaId
    term: int
    granted: bool
    pre: bool = False


@dataclass(frozen=True, slots=True)
class InstallSnapshot:
    """§5.3. The sender's driver streams the state; the receiver's steps this once it has it all."""

    sender: ReplicaId
    to: ReplicaId
    term: int
    snapshot: SnapshotMeta


@dataclass(frozen=True, slots=True)
class TimeoutNow:
    """§3.10: start an election at once."""

    sender: ReplicaId
    to: ReplicaId
    term: int


@dataclass(frozen=True, slots=True)
class ReadIndexRequest:
    """A follower asks for its reads (§6.4, last paragraph). `token` is not used twice."""

    sender: ReplicaId
    to: ReplicaId
    term: int
    token: int


@dataclass(frozen=True, slots=True)
class ReadIndexReply:
    sender: ReplicaId
    to: ReplicaId
    term: int
    token: int
    index: int


Message = (
    AppendEntries
    | AppendReply
    | Heartbeat
    | HeartbeatReply
    | CommitNotice
    | RequestVote
    | VoteReply
    | InstallSnapshot
    | TimeoutNow
    | ReadIndexRequest
    | ReadIndexReply
)


@dataclass(frozen=True, slots=True)
class ReadState:
    """The read may be served once the state machine has applied `index` (§6.4)."""

    request: RequestId
    index: int


@dataclass(frozen=True, slots=True)
class SoftState:
    """What needs no disk. Given when it changed."""

    role: Role
    leader: ReplicaId | None
    term: int


# Not frozen: one is made for each turn of the driver, and `frozen` would take ten times as long.
@dataclass(slots=True)
class Ready:
    """Work for the driver, in this order:

    1. Send `messages_at_once` at any time: they promise nothing that is not durable (§10.2.1).
    2. Install `snapshot`, then write `hard_state` and `entries`, all durable before the next step.
       Entries replace what the log holds from the first one's index on; a snapshot replaces the
       whole log. Without `must_sync` there is nothing to wait for but the Readys before.
    3. Call `Node.advance(ready)` and send `messages`. BEFORE SENDING MESSAGES, THIS AND EVERY
       EARLIER `Ready` MUST BE DURABLE. Messages that get lost, arrive twice or late do no harm.
    4. Apply `committed`, then call `Node.applied_to(index)`. Each entry is handed out once, and
       only when it is durable here: the state never runs ahead of the log.
    5. Serve `reads` once their index is applied; refuse those in `reads_refused`.

    The next `Ready` may be taken before this one is durable; advance them in the order taken.
    """

    number: int
    hard_state: HardState | None
    snapshot: SnapshotMeta | None
    entries: Sequence[Entry]
    must_sync: bool
    messages_at_once: Sequence[Message]
    messages: Sequence[Message]
    committed: Sequence[Entry]
    reads: Sequence[ReadState]
    reads_refused: Sequence[RequestId]
    soft_state: SoftState | None
