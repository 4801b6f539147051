from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.rules.rule import ANY, PART, each, number, rules
from trioxygen.common.rpc.rules.table import Table
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
    "volume": "s3v",
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


def account(**fields: str) -> Message:
    return om_pb2.CreateAccountRequest(account=types_pb2.Account(**fields))  # type: ignore[arg-type]


REFUSED: list[tuple[Message, str]] = [
    *(
        (account(account_id=value), "account.account_id is to be 1 to 64 letters")
        for value in ("../etc", ".", "..", "a b", "a:b", "a$b", "ä", "a\n", "x" * 65)
    ),
    (account(account_id="one", canonical_id="nope"), "account.canonical_id is to be 64 hex"),
    (account(canonical_id="A" * 64), "account.canonical_id is to be 64 hex"),
    *(
        (account(email=value), "account.email is to be an e-mail address")
        for value in ("not an email", "ann", "@", "ann@", "a@b@c", "a\n@b", "a@b,c@d")
    ),
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
    (committed(volume=""), "volume is missing"),
    (
        committed(appends_to=5, copy_source={"volume": "s3v", "bucket": "b", "key": b"s"}),
        "bytes of a source are not appended",
    ),
    (committed(volume="a/b"), "volume is to be"),
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


@pytest.mark.parametrize(("message", "fault"), REFUSED, ids=lambda each: "" if each else "")
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
        committed(row={"size_bytes": 9}, copy_source={"volume": "s3v", "bucket": "b"}),
        om_pb2.CompleteUploadRequest(volume="s3v", bucket="b", bucket_id=1, size_bytes=-1),
        om_pb2.ListKeysRequest(volume="s3v", bucket="b", prefix="ä/".encode(), count_max=2**32 - 1),
        stepped(payloads=[b"", b""], terms=[1]),
        stepped(payloads=[b"", b""], terms=[1, 5], kinds=b"\0\1"),
        session_pb2.Batch(),
        account(display_name="Ann"),
        account(account_id="1" * 12, canonical_id="0f" * 32, email="ann.b+c@example.org"),
        account(account_id="a-word_of.64", canonical_id="a-word_of.64", email="ä@localhost"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_message_within_its_rules_passes(message: Message) -> None:
    assert RULES.fault(message) is None


# What clients of S3 send, or what nodes tell of a damage: any text, which logs quote.
FREE_TEXT = {
    "CorruptBlock.reason",
    "FailedRepair.reason",
    "CopySource.bucket",
    "WriteCondition.if_none_match",
    "WriteCondition.if_match",
    "HttpCondition.if_match",
    "HttpCondition.if_none_match",
    "KeyToDelete.if_match",
    "CompletePart.etag",
    "InlinePolicy.document",
    "PolicyVersion.document",
    "AddPolicyVersion.document",
    "MintSessionRequest.policies",
    "PrincipalRow.trust_policy",
    "PrincipalRow.description",
    "ChangePrincipal.trust_policy",
    "ChangePrincipal.description",
    "ManagedPolicyRow.description",
    "ListPrincipals.path_prefix",
    "ListPolicies.path_prefix",
    "Page.after",
    "FindAccount.canonical_id",
    "FindAccount.email",
}
FREE_REQUESTS = (
    "DeriveSigningKeyRequest",
    "VerifySignatureV2Request",
    "ListBucketsRequest",
    "ListAccountsRequest",
    "ListAccessKeysRequest",
)


def texts_of_requests() -> Iterator[Any]:
    """Every field of text in every request, and in what is in it."""
    seen: set[str] = set()
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                for part in parts_of(method.input_type, seen):
                    if part.name != "ErrorDetail" and RULES.covers(part):
                        yield from (
                            field for field in part.fields if field.type == field.TYPE_STRING
                        )


def is_free(field: Any) -> bool:
    message = field.containing_type.name
    # A bucket that is asked for may have any name: it is not found.
    return (
        f"{message}.{field.name}" in FREE_TEXT
        or message in FREE_REQUESTS
        or (field.name == "bucket" and message != "CreateBucketRequest")
    )


def fault_of(field: Any, value: str) -> str:
    message: Any = GetMessageClass(field.containing_type)()
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)
    while (fault := RULES.fault(message) or "").partition(" ")[2].startswith("is missing"):
        *above, name = fault.partition(" ")[0].split(".")
        if [*above, name] == [field.name]:
            break  # it is empty, which it may not be
        part = reduce(getattr, above, message)
        _fill(part, part.DESCRIPTOR.fields_by_name[name])
    return fault


def _fill(message: Any, field: Any) -> None:
    """With a value that most rules let pass."""
    usual: dict[int, Any] = {field.TYPE_STRING: "a", field.TYPE_BYTES: b"a"}
    if field.is_repeated:
        getattr(message, field.name).add()
    elif field.message_type is not None:
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, usual.get(field.type, 1))


@pytest.mark.parametrize(
    "value",
    ["a\nb", "a\rb", "\x1b[2Jb", "a\0b", "a\x7fb", "a\u2028b", "a\u202eb", "a\x85b"],
    ids=ascii,
)
def test_no_text_that_is_shown_to_people_holds_control_characters(value: str) -> None:
    fields = list(texts_of_requests())
    assert len(fields) > 40
    let_in = [
        field.full_name
        for field in fields
        if not is_free(field) and not fault_of(field, value).startswith(field.name)
    ]
    if value in ("a\u2028b", "a\u202eb", "a\x85b"):
        # Headers carry them, as bytes of UTF-8 or encoded; nothing shows them to people.
        let_in = [name for name in let_in if ".ObjectHeaders." not in name]
        let_in = [name for name in let_in if not name.endswith("HeaderPair.value")]
        let_in = [name for name in let_in if not (value[1] == "\x85" and "HeaderPair" in name)]
    assert let_in == []


@pytest.mark.parametrize(
    "value",
    [
        *["a:0", "a:65536", "a:b", "a:1:2", "a b:1", "[::1", "[zz]:1", "http://a:1", "unix:/run/x"],
        *["unix:x", "dns:///a:1", "a:1\n", "\na:1", "u@a:1", "a:1/path", "/", ":", ":1", "a:-1"],
        *["%2e:1", "a:1?x", "a:000001", "x" * 256 + ":1"],
    ],
)
def test_what_is_no_address_is_refused_wherever_one_is_told(value: str) -> None:
    fields = [field for field in texts_of_requests() if field.name.endswith("address")]
    assert len(fields) >= 5
    for field in fields:
        assert "is to be an address" in fault_of(field, value), field.full_name


@pytest.mark.parametrize(
    "value",
    ["a:1", "node-1.example_x:9859", "10.0.0.1:65535", "[::1]:1", "[fe80::1]:9", "om", "ö:1"],
)
def test_address_is_taken(value: str) -> None:
    request = scm_pb2.RegisterDataNodeRequest(node_id="n", address=value)
    assert RULES.fault(request) is None


@pytest.mark.parametrize("value", ["a b", "a/b", "ä", "a:b", "", "x" * 256, "a\n", "..\\"])
def test_what_is_no_node_id_is_refused_wherever_one_is_told(value: str) -> None:
    fields = [field for field in texts_of_requests() if field.name == "node_id"]
    assert len(fields) >= 6
    may_be_empty = {
        "DiscoverRequest",
        "MemberRow",
        "RemoveOrphanReplicasRequest",
        "TransferLeadershipRequest",
    }
    for field in fields:
        if not value and field.containing_type.name in may_be_empty:
            continue
        assert fault_of(field, value).startswith("node_id"), field.full_name


def test_object_whose_headers_no_answer_could_carry_is_not_committed() -> None:
    for name in ("content_type", "cache_control", "expires", "website_redirect_location"):
        assert RULES.fault(committed(row={"headers": {name: "a\r\nX: y"}})) is not None
    pairs = [{"name": "a\nb", "value": "v"}, {"name": "a", "value": "v\nX: y"}, {"name": "a:b"}]
    for pair in [*pairs, {"name": "\u0416"}]:
        assert RULES.fault(committed(row={"headers": {"user_metadata": [pair]}})) is not None
    kept = {"name": "grö", "value": "Ж\t" + "ä".encode().decode("latin-1")}
    message = committed(
        row={"size_bytes": 4, "blocks": [SLICE], "headers": {"user_metadata": [kept]}}
    )
    assert RULES.fault(message) is None
    for etag in ('a"b', "a b", "ä", "a\n"):
        assert RULES.fault(committed(row={"etag": etag})) is not None
