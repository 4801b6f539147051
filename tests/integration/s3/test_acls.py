"""ACLs of buckets and objects, as their owner puts and reads them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, refusal, refused
from tests.integration.s3.acls import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    LOG_DELIVERY,
    Grants,
    bucket_with_acls,
    canonical_id,
    grants_of,
    policy,
)
from tests.integration.s3.versions import set_versioning
from tests.integration.s3.wire import Answer, Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FULL: Final = "FULL_CONTROL"
NO_ACLS: Final = (400, "AccessControlListNotSupported")
CANNED: Final = {
    "private": [],
    "public-read": [(ALL_USERS, "READ")],
    "public-read-write": [(ALL_USERS, "READ"), (ALL_USERS, "WRITE")],
    "authenticated-read": [(AUTHENTICATED_USERS, "READ")],
    "bucket-owner-full-control": [],
}


@pytest.fixture
def shared(s3: "S3Client") -> Iterator[str]:
    """A bucket with ACLs, that may be public."""
    with bucket_with_acls(s3) as name:
        yield name


@pytest.fixture(scope="module")
def me(s3: "S3Client") -> str:
    return canonical_id(s3)


@pytest.fixture
def them(other_s3: "S3Client") -> str:
    return canonical_id(other_s3)


@pytest.fixture(params=["bucket", "object"])
def acl_of(
    request: pytest.FixtureRequest, s3: "S3Client", shared: str
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(puts, gets) the ACL of a bucket, of an object."""
    at: Any = {"Bucket": shared}
    if request.param == "bucket":
        return lambda **acl: s3.put_bucket_acl(**at, **acl), lambda: s3.get_bucket_acl(**at)
    s3.put_object(**at, Key="k", Body=b"body")
    return (
        lambda **acl: s3.put_object_acl(**at, Key="k", **acl),
        lambda: s3.get_object_acl(**at, Key="k"),
    )


Acl = tuple[Callable[..., Any], Callable[..., Any]]


@pytest.mark.parametrize(("canned", "more"), CANNED.items())
def test_canned_acl_is_shown_written_out(acl_of: Acl, me: str, canned: str, more: Grants) -> None:
    put, get = acl_of
    put(ACL=canned)
    assert grants_of(get()) == [*more, (me, FULL)]
    assert get()["Owner"] == {"ID": me}
    put(ACL="private")
    assert grants_of(get()) == [(me, FULL)]


def test_grants_come_in_headers_or_in_a_document(acl_of: Acl, me: str, them: str) -> None:
    put, get = acl_of
    put(GrantRead=f'id="{them}", uri={ALL_USERS}', GrantFullControl=f"id={me}")
    assert grants_of(get()) == [(ALL_USERS, "READ"), (them, "READ"), (me, FULL)]
    # Nobody's own full control is kept beside what was granted.
    put(GrantWriteACP=f"id={them}")
    assert grants_of(get()) == [(them, "WRITE_ACP")]
    put(AccessControlPolicy=policy(me, (them, "READ"), (LOG_DELIVERY, "WRITE"), (them, "READ")))
    assert grants_of(get()) == [(LOG_DELIVERY, "WRITE"), (them, "READ")]
    put(AccessControlPolicy=policy(me))
    assert get()["Grants"] == []
    # Its owner may still.
    put(AccessControlPolicy=policy(me, (me, FULL)))
    assert grants_of(get()) == [(me, FULL)]


def test_acl_that_cannot_be_leaves_the_one_there_is(acl_of: Acl, me: str) -> None:
    put, get = acl_of
    put(ACL="public-read")
    before = get()["Grants"]
    wrong: list[tuple[Any, tuple[int, str]]] = [
        ({"ACL": "public"}, (400, "InvalidArgument")),
        ({"ACL": "private", "GrantRead": f"id={me}"}, (400, "InvalidRequest")),
        ({"GrantRead": "everybody"}, (400, "InvalidArgument")),
        ({"GrantRead": "id=_none"}, (400, "InvalidArgument")),
        ({"GrantRead": 'uri="http://acs.amazonaws.com/groups/x"'}, (400, "InvalidArgument")),
        ({"GrantRead": "emailAddress=a@example.com"}, (405, "MethodNotAllowed")),
        ({"AccessControlPolicy": policy("f" * 64, (me, FULL))}, (400, "InvalidArgument")),
        ({"AccessControlPolicy": policy(me, ("_none", FULL))}, (400, "InvalidArgument")),
        ({"AccessControlPolicy": policy(me, ("a@example.com", FULL))}, (405, "MethodNotAllowed")),
        ({"AccessControlPolicy": policy(me, (me, "ALL"))}, (400, "MalformedACLError")),
        ({"AccessControlPolicy": policy("", (me, FULL))}, (400, "MalformedACLError")),
    ]
    for arguments, expected in wrong:
        assert refused(put, **arguments) == expected, arguments
    assert get()["Grants"] == before
    error = refusal(put, GrantRead="id=_none")
    assert (error.message, error.details["ArgumentValue"]) == ("Invalid id", "_none")


def ask(endpoint: Endpoint, path: str, body: bytes = b"", **fields: str) -> Answer:
    return send(endpoint, Request("PUT", path, "acl=", body, fields))


@pytest.mark.parametrize("key", ["", "/k"])
def test_request_says_it_once(endpoint: Endpoint, s3: "S3Client", shared: str, key: str) -> None:
    s3.put_object(Bucket=shared, Key="k")
    path = f"/{shared}{key}"
    neither = ask(endpoint, path)
    assert (neither.status, neither.code) == (400, "MissingSecurityHeader")
    grant = {"x-amz-grant-read": 'emailAddress="a@example.com"'}
    address = ask(endpoint, path, b"", **grant)
    assert (address.status, address.fields["allow"]) == (405, "GET, PUT")
    both = ask(endpoint, path, b"<AccessControlPolicy/>", **{"x-amz-acl": "private"})
    assert (both.status, both.code) == (400, "UnexpectedContent")
    assert ask(endpoint, path, b"<AccessControlPolicy>").code == "MalformedACLError"


def test_document_is_as_s3_writes_it(endpoint: Endpoint, shared: str, me: str) -> None:
    answer = send(endpoint, Request("GET", f"/{shared}", "acl="))
    grantee = (
        '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
        f"<ID>{me}</ID></Grantee>"
    )
    assert answer.body.decode().endswith(
        '<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Owner><ID>{me}</ID></Owner><AccessControlList><Grant>{grantee}"
        "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )


def test_each_version_has_its_own(s3: "S3Client", shared: str, me: str) -> None:
    set_versioning(s3, shared, "Enabled")
    at: Any = {"Bucket": shared, "Key": "k"}
    first = s3.put_object(**at, ACL="public-read")["VersionId"]
    s3.put_object(**at)
    assert grants_of(s3.get_object_acl(**at)) == [(me, FULL)]
    assert grants_of(s3.get_object_acl(**at, VersionId=first)) == [(ALL_USERS, "READ"), (me, FULL)]
    s3.put_object_acl(**at, VersionId=first, ACL="private")
    s3.put_object_acl(**at, ACL="authenticated-read")
    assert grants_of(s3.get_object_acl(**at, VersionId=first)) == [(me, FULL)]
    assert grants_of(s3.get_object_acl(**at))[0] == (AUTHENTICATED_USERS, "READ")
    s3.delete_object(**at)
    assert refused(s3.get_object_acl, **at) == (404, "NoSuchKey")
    assert refused(s3.put_object_acl, **at, ACL="private") == (404, "NoSuchKey")


def test_acl_changes_nothing_else(s3: "S3Client", shared: str) -> None:
    at: Any = {"Bucket": shared, "Key": "k"}
    s3.put_object(**at, Body=b"body", Metadata={"a": "b"}, Tagging="c=d")
    before = s3.head_object(**at)
    s3.put_object_acl(**at, ACL="public-read")
    after = s3.head_object(**at)
    for name in ("ETag", "LastModified", "Metadata", "ContentLength"):
        assert after[name] == before[name], name
    assert len(s3.get_object_tagging(**at)["TagSet"]) == 1


def test_every_write_brings_its_own(s3: "S3Client", shared: str, me: str) -> None:
    public = [(ALL_USERS, "READ"), (me, FULL)]
    at: Any = {"Bucket": shared}
    s3.put_object(**at, Key="put", ACL="public-read")
    s3.copy_object(**at, Key="copy", CopySource=f"{shared}/put")
    s3.copy_object(**at, Key="public copy", CopySource=f"{shared}/put", ACL="public-read")
    upload: Any = {**at, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, ACL="public-read")["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    for key in ("put", "public copy", "parts"):
        assert grants_of(s3.get_object_acl(**at, Key=key)) == public, key
    # A copy does not take its source's.
    assert grants_of(s3.get_object_acl(**at, Key="copy")) == [(me, FULL)]
    s3.put_object(**at, Key="put")
    assert grants_of(s3.get_object_acl(**at, Key="put")) == [(me, FULL)]


def test_bucket_without_acls_shows_its_owner_and_takes_none(
    s3: "S3Client", bucket: str, me: str
) -> None:
    at: Any = {"Bucket": bucket, "Key": "k"}
    assert refused(s3.put_object, **at, ACL="private") == NO_ACLS
    assert refused(s3.create_multipart_upload, **at, GrantRead=f"id={me}") == NO_ACLS
    s3.put_object(**at, ACL="bucket-owner-full-control")
    s3.put_object(**at, GrantFullControl=f"id={me}")
    assert refused(s3.put_object_acl, **at, ACL="private") == NO_ACLS
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="private") == NO_ACLS
    for acl in (s3.get_object_acl(**at), s3.get_bucket_acl(Bucket=bucket)):
        assert (acl["Owner"], grants_of(acl)) == ({"ID": me}, [(me, FULL)])
