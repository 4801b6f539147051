"""A store that speaks Ceph's dialect and takes Signature Version 2 in headers, as clients meet it.
What S3 answers in its place, the tests in `s3/` see."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.handlers import validate_bucket_name

from tests.integration.endpoint import Endpoint, Keys, read, refusal
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import connection
from tests.integration.store_process import StoreProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "dialect"
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    config = {
        "s3.dialect": "ceph",
        "s3.signature_v2": "all",
        "s3.object_ownership": "ObjectWriter",
        "s3.block_public_access": "false",
    }
    store = StoreProcess(tmp_path_factory.mktemp("dialect"), config)
    try:
        endpoint = store.start().endpoint
        with endpoint.client() as s3:
            s3.create_bucket(Bucket=BUCKET)
        yield endpoint
        store.stop()
    finally:
        store.discard()


@pytest.fixture
def s3(endpoint: Endpoint) -> "Iterator[S3Client]":
    with endpoint.client() as client:
        yield client


def test_owner_has_a_name(s3: "S3Client") -> None:
    assert s3.list_buckets()["Owner"].get("DisplayName")


def test_policy_status_is_judged_by_the_acl_where_there_is_no_policy(s3: "S3Client") -> None:
    def is_public() -> bool:
        return s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"]

    assert not is_public()
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    assert is_public()
    s3.put_bucket_acl(Bucket=BUCKET, ACL="private")
    assert not is_public()


def test_bucket_says_nothing_of_the_encryption_that_all_have(s3: "S3Client") -> None:
    refused = refusal(lambda: s3.get_bucket_encryption(Bucket=BUCKET))
    assert refused.code == "ServerSideEncryptionConfigurationNotFoundError"
    default: Any = {"SSEAlgorithm": "AES256"}
    rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)
    shown = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]
    assert shown["Rules"][0]["ApplyServerSideEncryptionByDefault"] == default
    s3.delete_bucket_encryption(Bucket=BUCKET)


def test_missing_key_has_no_marker_and_an_expiry_out_of_range_is_denied(
    endpoint: Endpoint, s3: "S3Client"
) -> None:
    refused = refusal(lambda: s3.head_object(Bucket=BUCKET, Key="missing"))
    assert (refused.status, refused.headers["x-amz-delete-marker"]) == (404, "false")
    with endpoint.client(signature_version="s3v4") as signer:
        url = signer.generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": "k"}, ExpiresIn=700_000
        )
    with connection(endpoint) as wire:
        path = url.removeprefix(endpoint.url)
        wire.send(f"GET {path} HTTP/1.1\r\nHost: {endpoint.host}\r\n\r\n".encode())
        answer = wire.answer()
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_tenant_before_the_name_of_a_bucket_is_overlooked(endpoint: Endpoint) -> None:
    with endpoint.client() as s3:
        s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
        s3.put_object(Bucket=BUCKET, Key="of-tenant", Body=b"x")
        assert read(s3, f"tenant:{BUCKET}", "of-tenant") == b"x"
        assert read(s3, f":{BUCKET}", "of-tenant") == b"x"


def test_write_into_a_suspended_bucket_names_no_version(s3: "S3Client") -> None:
    bucket = "dialect-suspended"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.put_object(Bucket=bucket, Key="k")["VersionId"] != "null"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k")
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"


def test_kms_needs_a_key_id(s3: "S3Client") -> None:
    refused = refusal(lambda: s3.put_object(Bucket=BUCKET, Key="k", ServerSideEncryption="aws:kms"))
    assert (refused.status, refused.code) == (400, "InvalidArgument")


def test_last_of_equal_parts_counts(s3: "S3Client") -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    tags = [
        s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=body)["ETag"]
        for body in (b"one", b"two")
    ]
    s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag} for tag in tags]},
    )
    assert read(s3, BUCKET, "parts") == b"two"


def test_checksums_of_parts_are_known(s3: "S3Client") -> None:
    upload = Upload.begin(s3, BUCKET, "summed", ChecksumAlgorithm="SHA256")
    upload.put(1, bytes(PART_MIN), ChecksumAlgorithm="SHA256")
    upload.put(2, b"end", ChecksumAlgorithm="SHA256")
    upload.parts = {
        number: {"PartNumber": number, "ETag": part["ETag"]}
        for number, part in upload.parts.items()
    }
    made = upload.complete()
    assert made["ChecksumSHA256"].endswith("-2")
    # The same again, when the upload is no more.
    assert upload.complete()["ChecksumSHA256"] == made["ChecksumSHA256"]


def test_torrent_of_an_object_is_no_such_key(s3: "S3Client") -> None:
    s3.put_object(Bucket=BUCKET, Key="film", Body=b"film")
    refused = refusal(lambda: s3.get_object_torrent(Bucket=BUCKET, Key="film"))
    assert (refused.status, refused.code) == (404, "NoSuchKey")


def test_completion_needs_the_customers_key_and_tells_of_it(s3: "S3Client") -> None:
    customer: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
    place: Any = {"Bucket": BUCKET, "Key": "sealed"}
    upload = s3.create_multipart_upload(**place, **customer)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x", **customer)
    completed: Any = {
        **place,
        "UploadId": upload,
        "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    }
    refused = refusal(lambda: s3.complete_multipart_upload(**completed))
    assert (refused.status, refused.code) == (400, "InvalidRequest")
    made = s3.complete_multipart_upload(**completed, **customer)
    told = made["ResponseMetadata"]["HTTPHeaders"]
    assert told["x-amz-server-side-encryption-customer-algorithm"] == "AES256"


def test_attributes_count_the_parts_of_a_composite_checksum(s3: "S3Client") -> None:
    place: Any = {"Bucket": BUCKET, "Key": "composite"}
    upload = s3.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
    part = s3.upload_part(
        **place, UploadId=upload, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256"
    )
    named: Any = {"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
    made = s3.complete_multipart_upload(
        **place, UploadId=upload, MultipartUpload={"Parts": [named]}
    )
    shown = s3.get_object_attributes(**place, ObjectAttributes=["Checksum"])["Checksum"]
    assert shown["ChecksumSHA256"] == made["ChecksumSHA256"]
    assert shown["ChecksumSHA256"].endswith("-1")


def test_bucket_that_has_an_acl_is_not_made_again(s3: "S3Client") -> None:
    s3.create_bucket(Bucket="dialect-plain")
    s3.create_bucket(Bucket="dialect-plain")
    s3.create_bucket(Bucket="dialect-public", ACL="public-read")
    refused = refusal(lambda: s3.create_bucket(Bucket="dialect-public"))
    assert (refused.status, refused.code) == (409, "BucketAlreadyExists")
    refused = refusal(lambda: s3.create_bucket(Bucket="dialect-plain", ACL="public-read"))
    assert (refused.status, refused.code) == (409, "BucketAlreadyExists")


def test_signature_of_version_2_is_taken_in_headers(endpoint: Endpoint) -> None:
    with endpoint.client(signature_version="s3") as s3:
        s3.put_object(Bucket=BUCKET, Key="a b+ü", Body=b"body", Metadata={"A": "1"})
        assert read(s3, BUCKET, "a b+ü") == b"body"
        assert s3.list_objects_v2(Bucket=BUCKET, Prefix="a b")["KeyCount"] == 1
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="v2")["UploadId"]
        part = s3.upload_part(Bucket=BUCKET, Key="v2", UploadId=upload, PartNumber=1, Body=b"x")
        assert part["ETag"]
        assert s3.get_bucket_versioning(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_forged_signatures_of_version_2_are_refused(endpoint: Endpoint) -> None:
    wrong = Keys(endpoint.main.access, "another secret")
    with endpoint.client(wrong, signature_version="s3") as s3:
        assert refusal(lambda: s3.list_buckets()).code == "SignatureDoesNotMatch"
    unknown = Keys("AKNOBODY", "a secret")
    with endpoint.client(unknown, signature_version="s3") as s3:
        assert refusal(lambda: s3.list_buckets()).code == "InvalidAccessKeyId"


def test_address_that_nobody_has_is_no_grantee(s3: "S3Client") -> None:
    address = "emailAddress=nobody@example.invalid"
    refused = refusal(lambda: s3.put_bucket_acl(Bucket=BUCKET, GrantRead=address))
    assert (refused.status, refused.code) == (400, "UnresolvableGrantByEmailAddress")


def test_expected_owner_that_is_no_number_is_denied(s3: "S3Client") -> None:
    refused = refusal(lambda: s3.list_objects_v2(Bucket=BUCKET, ExpectedBucketOwner="nobody"))
    assert (refused.status, refused.code) == (403, "AccessDenied")


def test_tags_of_a_bucket_are_put_with_200(s3: "S3Client") -> None:
    tags: Any = {"TagSet": [{"Key": "a", "Value": "b"}]}
    put = s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tags)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
