"""Identities on the admin port: an application over an OM that says what it was asked."""

import json

from google.protobuf.message import Message

from tests.unit.gateway.admin.test_app import Port
from trioxygen.common.errors import DeleteConflict, LimitExceeded, NoSuchEntity, TrioxygenError
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import om_pb2 as om

API = "/admin/v1"
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)
USER = iam.PrincipalRow(
    kind=iam.USER,
    account_id="1",
    name="ann",
    path="/",
    unique_id="AIDA1",
    tags=[iam.IdentityTag(key="a", value="b")],
    inline=[iam.InlinePolicy(name="own", document=DOCUMENT)],
    groups=["devs"],
)


def port_with(
    *, read: Message | TrioxygenError | None = None, change: Message | TrioxygenError | None = None
) -> Port:
    port = Port()
    if read is not None:
        port.om.answers[iam.ReadIamRequest] = read
    if change is not None:
        port.om.answers[iam.ChangeIamRequest] = change
    return port


def test_principals_are_listed_shown_and_made() -> None:
    port = port_with(
        read=iam.ReadIamReply(principals=[USER]), change=iam.ChangeIamReply(principal=USER)
    )
    status, page = port.json("GET", f"{API}/principals/user?account_id=1&after=a&count_max=5")
    assert status == 200 and not page["truncated"]
    [view] = page["principals"]
    assert (view["arn"], view["groups"]) == ("arn:aws:iam::1:user/ann", ["devs"])
    assert (view["tags"], view["inline"]) == ({"a": "b"}, {"own": DOCUMENT})
    assert port.json("GET", f"{API}/principals/user/ann?account_id=1") == (200, view)
    body = {"account_id": "1", "name": "ann"}
    assert port.json("POST", f"{API}/principals/user", body) == (201, view)
    made = port.om.requests[-1]
    assert isinstance(made, iam.ChangeIamRequest)
    assert (made.account_id, made.create_principal.principal.name) == ("1", "ann")
    for wrong in ({**body, "name": "a b"}, {**body, "path": "x"}, {**body, "more": 1}):
        assert port.json("POST", f"{API}/principals/user", wrong)[0] == 400
    assert port.json("GET", f"{API}/principals/dog?account_id=1")[0] == 400
    # Patterns are told as they are: in lower case they would be others.
    _, refusal = port.json("POST", f"{API}/principals/user", {**body, "name": "a b"})
    assert "[A-Za-z0-9" in refusal["message"], refusal


def test_documents_that_nothing_could_read_are_not_stored() -> None:
    port = port_with(change=iam.ChangeIamReply())
    for method, path, body in (
        ("PUT", "principals/user/ann/policies/p?account_id=1", {"document": "{"}),
        ("POST", "policies", {"account_id": "1", "name": "p", "document": "{}"}),
        ("POST", "principals/role", {"account_id": "1", "name": "r", "trust_policy": DOCUMENT}),
    ):
        status, view = port.json(method, f"{API}/{path}", body)
        assert (status, view["code"]) == (400, "INVALID_REQUEST")
    assert port.om.requests == []
    path = f"{API}/principals/user/ann/policies/p?account_id=1"
    assert port.json("PUT", path, {"document": DOCUMENT})[0] == 204


def test_refusals_have_their_status() -> None:
    for error, status in (
        (NoSuchEntity(kind="user", name="ann"), 404),
        (DeleteConflict("it has keys", kind="user", name="ann"), 409),
        (LimitExceeded(quota="UsersPerAccount", most=1), 409),
    ):
        port = port_with(change=error)
        actual, view = port.json("DELETE", f"{API}/principals/user/ann?account_id=1")
        assert (actual, view["code"]) == (status, error.code_name)
        assert view.get("kind") == ("user" if status == 404 else None)


def test_policy_that_is_not_attached_is_told_from_a_holder_that_is_not() -> None:
    path = f"{API}/principals/user/ann/attached?account_id=1&policy_arn=arn"
    for kind, shown in (("policy", "attached policy"), ("user", "user")):
        port = port_with(change=NoSuchEntity(kind=kind, name="n"))
        status, view = port.json("DELETE", path)
        assert (status, view["code"], view["kind"]) == (404, "NO_SUCH_ENTITY", shown)
        assert view["message"].startswith("user ann does not have it") is (kind == "policy")


def test_sixth_document_of_a_policy_takes_the_place_of_the_oldest() -> None:
    versions = [iam.PolicyVersion(number=number, document=DOCUMENT) for number in range(1, 6)]
    policy = iam.ManagedPolicyRow(
        account_id="1", name="p", path="/", versions=versions, default_version=1
    )
    read = iam.ManagedPolicyRow(attachment_count=2, boundary_count=1)
    read.MergeFrom(policy)
    port = port_with(
        read=iam.ReadIamReply(policies=[read]), change=iam.ChangeIamReply(policy=policy)
    )
    body = {"account_id": "1", "policy_arn": "arn:aws:iam::1:policy/p", "document": DOCUMENT}
    status, view = port.json("PUT", f"{API}/policy", body)
    assert (status, view["attachment_count"], view["boundary_count"]) == (200, 2, 1)
    _, removed, added = port.om.requests
    assert isinstance(removed, iam.ChangeIamRequest) and removed.delete_version.number == 2
    assert isinstance(added, iam.ChangeIamRequest) and added.add_version.is_default


def test_key_is_disabled_wherever_it_belongs() -> None:
    row = iam.AccessKeyRow(access_key="AK1", account_id="1", user="ann")
    port = port_with(read=iam.ReadIamReply(keys=[row]), change=iam.ChangeIamReply())
    status, _ = port.json("PUT", f"{API}/keys", {"access_key": "AK1", "is_active": False})
    assert status == 204
    assert port.om.requests[-1] == iam.ChangeIamRequest(
        account_id="1", change_key=iam.ChangeAccessKey(user="ann", access_key="AK1")
    )
    status, page = port.json("GET", f"{API}/keys?account_id=1&user=ann")
    assert status == 200 and page["keys"][0]["user"] == "ann"
    port.om.answers[om.ListAccessKeysRequest] = om.ListAccessKeysReply(keys=[row])
    assert port.json("GET", f"{API}/keys")[1]["keys"][0]["is_active"] is True
