"""A bucket whose requesters pay: who is not its owner has to say that he does, and is told that he
did; whatever he asks for. Source: S3 user guide, "Using Requester Pays buckets"."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore import UNSIGNED

from tests.integration.endpoint import Endpoint, refused
from tests.integration.s3.acls import bucket_with_acls, canonical_id
from tests.integration.s3.test_presigned import fetch
from tests.integration.s3.wire import Request, presign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DENIED: Final = (403, "AccessDenied")
PAYS: Final[Any] = {"RequestPayer": "requester"}
TAGS: Final[Any] = {"TagSet": [{"Key": "a", "Value": "b"}]}


@pytest.fixture(scope="module")
def bucket(s3: "S3Client", other_s3: "S3Client") -> Iterator[str]:
    """The other account may do all in it."""
    with bucket_with_acls(s3) as name:
        statement = {
            "Effect": "Allow",
            "Principal": {"CanonicalUser": canonical_id(other_s3)},
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        payer: Any = {"Payer": "Requester"}
        s3.put_bucket_request_payment(Bucket=name, RequestPaymentConfiguration=payer)
        yield name


def place(bucket: str, key: str) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": key}


Call = Callable[["S3Client", dict[str, Any], dict[str, Any]], Any]


def uploads(s3: "S3Client", at: dict[str, Any], payer: dict[str, Any]) -> Any:
    """All that there is of an upload, each of which has to be paid for."""
    begun = s3.create_multipart_upload(**at, **payer)
    upload = {**at, "UploadId": begun["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part", **payer)
    source = f"{at['Bucket']}/{at['Key']}"
    copied = s3.upload_part_copy(**upload, PartNumber=2, CopySource=source, **payer)
    listed = s3.list_parts(**upload, **payer)
    s3.list_multipart_uploads(Bucket=at["Bucket"], **payer)
    given_up = {**at, "UploadId": s3.create_multipart_upload(**at, **payer)["UploadId"]}
    ended = s3.abort_multipart_upload(**given_up, **payer)
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts, **payer)
    answers = (begun, part, copied, listed, ended, done)
    assert len({answer.get("RequestCharged") for answer in answers}) == 1
    return done


# Each operation that the API lets somebody pay for, on a key that is there.
CALLS: Final[dict[str, Call]] = {
    "GetObject": lambda s3, at, payer: s3.get_object(**at, **payer),
    "HeadObject": lambda s3, at, payer: s3.head_object(**at, **payer),
    "GetObjectAttributes": lambda s3, at, payer: s3.get_object_attributes(
        **at, ObjectAttributes=["ETag"], **payer
    ),
    "GetObjectTagging": lambda s3, at, payer: s3.get_object_tagging(**at, **payer),
    "GetObjectAcl": lambda s3, at, payer: s3.get_object_acl(**at, **payer),
    "ListObjects": lambda s3, at, payer: s3.list_objects(Bucket=at["Bucket"], **payer),
    "ListObjectsV2": lambda s3, at, payer: s3.list_objects_v2(Bucket=at["Bucket"], **payer),
    "ListObjectVersions": lambda s3, at, payer: s3.list_object_versions(
        Bucket=at["Bucket"], **payer
    ),
    "PutObject": lambda s3, at, payer: s3.put_object(**at, Body=b"body", **payer),
    "PutObjectTagging": lambda s3, at, payer: s3.put_object_tagging(**at, Tagging=TAGS, **payer),
    "PutObjectAcl": lambda s3, at, payer: s3.put_object_acl(**at, ACL="private", **payer),
    "CopyObject": lambda s3, at, payer: s3.copy_object(
        Bucket=at["Bucket"], Key="copy", CopySource=f"{at['Bucket']}/{at['Key']}", **payer
    ),
    "uploads": uploads,
    "DeleteObjects": lambda s3, at, payer: s3.delete_objects(
        Bucket=at["Bucket"], Delete={"Objects": [{"Key": at["Key"]}]}, **payer
    ),
    "DeleteObject": lambda s3, at, payer: s3.delete_object(**at, **payer),
}
# S3 does not say so of these.
NOT_TOLD: Final = ("GetObjectTagging", "PutObjectTagging")


@pytest.mark.parametrize("name", CALLS)
def test_who_is_not_the_owner_says_that_he_pays(
    s3: "S3Client", other_s3: "S3Client", bucket: str, name: str
) -> None:
    # Of who asks: the owner's objects ACLs may keep from others.
    call, at = CALLS[name], place(bucket, f"of-{name}")
    other_s3.put_object(**at, Body=b"body", ACL="bucket-owner-full-control", **PAYS)
    denied = (403, "403") if name == "HeadObject" else DENIED
    assert refused(lambda: call(other_s3, at, {})) == denied
    answer = call(other_s3, at, PAYS)
    assert name in NOT_TOLD or answer["RequestCharged"] == "requester"
    s3.put_object(**at, Body=b"body")
    assert "RequestCharged" not in call(s3, at, {})
    # Who is the owner may say so too, and is not charged twice.
    s3.put_object(**at, Body=b"body")
    assert "RequestCharged" not in call(s3, at, PAYS)


def test_nobody_cannot_pay(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    at: Any = {"Bucket": bucket, "Key": "open"}
    s3.put_object(**at, Body=b"body", ACL="public-read")
    with endpoint.client(signature_version=UNSIGNED) as nobody:
        payers: list[Any] = [{}, PAYS]
        for payer in payers:
            assert refused(nobody.get_object, **at, **payer) == DENIED
            assert refused(nobody.head_object, **at, **payer) == (403, "403")


def test_copy_out_of_it_is_paid_for(s3: "S3Client", other_s3: "S3Client", bucket: str) -> None:
    other_s3.put_object(Bucket=bucket, Key="source", Body=b"body", **PAYS)
    with bucket_with_acls(other_s3) as own:
        copied: Any = {"Bucket": own, "Key": "k", "CopySource": f"{bucket}/source"}
        assert refused(other_s3.copy_object, **copied) == DENIED
        assert other_s3.copy_object(**copied, **PAYS)["RequestCharged"] == "requester"
        upload = other_s3.create_multipart_upload(Bucket=own, Key="k")["UploadId"]
        part: Any = {**copied, "UploadId": upload, "PartNumber": 1}
        assert refused(other_s3.upload_part_copy, **part) == DENIED
        assert other_s3.upload_part_copy(**part, **PAYS)["RequestCharged"] == "requester"


def test_url_says_so_in_its_query(endpoint: Endpoint, other_s3: "S3Client", bucket: str) -> None:
    other_s3.put_object(Bucket=bucket, Key="url", Body=b"body", **PAYS)
    for query, status in (("", 403), ("x-amz-request-payer=requester", 200)):
        asked = Request("GET", f"/{bucket}/url", query)
        answer = fetch(endpoint, presign(endpoint, asked, 60, keys=endpoint.other))
        assert answer.status == status, answer.body
        assert answer.fields.get("x-amz-request-charged") == (
            "requester" if status == 200 else None
        )
    # And who was given one cannot add it.
    asked = Request("GET", f"/{bucket}/url")
    target = presign(endpoint, asked, 60, keys=endpoint.other)
    answer = fetch(endpoint, target, **{"x-amz-request-payer": "requester"})
    assert (answer.status, answer.error["HeadersNotSigned"]) == (403, "x-amz-request-payer")
