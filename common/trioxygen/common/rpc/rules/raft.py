"""Rules of what members of a group, and their operators, tell each other."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.rule import (
    ANY,
    NUMBER_MAX,
    PART,
    MessageRules,
    each,
    known,
    line,
    raw,
    rules,
)
from trioxygen.common.rpc.rules.types import (
    ADDRESS,
    ADDRESS_OR_NONE,
    COUNT,
    ID,
    ID_OR_NONE,
    NODE_ID,
    NODE_ID_OR_NONE,
)
from trioxygen.common.units import MIB
from trioxygen.proto.v1 import group_admin_pb2 as admin
from trioxygen.proto.v1 import raft_pb2 as raft
from trioxygen.proto.v1 import replication_pb2 as replication

# The longest key of a store.
_ROW_KEY_BYTES_MAX: Final = 1_978

MEMBERS_MAX: Final = 1_000
_ENTRIES_MAX: Final = 1_000_000
_PAYLOAD: Final = raw(64 * MIB)


def _message_fault(message: Any) -> str | None:
    terms, count = message.terms, len(message.payloads)
    if not count:
        return "terms or kinds of no entries" if terms or message.kinds else None
    if message.index + count > NUMBER_MAX:
        return f"its last entry is beyond {NUMBER_MAX:,}"
    if len(terms) not in (1, count) or (message.kinds and len(message.kinds) != count):
        return "entries without a term or kind"
    if message.index_term > terms[0] or terms[-1] > message.term:
        return "terms of entries outside of those before and after"
    if len(terms) > 1 and any([a > b for a, b in zip(terms, terms[1:], strict=False)]):
        return "terms of entries that fall"
    return None


RAFT: Final[dict[type[Message], MessageRules]] = {
    raft.RaftBatch: rules(
        sender_address=ADDRESS_OR_NONE, groups=each(PART, 10_000), quiet_groups=each(COUNT, 100_000)
    ),
    raft.RaftGroupMessages: rules(group=COUNT, group_digest=ANY, messages=each(PART, 100_000)),
    raft.RaftMessage: rules(
        _message_fault,
        kind=known(is_required=True),
        sender=ID,
        to=ID,
        term=COUNT,
        index=COUNT,
        index_term=COUNT,
        commit=COUNT,
        hint_index=COUNT,
        hint_term=COUNT,
        number=ANY,
        flag=ANY,
        pre=ANY,
        transfer=ANY,
        payloads=each(_PAYLOAD, _ENTRIES_MAX),
        terms=each(COUNT, _ENTRIES_MAX),
        kinds=raw(_ENTRIES_MAX),
    ),
    replication.MemberRow: rules(
        replica_id=ID_OR_NONE, node_id=NODE_ID_OR_NONE, address=ADDRESS_OR_NONE, incarnation=ANY
    ),
    raft.DiscoverRequest: rules(group=COUNT, node_id=NODE_ID_OR_NONE, incarnation=ANY),
    raft.DiscoverReply: rules(
        node_id=NODE_ID,
        incarnation=ANY,
        group_digest=ANY,
        members=each(PART, MEMBERS_MAX),
        leader_address=ADDRESS_OR_NONE,
        first_members=each(PART, MEMBERS_MAX),
        configured=each(NODE_ID_OR_NONE, MEMBERS_MAX),
        format=ANY,
    ),
    raft.JoinRequest: rules(
        group=COUNT,
        group_digest=ANY,
        node_id=NODE_ID,
        address=ADDRESS,
        incarnation=ANY,
        format=ANY,
    ),
    raft.JoinReply: rules(replica_id=ID, group_digest=ANY, members=each(PART, MEMBERS_MAX)),
    raft.InstallSnapshotHeader: rules(
        group=COUNT,
        group_digest=ANY,
        sender_address=ADDRESS_OR_NONE,
        sender=ID_OR_NONE,
        to=ID,
        term=COUNT,
        index=COUNT,
        index_term=COUNT,
        configuration=raw(MIB),
        format=line(255),
    ),
    admin.DescribeReplicaRequest: rules(),
    admin.TakeSnapshotRequest: rules(),
    # Keys of rows: the table is checked by who has it.
    admin.ReadRowsRequest: rules(
        group_digest=ANY,
        table=COUNT,
        after=raw(_ROW_KEY_BYTES_MAX),
        before=raw(_ROW_KEY_BYTES_MAX),
        applied_index=COUNT,
    ),
    admin.TransferLeadershipRequest: rules(node_id=NODE_ID_OR_NONE),
    admin.AddNodeRequest: rules(node_id=NODE_ID, address=ADDRESS),
    admin.RemoveNodeRequest: rules(node_id=NODE_ID),
}
