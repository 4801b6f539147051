"""Ownership controls, public access blocks and request payment of buckets, and what new buckets
begin with."""

import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, refusal, refused
from tests.integration.s3.acls import ALL_USERS, bucket_with_acls, canonical_id, grants_of
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_CONTROLS: Final = (404, "OwnershipControlsNotFoundError")
NO_BLOCK: Final = (404, "NoSuchPublicAccessBlockConfiguration")
NAMES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
DENIED: Final = (403, "AccessDenied")


def owned_as(s3: "S3Client", bucket: str) -> list[str]:
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    return [rule["ObjectOwnership"] for rule in controls["Rules"]]


def own_as(s3: "S3Client", bucket: str, ownership: Any) -> Any:
    controls: Any = {"Rules": [{"ObjectOwnership": ownership}]}
    return s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)


def block(*names: str) -> Any:
    return {name: name in names for name in NAMES}


def test_new_bucket_has_no_acls_and_is_blocked(s3: "S3Client", bucket: str) -> None:
    assert owned_as(s3, bucket) == ["BucketOwnerEnforced"]
    actual = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert actual == block(*NAMES)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_ownership_controls_are_put_and_deleted(s3: "S3Client", bucket: str) -> None:
    for ownership in ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"):
        assert own_as(s3, bucket, ownership)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert owned_as(s3, bucket) == [ownership]
    for _ in range(2):
        done = s3.delete_bucket_ownership_controls(Bucket=bucket)
        assert done["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert refused(s3.get_bucket_ownership_controls, Bucket=bucket) == NO_CONTROLS
    # Without controls ACLs are on.
    s3.put_object(Bucket=bucket, Key="k", ACL="private")


def test_ownership_is_not_enforced_while_others_are_let_in(s3: "S3Client") -> None:
    me = canonical_id(s3)
    with bucket_with_acls(s3) as bucket:
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
        actual = refused(lambda: own_as(s3, bucket, "BucketOwnerEnforced"))
        assert actual == (400, "InvalidBucketAclWithObjectOwnership")
        s3.put_object(Bucket=bucket, Key="k", ACL="public-read")
        s3.put_bucket_acl(Bucket=bucket, ACL="private")
        own_as(s3, bucket, "BucketOwnerEnforced")
        # What was granted says nothing, until ACLs are on again.
        assert grants_of(s3.get_object_acl(Bucket=bucket, Key="k")) == [(me, "FULL_CONTROL")]
        own_as(s3, bucket, "ObjectWriter")
        assert grants_of(s3.get_object_acl(Bucket=bucket, Key="k"))[0] == (ALL_USERS, "READ")


def test_block_is_put_in_part_and_deleted(s3: "S3Client", bucket: str) -> None:
    at: Any = {"Bucket": bucket}
    for names in (("BlockPublicAcls", "IgnorePublicAcls"), ("RestrictPublicBuckets",), ()):
        s3.put_public_access_block(**at, PublicAccessBlockConfiguration=block(*names))
        shown = s3.get_public_access_block(**at)["PublicAccessBlockConfiguration"]
        assert shown == block(*names)
    s3.put_public_access_block(**at, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    shown = s3.get_public_access_block(**at)["PublicAccessBlockConfiguration"]
    assert shown == block("BlockPublicPolicy")
    error = refusal(s3.put_public_access_block, **at, PublicAccessBlockConfiguration={})
    assert (error.code, error.message) == (
        "InvalidRequest",
        "Must specify at least one configuration.",
    )
    for _ in range(2):
        s3.delete_public_access_block(**at)
        assert refused(s3.get_public_access_block, **at) == NO_BLOCK


def test_public_acl_is_refused_where_it_is_blocked(s3: "S3Client") -> None:
    with bucket_with_acls(s3) as bucket:
        at: Any = {"Bucket": bucket, "Key": "k"}
        s3.put_object(**at, ACL="public-read")
        wanted = block("BlockPublicAcls")
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=wanted)
        for acl in ("public-read", "public-read-write", "authenticated-read"):
            assert refused(s3.put_bucket_acl, Bucket=bucket, ACL=acl) == DENIED
            assert refused(s3.put_object, **at, ACL=acl) == DENIED
            assert refused(s3.put_object_acl, **at, ACL=acl) == DENIED
            assert refused(s3.create_multipart_upload, **at, ACL=acl) == DENIED
        assert refused(s3.put_object, **at, GrantRead=f"uri={ALL_USERS}") == DENIED
        copy: Any = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
        assert refused(s3.copy_object, **copy, ACL="public-read") == DENIED
        # What there is stays.
        assert grants_of(s3.get_object_acl(**at))[0] == (ALL_USERS, "READ")
        s3.put_object(**at, ACL="private")


def test_payer_is_put(s3: "S3Client", bucket: str) -> None:
    for payer in ("Requester", "BucketOwner"):
        configuration: Any = {"Payer": payer}
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration=configuration)
        assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == payer


@pytest.mark.parametrize(
    ("sub", "body"),
    [
        ("ownershipControls", b"<OwnershipControls/>"),
        ("ownershipControls", b"<OwnershipControls><Rule/></OwnershipControls>"),
        (
            "publicAccessBlock",
            b"<PublicAccessBlockConfiguration><BlockPublicAcls>1</BlockPublicAcls>"
            b"</PublicAccessBlockConfiguration>",
        ),
        (
            "requestPayment",
            b"<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>",
        ),
    ],
)
def test_document_that_says_nothing_of_the_kind_is_malformed(
    endpoint: Endpoint, shared_bucket: str, sub: str, body: bytes
) -> None:
    for sent, code in ((body, "MalformedXML"), (b"", "MissingRequestBodyError")):
        answer = send(endpoint, Request("PUT", f"/{shared_bucket}", f"{sub}=", sent))
        assert (answer.status, answer.code) == (400, code)


def test_bucket_is_made_with_an_acl_where_it_may_have_one(s3: "S3Client", new_name: str) -> None:
    me = canonical_id(s3)
    at: Any = {"Bucket": new_name}
    writer: Any = {"ObjectOwnership": "ObjectWriter"}
    wrong: list[tuple[Any, str]] = [
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"GrantRead": f"uri={ALL_USERS}"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", **writer}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"GrantRead": "id=_none", **writer}, "InvalidArgument"),
        ({"ACL": "none"}, "InvalidArgument"),
        ({"ObjectOwnership": "Mine"}, "InvalidArgument"),
    ]
    for arguments, code in wrong:
        assert refused(s3.create_bucket, **at, **arguments) == (400, code), arguments
    s3.create_bucket(**at, ACL="private")
    assert owned_as(s3, new_name) == ["BucketOwnerEnforced"]
    s3.delete_bucket(**at)
    s3.create_bucket(**at, **writer, GrantReadACP=f"id={me}")
    assert owned_as(s3, new_name) == ["ObjectWriter"]
    assert grants_of(s3.get_bucket_acl(**at)) == [(me, "READ_ACP")]
    # Made again in the first region, it has a new bucket's ACL.
    s3.create_bucket(**at)
    assert grants_of(s3.get_bucket_acl(**at)) == [(me, "FULL_CONTROL")]
    assert owned_as(s3, new_name) == ["ObjectWriter"]
    s3.delete_bucket(**at)


@pytest.fixture
def new_name() -> str:
    return f"o3-test-{secrets.token_hex(8)}"
