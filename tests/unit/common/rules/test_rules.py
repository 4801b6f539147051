from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rules.network import RULES
from trioxygen.common.rules.rule import ANY, PART, each, number, rules
from trioxygen.common.rules.table import Table
from trioxygen.proto.v1 import (
    datanode_pb2,
    group_admin_pb2,
    om_pb2,
    raft_pb2,
    scm_pb2,
    session_pb2,
    types_pb2,
)

FILES: tuple[Any, ...] = (
    datanode_pb2,
    group_admin_pb2,
    om_pb2,
    raft_pb2,
    scm_pb2,
    session_pb2,
    types_pb2,
)
SLICE = {"container": 1, "local": 1, "length_bytes": 4}
COMMIT: dict[str, Any] = {
    "bucket": "b",
    "bucket_id": 1,
    "key": b"k",
    "row": {"size_bytes": 4, "blocks": [SLICE]},
}
APPEND: dict[str, Any] = {"kind": raft_pb2.APPEND_ENTRIES, "sender": 1, "to": 2, "term": 5}


def parts_of(descriptor: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    yield descriptor
    for field in descriptor.fields:
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from parts_of(field.message_type, seen)


def test_every_field_of_every_request_has_a_rule() -> None:
    requests = [
        method.input_type
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    assert len(requests) > 40
    seen: set[str] = set()
    unruled = [
        part.full_name
        for request in requests
        for part in parts_of(request, seen)
        # A server's answers come in the other direction.
        if part.name != "ErrorDetail" and not RULES.covers(part)
    ]
    assert unruled == []


def test_table_that_leaves_a_field_out_cannot_be_read() -> None:
    with pytest.raises(AssertionError, match="local"):
        Table({types_pb2.BlockId: rules(container=ANY)})
    with pytest.raises(AssertionError, match="nonsense"):
        Table({types_pb2.BlockId: rules(container=ANY, local=ANY, nonsense=ANY)})
    with pytest.raises(AssertionError, match="blocks"):
        Table({scm_pb2.DeleteBlocksCommand: rules(transaction_id=ANY, blocks=each(PART, 5))})
    with pytest.raises(AssertionError, match="lease_ids"):
        Table({om_pb2.ExpireLeases: rules(lease_ids=number(1, 5))})


def deleted(**blocks: int) -> Message:
    return scm_pb2.DeleteBlocksRequest(blocks=[types_pb2.BlockRange(**blocks)])


def committed(**changed: Any) -> Message:
    return om_pb2.CommitKeyRequest(**{**COMMIT, **changed})


def stepped(**changed: Any) -> Message:
    message = raft_pb2.RaftMessage(**{**APPEND, **changed})
    return raft_pb2.RaftBatch(groups=[raft_pb2.RaftGroupMessages(messages=[message])])


REFUSED: list[tuple[Message, str]] = [
    (deleted(container=1, first_local=2**64 - 1, count=2), r"blocks\[0\].first_local is to be"),
    (deleted(container=1, first_local=2**62, count=2), r"blocks\[0\].its end is beyond"),
    (deleted(container=1, first_local=5), r"blocks\[0\].count is missing"),
    (deleted(container=2**63, first_local=5, count=1), r"blocks\[0\].container is to be"),
    (deleted(first_local=5, count=1), r"blocks\[0\].container is missing"),
    (committed(bucket="b\0c"), "bucket is to be"),
    (committed(key=b"\xff"), "key is to be"),
    (committed(bucket_id=0), "bucket_id is missing"),
    (committed(row={"size_bytes": 5, "blocks": [SLICE]}), "its size is 5"),
    (committed(row={"checksum_algorithm": 99}), "row.checksum_algorithm is to be a known value"),
    (committed(row={"modified_ms": -1}), "row.modified_ms is to be"),
    (committed(row={"blocks": [{**SLICE, "offset_bytes": 2**60}]}), r"row.blocks\[0\].offset_by"),
    (
        committed(row={"headers": {"user_metadata": 2_000 * [{"value": "x" * 100}]}}),
        "characters of metadata",
    ),
    (om_pb2.DeleteKeysRequest(bucket="b", bucket_id=1), "keys is missing"),
    (
        om_pb2.DeleteKeysRequest(bucket="b", bucket_id=1, keys=1_001 * [om_pb2.KeyToDelete()]),
        "keys has 1,001 values; at most 1,000",
    ),
    (om_pb2.CommitPartRequest(bucket="b", bucket_id=1, row={}, number=10_001), "number is to be"),
    (
        om_pb2.CommitPartRequest(bucket="b", bucket_id=1, row={"etag": "zz"}, number=1),
        "row.etag is to be pairs of hexadecimal digits",
    ),
    (om_pb2.CreateBucketRequest(bucket="a/b"), "bucket is to be a bucket's name"),
    (scm_pb2.RegisterDataNodeRequest(node_id="n" * 256, address="a:1"), "node_id is to be"),
    (scm_pb2.HeartbeatRequest(node_id="n", containers=[{"container_id": 1}]), "state is missing"),
    (
        scm_pb2.HeartbeatRequest(node_id="n", containers=[{"container_id": 1, "state": 77}]),
        "state is to be a known value",
    ),
    (datanode_pb2.WriteSmallBlockRequest(data=b"x"), "block is missing"),
    (datanode_pb2.WriteSmallBlockRequest(data=b"x", block={}), "block.container is missing"),
    (datanode_pb2.WriteStreamHeader(block={"local": 1}), "block.container is missing"),
    (datanode_pb2.PutBlockRequest(size_bytes=1), "block is missing"),
    (datanode_pb2.ReadStreamHeader(length_bytes=1), "block is missing"),
    (
        datanode_pb2.ReadSmallBlockRequest(
            block={"container": 1}, offset_bytes=2**34, length_bytes=2**34
        ),
        "the range's end is beyond",
    ),
    (stepped(kind=0), "kind is missing"),
    (stepped(term=2**64 - 1), "term is to be"),
    (stepped(terms=[1]), "terms or kinds of no entries"),
    (stepped(payloads=[b"", b""], terms=[1, 1, 1]), "without a term or kind"),
    (stepped(payloads=[b"", b""], terms=[2, 1]), "that fall"),
    (stepped(payloads=[b""], terms=[6]), "outside of those before and after"),
    (stepped(payloads=[b""], terms=[5], index=2**62), "its last entry is beyond"),
    (session_pb2.Batch(calls=[{"method": "m" * 256}]), r"calls\[0\].method is to be"),
    (group_admin_pb2.RemoveNodeRequest(), "node_id is missing"),
]


@pytest.mark.parametrize(("message", "fault"), REFUSED, ids=lambda one: "" if one else "")
def test_message_outside_of_its_rules_is_refused_by_the_name_of_its_field(
    message: Message, fault: str
) -> None:
    with pytest.raises(InvalidRequest, match=fault) as raised:
        RULES.check(message, "Service/Method")
    assert raised.value.facts == {"method": "Service/Method"}


@pytest.mark.parametrize(
    "message",
    [
        deleted(container=1, first_local=2**62 - 2, count=2),
        committed(),
        committed(row={"size_bytes": 9}, copy_source={"bucket": "b"}),
        om_pb2.CompleteUploadRequest(bucket="b", bucket_id=1, size_bytes=-1),
        om_pb2.ListKeysRequest(bucket="b", prefix="ä/".encode(), count_max=2**32 - 1),
        stepped(payloads=[b"", b""], terms=[1]),
        stepped(payloads=[b"", b""], terms=[1, 5], kinds=b"\0\1"),
        session_pb2.Batch(),
    ],
    ids=lambda one: type(one).__name__,
)
def test_message_within_its_rules_passes(message: Message) -> None:
    assert RULES.fault(message) is None
