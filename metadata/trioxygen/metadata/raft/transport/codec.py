"""The core's messages as protobufs, and back.

    kind               index           index_term      commit   other
    APPEND_ENTRIES     previous_index  previous_term   commit   payloads, terms, kinds
    APPEND_REPLY       index                                    flag: rejected; hint_*
    RAFT_HEARTBEAT                                     commit   number: round; flag: quiesce
    RAFT_HEARTBEAT_REPLY                                        number: round
    COMMIT_NOTICE                                      commit
    REQUEST_VOTE       last_index      last_term                pre, transfer
    VOTE_REPLY                                                  flag: granted; pre
    TIMEOUT_NOW
    READ_INDEX_REQUEST                                          number: token
    READ_INDEX_REPLY   index                                    number: token

All have `sender`, `to` and `term`. InstallSnapshot is none of them: it travels with its bytes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from trioxygen.common.errors import InvalidRequest
from trioxygen.metadata.raft.core import membership
from trioxygen.metadata.raft.core import types as core
from trioxygen.metadata.raft.core.types import Configuration, Entry, EntryKind, Message, ReplicaId
from trioxygen.proto.v1 import raft_pb2 as raft
from trioxygen.proto.v1.raft_pb2 import RaftMessage

# What a message takes besides its payloads, about.
MESSAGE_BYTES: Final = 64
ENTRY_BYTES: Final = 8

_NORMAL: Final = EntryKind.NORMAL
_CONFIGURATION: Final = EntryKind.CONFIGURATION
_KINDS: Final = {int(kind): kind for kind in EntryKind}


def size_bytes(message: Message) -> int:
    """About what it takes on the wire."""
    if type(message) is not core.AppendEntries:
        return MESSAGE_BYTES
    entries = message.entries
    return MESSAGE_BYTES + sum([len(entry.payload) + ENTRY_BYTES for entry in entries])


def _put_append(to: RaftMessage, message: core.AppendEntries) -> None:
    to.index, to.index_term = message.previous_index, message.previous_term
    to.commit = message.commit
    entries = message.entries
    if not entries:
        return
    to.payloads.extend([entry.payload for entry in entries])
    # Terms never fall: with the same one at both ends there is only one.
    if entries[0].term == entries[-1].term:
        to.terms.append(entries[0].term)
    else:
        to.terms.extend([entry.term for entry in entries])
    if any([entry.kind is not _NORMAL for entry in entries]):
        to.kinds = bytes([entry.kind for entry in entries])


def _put_append_reply(to: RaftMessage, message: core.AppendReply) -> None:
    to.index = message.index
    if message.rejected:
        to.flag = True
        to.hint_index, to.hint_term = message.hint_index, message.hint_term


def _put_heartbeat(to: RaftMessage, message: core.Heartbeat) -> None:
    to.commit, to.number, to.flag = message.commit, message.round, message.quiesce


def _put_heartbeat_reply(to: RaftMessage, message: core.HeartbeatReply) -> None:
    to.number = message.round


def _put_commit_notice(to: RaftMessage, message: core.CommitNotice) -> None:
    to.commit = message.commit


def _put_request_vote(to: RaftMessage, message: core.RequestVote) -> None:
    to.index, to.index_term = message.last_index, message.last_term
    to.pre, to.transfer = message.pre, message.transfer


def _put_vote_reply(to: RaftMessage, message: core.VoteReply) -> None:
    to.flag, to.pre = message.granted, message.pre


def _put_nothing(to: RaftMessage, message: core.TimeoutNow) -> None:
    return


def _put_read_index_request(to: RaftMessage, message: core.ReadIndexRequest) -> None:
    to.number = message.token


def _put_read_index_reply(to: RaftMessage, message: core.ReadIndexReply) -> None:
    to.number, to.index = message.token, message.index


_ENCODERS: Final[dict[type, tuple[raft.RaftMessageKind, Callable[[RaftMessage, Any], None]]]] = {
    core.AppendEntries: (raft.APPEND_ENTRIES, _put_append),
    core.AppendReply: (raft.APPEND_REPLY, _put_append_reply),
    core.Heartbeat: (raft.RAFT_HEARTBEAT, _put_heartbeat),
    core.HeartbeatReply: (raft.RAFT_HEARTBEAT_REPLY, _put_heartbeat_reply),
    core.CommitNotice: (raft.COMMIT_NOTICE, _put_commit_notice),
    core.RequestVote: (raft.REQUEST_VOTE, _put_request_vote),
    core.VoteReply: (raft.VOTE_REPLY, _put_vote_reply),
    core.TimeoutNow: (raft.TIMEOUT_NOW, _put_nothing),
    core.ReadIndexRequest: (raft.READ_INDEX_REQUEST, _put_read_index_request),
    core.ReadIndexReply: (raft.READ_INDEX_REPLY, _put_read_index_reply),
}


def encode(message: Message, to: RaftMessage) -> None:
    """Fills an empty `to`."""
    kind, put = _ENCODERS[type(message)]
    to.kind = kind
    to.sender, to.to, to.term = message.sender, message.to, message.term
    put(to, message)


def decode_configuration(payload: bytes) -> Configuration:
    """Of an entry or a snapshot that comes in. Raises: InvalidRequest."""
    try:
        return membership.decode(payload)
    except ValueError as error:
        raise InvalidRequest("members of a group that make no sense", reason=str(error)) from error


def _entries(of: RaftMessage) -> Sequence[Entry]:
    payloads, terms, kinds = of.payloads, of.terms, of.kinds
    count, index = len(payloads), of.index
    if (kinds and len(kinds) != count) or (len(terms) != count and len(terms) != 1):
        raise InvalidRequest("entries without a term or kind", entries=count)
    if len(terms) == 1 and not kinds:
        term = terms[0]
        return [Entry(at, term, payload) for at, payload in enumerate(payloads, index + 1)]
    entries: list[Entry] = []
    for position, payload in enumerate(payloads):
        kind = _KINDS.get(kinds[position]) if kinds else _NORMAL
        if kind is None:
            raise InvalidRequest("an entry of an unknown kind", kind=kinds[position])
        if kind is _CONFIGURATION:
            # In the log it is in force at once, and stays there: too late to find it broken.
            decode_configuration(payload)
        term = terms[position if len(terms) > 1 else 0]
        entries.append(Entry(index + 1 + position, term, payload, kind))
    return entries


def _take_append(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    entries = _entries(of) if of.payloads else ()
    return core.AppendEntries(sender, to, of.term, of.index, of.index_term, entries, of.commit)


def _take_append_reply(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.AppendReply(sender, to, of.term, of.index, of.flag, of.hint_index, of.hint_term)


def _take_heartbeat(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.Heartbeat(sender, to, of.term, of.commit, of.number, of.flag)


def _take_heartbeat_reply(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.HeartbeatReply(sender, to, of.term, of.number)


def _take_commit_notice(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.CommitNotice(sender, to, of.term, of.commit)


def _take_request_vote(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.RequestVote(sender, to, of.term, of.index, of.index_term, of.pre, of.transfer)


def _take_vote_reply(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.VoteReply(sender, to, of.term, of.flag, of.pre)


def _take_timeout_now(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.TimeoutNow(sender, to, of.term)


def _take_read_index_request(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.ReadIndexRequest(sender, to, of.term, of.number)


def _take_read_index_reply(of: RaftMessage, sender: ReplicaId, to: ReplicaId) -> Message:
    return core.ReadIndexReply(sender, to, of.term, of.number, of.index)


_DECODERS: Final[dict[int, Callable[[RaftMessage, ReplicaId, ReplicaId], Message]]] = {
    raft.APPEND_ENTRIES: _take_append,
    raft.APPEND_REPLY: _take_append_reply,
    raft.RAFT_HEARTBEAT: _take_heartbeat,
    raft.RAFT_HEARTBEAT_REPLY: _take_heartbeat_reply,
    raft.COMMIT_NOTICE: _take_commit_notice,
    raft.REQUEST_VOTE: _take_request_vote,
    raft.VOTE_REPLY: _take_vote_reply,
    raft.TIMEOUT_NOW: _take_timeout_now,
    raft.READ_INDEX_REQUEST: _take_read_index_request,
    raft.READ_INDEX_REPLY: _take_read_index_reply,
}


def decode(of: RaftMessage) -> Message:
    """Raises: InvalidRequest: of a kind that is not known here, or entries that none can be."""
    take = _DECODERS.get(of.kind)
    if take is None:
        raise InvalidRequest("a Raft message of an unknown kind", kind=int(of.kind))
    return take(of, ReplicaId(of.sender), ReplicaId(of.to))
