import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import InvalidRequest
from trioxygen.metadata.raft.core import types as core
from trioxygen.metadata.raft.core.membership import encode as encode_configuration
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryKind,
    Message,
    ReplicaId,
)
from trioxygen.metadata.raft.transport.codec import decode, encode
from trioxygen.proto.v1 import raft_pb2 as raft

U64 = st.integers(0, 2**64 - 1)
IDS = st.integers(1, 2**64 - 1).map(ReplicaId)
GROUP = Configuration(voters=(ReplicaId(1), ReplicaId(2)))
HEAD = (IDS, IDS, U64)


@st.composite
def appends(draw: st.DrawFn) -> core.AppendEntries:
    previous, count = draw(st.integers(0, 2**60)), draw(st.integers(0, 5))
    terms = sorted(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    entries = []
    for position, term in enumerate(terms):
        kind = draw(st.sampled_from(EntryKind))
        is_configuration = kind is EntryKind.CONFIGURATION
        payload = encode_configuration(GROUP) if is_configuration else draw(st.binary(max_size=20))
        entries.append(Entry(previous + 1 + position, term, payload, kind))
    return core.AppendEntries(
        draw(IDS), draw(IDS), draw(U64), previous, draw(U64), entries, draw(U64)
    )


def replies(draw: st.DrawFn) -> core.AppendReply:
    rejected = draw(st.booleans())
    hint = (draw(U64), draw(U64)) if rejected else (0, 0)
    return core.AppendReply(draw(IDS), draw(IDS), draw(U64), draw(U64), rejected, *hint)


MESSAGES: st.SearchStrategy[Message] = st.one_of(
    appends(),
    st.composite(replies)(),
    st.builds(core.Heartbeat, *HEAD, U64, U64, st.booleans()),
    st.builds(core.HeartbeatReply, *HEAD, U64),
    st.builds(core.CommitNotice, *HEAD, U64),
    st.builds(core.RequestVote, *HEAD, U64, U64, st.booleans(), st.booleans()),
    st.builds(core.VoteReply, *HEAD, st.booleans(), st.booleans()),
    st.builds(core.TimeoutNow, *HEAD),
    st.builds(core.ReadIndexRequest, *HEAD, U64),
    st.builds(core.ReadIndexReply, *HEAD, U64, U64),
)


@given(message=MESSAGES)
def test_message_comes_back_as_it_was(message: Message) -> None:
    encoded = raft.RaftMessage()
    encode(message, encoded)
    back = decode(raft.RaftMessage.FromString(encoded.SerializeToString()))
    if isinstance(message, core.AppendEntries):
        assert isinstance(back, core.AppendEntries)
        assert list(back.entries) == list(message.entries)
        assert back.previous_index == message.previous_index
        assert (back.previous_term, back.commit) == (message.previous_term, message.commit)
        assert (back.sender, back.to, back.term) == (message.sender, message.to, message.term)
    else:
        assert back == message


@pytest.mark.parametrize(
    "message",
    [
        raft.RaftMessage(kind=raft.RAFT_MESSAGE_UNKNOWN),
        raft.RaftMessage(kind=raft.APPEND_ENTRIES, payloads=[b"a", b"b"]),
        raft.RaftMessage(kind=raft.APPEND_ENTRIES, payloads=[b"a", b"b"], terms=[1], kinds=b"\0"),
        raft.RaftMessage(kind=raft.APPEND_ENTRIES, payloads=[b"a"], terms=[1], kinds=b"\x09"),
        # A configuration that says nothing of anybody.
        raft.RaftMessage(kind=raft.APPEND_ENTRIES, payloads=[b"a"], terms=[1], kinds=b"\x01"),
    ],
)
def test_message_that_makes_no_sense_is_refused(message: raft.RaftMessage) -> None:
    with pytest.raises(InvalidRequest):
        decode(message)
