"""ACLs, ownership and request payment between accounts, and for who does not sign."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.integration.endpoint import REGION, Endpoint, read, refused
from tests.integration.s3.acls import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    bucket_with_acls,
    canonical_id,
    grants_of,
    policy,
)
from tests.integration.s3.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DENIED: Final = (403, "AccessDenied")
FULL: Final = "FULL_CONTROL"


@pytest.fixture(scope="module")
def nobody(endpoint: Endpoint) -> "S3Client":
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        region_name=REGION,
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )
    return client


@pytest.fixture
def shared(s3: "S3Client", other_s3: "S3Client") -> Iterator[str]:
    """Everybody writes into it, and owns what he writes."""
    with bucket_with_acls(s3) as name:
        s3.put_bucket_acl(Bucket=name, ACL="public-read-write")
        yield name


def test_bucket_is_open_as_far_as_it_says(
    s3: "S3Client", other_s3: "S3Client", shared: str
) -> None:
    me, them = canonical_id(s3), canonical_id(other_s3)
    at: Any = {"Bucket": shared}
    asks: dict[str, Any] = {
        "READ": lambda: other_s3.list_objects_v2(**at),
        "WRITE": lambda: other_s3.put_object(**at, Key="k"),
        "READ_ACP": lambda: other_s3.get_bucket_acl(**at),
        "WRITE_ACP": lambda: other_s3.put_bucket_acl(
            **at, AccessControlPolicy=policy(me, (them, "WRITE_ACP"))
        ),
    }
    for granted in (*asks, FULL):
        s3.put_bucket_acl(**at, AccessControlPolicy=policy(me, (them, granted)))
        for permission, ask in asks.items():
            if granted in (permission, FULL):
                ask()
            else:
                assert refused(ask) == DENIED, (granted, permission)
    # Whoever put the ACL, the bucket's owner is who he was.
    assert s3.get_bucket_acl(**at)["Owner"] == {"ID": me}


def test_object_is_open_as_far_as_it_says(
    s3: "S3Client", other_s3: "S3Client", nobody: "S3Client", shared: str
) -> None:
    at: Any = {"Bucket": shared, "Key": "k"}
    readers = {"me": s3, "them": other_s3, "nobody": nobody}
    for acl, open_to in (
        ("private", {"me"}),
        ("authenticated-read", {"me", "them"}),
        ("public-read", {"me", "them", "nobody"}),
    ):
        s3.put_object(**at, Body=b"body", ACL=acl)  # type: ignore[arg-type]
        for name, reader in readers.items():
            if name in open_to:
                assert read(reader, shared, "k") == b"body"
            else:
                assert refused(reader.get_object, **at) == DENIED, (acl, name)
    s3.put_public_access_block(
        Bucket=shared, PublicAccessBlockConfiguration={"IgnorePublicAcls": True}
    )
    for name in ("them", "nobody"):
        assert refused(readers[name].get_object, **at) == DENIED
    assert read(s3, shared, "k") == b"body"


def test_writer_owns_what_it_writes(s3: "S3Client", other_s3: "S3Client", shared: str) -> None:
    me, them = canonical_id(s3), canonical_id(other_s3)
    at: Any = {"Bucket": shared, "Key": "theirs"}
    other_s3.put_object(**at, Body=b"theirs")
    acl = other_s3.get_object_acl(**at)
    assert (acl["Owner"], grants_of(acl)) == ({"ID": them}, [(them, FULL)])
    # The bucket's owner may not read it, but take it away.
    for call in (s3.get_object, s3.get_object_acl):
        assert refused(call, **at) == DENIED
    assert refused(s3.put_object_acl, **at, ACL="private") == DENIED
    other_s3.put_object_acl(**at, ACL="bucket-owner-full-control")
    assert grants_of(s3.get_object_acl(**at)) == [(them, FULL), (me, FULL)]
    # Its owner stays who he was, whoever puts the ACL.
    s3.put_object_acl(**at, AccessControlPolicy=policy(them, (me, "READ")))
    assert other_s3.get_object_acl(**at)["Owner"] == {"ID": them}
    error = refused(other_s3.put_object_acl, **at, AccessControlPolicy=policy(me, (me, "READ")))
    assert error == (400, "InvalidArgument")
    s3.delete_object(**at)


def test_listings_show_whose_each_object_is(
    s3: "S3Client", other_s3: "S3Client", shared: str
) -> None:
    me, them = canonical_id(s3), canonical_id(other_s3)
    at: Any = {"Bucket": shared}
    s3.put_object(**at, Key="a")
    other_s3.put_object(**at, Key="b")
    owners = [me, them]
    for client in (s3, other_s3):
        first = client.list_objects(**at)["Contents"]
        assert [row["Owner"]["ID"] for row in first] == owners
        second = client.list_objects_v2(**at, FetchOwner=True)["Contents"]
        assert [row["Owner"]["ID"] for row in second] == owners
    versions = s3.list_object_versions(**at)["Versions"]
    assert [row["Owner"]["ID"] for row in versions] == owners
    controls: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_acl(**at, ACL="private")
    s3.put_bucket_ownership_controls(**at, OwnershipControls=controls)
    # Without ACLs all is the bucket owner's.
    first = s3.list_objects(**at)["Contents"]
    assert [row["Owner"]["ID"] for row in first] == [me, me]
    assert read(s3, shared, "b") == b""


def test_upload_shows_who_began_it_and_whose_it_will_be(
    s3: "S3Client", other_s3: "S3Client", shared: str
) -> None:
    me, them = canonical_id(s3), canonical_id(other_s3)
    controls: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=shared, OwnershipControls=controls)
    for acl, owner in (("private", them), ("bucket-owner-full-control", me)):
        begun: Any = {"Bucket": shared, "Key": acl}
        begun["ACL"] = acl
        upload_id = other_s3.create_multipart_upload(**begun)["UploadId"]
        del begun["ACL"]
        upload = Upload(other_s3, shared, acl, upload_id, {})
        upload.put(1, b"part")
        shown: list[Any] = [
            other_s3.list_parts(**upload.names),
            *s3.list_multipart_uploads(Bucket=shared, Prefix=acl)["Uploads"],
        ]
        for row in shown:
            assert (row["Owner"]["ID"], row["Initiator"]["ID"]) == (owner, them)
        upload.complete()
        assert other_s3.list_objects(Bucket=shared, Prefix=acl)["Contents"][0]["Owner"] == {
            "ID": owner
        }
    # Given away, it is not the writer's any more.
    assert refused(other_s3.get_object, **begun) == DENIED
    assert read(s3, shared, "bucket-owner-full-control") == b"part"


def test_what_nobody_signed_is_nobodys(s3: "S3Client", nobody: "S3Client", shared: str) -> None:
    at: Any = {"Bucket": shared, "Key": "k"}
    nobody.put_object(**at, Body=b"body")
    assert refused(nobody.get_object, **at) == DENIED
    assert refused(s3.get_object, **at) == DENIED
    [listed] = s3.list_objects(Bucket=shared)["Contents"]
    assert listed["Owner"]["ID"] not in ("", canonical_id(s3))
    nobody.put_object(**at, Body=b"body", ACL="public-read")
    assert read(s3, shared, "k") == read(nobody, shared, "k") == b"body"


def test_requester_pays_who_is_not_the_owner(
    s3: "S3Client", other_s3: "S3Client", nobody: "S3Client", shared: str
) -> None:
    at: Any = {"Bucket": shared, "Key": "k"}
    s3.put_object(**at, Body=b"body", ACL="public-read")
    payer: Any = {"Payer": "Requester"}
    s3.put_bucket_request_payment(Bucket=shared, RequestPaymentConfiguration=payer)
    for client in (other_s3, nobody):
        assert refused(client.get_object, **at) == DENIED
    assert refused(nobody.get_object, **at, RequestPayer="requester") == DENIED
    assert other_s3.get_object(**at, RequestPayer="requester")["RequestCharged"] == "requester"
    listed = other_s3.list_objects_v2(Bucket=shared, RequestPayer="requester")
    assert listed["RequestCharged"] == "requester"
    assert "RequestCharged" not in s3.get_object(**at)


def test_group_of_accounts_is_not_everybody(
    s3: "S3Client", other_s3: "S3Client", nobody: "S3Client", shared: str
) -> None:
    s3.put_bucket_acl(Bucket=shared, GrantRead=f"uri={AUTHENTICATED_USERS}")
    other_s3.list_objects_v2(Bucket=shared)
    assert refused(nobody.list_objects_v2, Bucket=shared) == DENIED
    s3.put_bucket_acl(Bucket=shared, GrantRead=f"uri={ALL_USERS}")
    nobody.list_objects_v2(Bucket=shared)
