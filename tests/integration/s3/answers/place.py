"""What the table's requests find: buckets, objects, versions, uploads, by the names that the rows
have for them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.integration.endpoint import Endpoint, empty
from tests.integration.s3.answers.expected import filled

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_MIN: Final = 5 << 20
CUSTOMER_KEY: Final = bytes(range(32))
UNTIL: Final = datetime(2090, 1, 1, tzinfo=UTC)
_BUCKETS: Final = (
    "plain",
    "tagged",
    "versioned",
    "locked",
    "busy",
    "doomed",
    "bare",
    "aging",
    "shared",
    "granting",
    "paid",
    "fresh",
    "far",
)
# Made by rows.
_TO_BE_MADE: Final = ("fresh", "far")
# Of `paid`.
POLICY: Final = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",'
    ' "Principal": {"CanonicalUser": "{other}"}, "Action": ["s3:GetObject", "s3:GetBucketPolicy"],'
    ' "Resource": ["arn:aws:s3:::{paid}", "arn:aws:s3:::{paid}/*"]}]}'
)
_CORS: Final[Any] = {
    "AllowedOrigins": ["https://*.example"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["x-amz-*"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 30,
}
_RULE: Final[Any] = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 3}}


@contextmanager
def made_place(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    stem = f"o3-test-{secrets.token_hex(5)}"
    place = {name: f"{stem}-{name}" for name in _BUCKETS} | {"stem": stem}
    # What is shown of checksums is what S3 computes where nobody asks for one.
    with (
        endpoint.client(request_checksum_calculation="when_required") as s3,
        endpoint.client(endpoint.other) as other_s3,
    ):
        for name, client in (("main", s3), ("other", other_s3)):
            place[name] = client.list_buckets()["Owner"]["ID"]
        try:
            for name in _BUCKETS:
                if name not in _TO_BE_MADE:
                    s3.create_bucket(
                        Bucket=place[name], ObjectLockEnabledForBucket=name == "locked"
                    )
            _fill_plain(s3, place)
            _fill_settings(s3, place)
            _fill_versioned(s3, place)
            _fill_locked(s3, place)
            _fill_aging(s3, place)
            _fill_sealed(s3, place)
            _fill_shared(s3, place)
            _fill_paid(s3, place)
            yield place
        finally:
            for name in _BUCKETS:
                _remove(s3, place[name])


def _fill_plain(s3: "S3Client", place: dict[str, str]) -> None:
    plain = place["plain"]
    for key in ("k", "dir/a", "same", "misnamed"):
        s3.put_object(Bucket=plain, Key=key, Body=b"body")
    s3.put_object(
        Bucket=plain,
        Key="typed",
        Body=b"body",
        ContentType="text/plain",
        CacheControl="no-cache",
        ContentDisposition="inline",
        ContentEncoding="gzip",
        ContentLanguage="de",
        Expires=UNTIL,
        WebsiteRedirectLocation="/x",
        StorageClass="STANDARD_IA",
        Metadata={"a": "1"},
        Tagging="colour=red",
    )
    for name in ("up", "finished", "aborted", "small", "listed"):
        bucket = place["bare"] if name == "listed" else plain
        upload = s3.create_multipart_upload(Bucket=bucket, Key=name)["UploadId"]
        at: Any = {"Bucket": bucket, "Key": name, "UploadId": upload}
        place[name] = upload
        for number in (1, 2) if name == "small" else (1,):
            s3.upload_part(PartNumber=number, Body=b"part", **at)
    _make_of_parts(s3, place)


def _make_of_parts(s3: "S3Client", place: dict[str, str]) -> None:
    """The object `parts`, and an upload of `chosen` that is not done."""
    for name in ("parts", "chosen"):
        at: Any = {"Bucket": place["plain"], "Key": name}
        upload = s3.create_multipart_upload(ChecksumAlgorithm="SHA256", **at)["UploadId"]
        at["UploadId"] = place[name] = upload
        parts: list[Any] = []
        for number, body in enumerate((bytes(PART_MIN), b"body"), start=1):
            answer = s3.upload_part(PartNumber=number, Body=body, ChecksumAlgorithm="SHA256", **at)
            named = {"ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]}
            parts.append({"PartNumber": number, **named})
        if name == "parts":
            s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **at)


def _fill_settings(s3: "S3Client", place: dict[str, str]) -> None:
    tagged = place["tagged"]
    s3.put_bucket_tagging(Bucket=tagged, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    own: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=tagged, ServerSideEncryptionConfiguration={"Rules": [own]})
    s3.put_bucket_cors(Bucket=tagged, CORSConfiguration={"CORSRules": [_CORS]})
    s3.put_bucket_lifecycle_configuration(Bucket=tagged, LifecycleConfiguration={"Rules": [_RULE]})


def _fill_versioned(s3: "S3Client", place: dict[str, str]) -> None:
    at = place["versioned"]
    s3.put_object(Bucket=at, Key="old", Body=b"body")
    s3.put_bucket_versioning(Bucket=at, VersioningConfiguration={"Status": "Enabled"})
    for name in ("v1", "v2"):
        place[name] = s3.put_object(Bucket=at, Key="k", Body=b"body")["VersionId"]
    s3.put_object(Bucket=at, Key="gone", Body=b"body")
    place["marker"] = s3.delete_object(Bucket=at, Key="gone")["VersionId"]
    for key in ("doomed", "doomed-too"):
        place[f"{key}-version"] = s3.put_object(Bucket=at, Key=key, Body=b"body")["VersionId"]
    s3.put_object(Bucket=place["busy"], Key="k", Body=b"body")


def _fill_locked(s3: "S3Client", place: dict[str, str]) -> None:
    for key in ("held", "free", "open"):
        at: Any = {"Bucket": place["locked"], "Key": key}
        place[key] = s3.put_object(Body=b"body", ChecksumAlgorithm="CRC32", **at)["VersionId"]
    at = {"Bucket": place["locked"], "Key": "held"}
    lock: Any = {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}
    s3.put_object_retention(Retention=lock, ChecksumAlgorithm="CRC32", **at)
    s3.put_object_legal_hold(LegalHold={"Status": "ON"}, ChecksumAlgorithm="CRC32", **at)
    at["Key"] = "locking"
    upload = s3.create_multipart_upload(ObjectLockLegalHoldStatus="ON", **at)
    place["locking"] = upload["UploadId"]


def _fill_aging(s3: "S3Client", place: dict[str, str]) -> None:
    at: Any = {"Bucket": place["aging"]}
    abort: Any = {"ID": "a b", "Status": "Enabled", "Filter": {}}
    abort["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": 2}
    s3.put_bucket_lifecycle_configuration(LifecycleConfiguration={"Rules": [_RULE, abort]}, **at)
    s3.put_object(Key="k", Body=b"body", **at)
    for name in ("aged", "aging-up"):
        place[name] = s3.create_multipart_upload(Key=name, **at)["UploadId"]
        s3.upload_part(Key=name, UploadId=place[name], PartNumber=1, Body=b"part", **at)


def _fill_sealed(s3: "S3Client", place: dict[str, str]) -> None:
    at: Any = {"Bucket": place["plain"]}
    customer: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER_KEY}
    s3.put_object(Key="own", Body=b"body", **at, **customer)
    s3.put_object(Key="kms", Body=b"body", ServerSideEncryption="aws:kms", **at)
    place["own"] = s3.create_multipart_upload(Key="own", **at, **customer)["UploadId"]


def _fill_shared(s3: "S3Client", place: dict[str, str]) -> None:
    """Two buckets with ACLs, of which `shared` has no ownership controls: that is as good."""
    for name in ("shared", "granting"):
        at: Any = {"Bucket": place[name]}
        controls: Any = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        s3.put_bucket_ownership_controls(OwnershipControls=controls, **at)
        s3.delete_public_access_block(**at)
        s3.put_object(Key="k", Body=b"body", ACL="public-read", **at)
    at = {"Bucket": place["shared"]}
    s3.put_bucket_acl(ACL="public-read", **at)
    s3.delete_bucket_ownership_controls(**at)


def _fill_paid(s3: "S3Client", place: dict[str, str]) -> None:
    at: Any = {"Bucket": place["paid"]}
    s3.put_object(Key="k", Body=b"body", **at)
    s3.put_bucket_policy(Policy=filled(POLICY, place), **at)
    s3.put_bucket_request_payment(RequestPaymentConfiguration={"Payer": "Requester"}, **at)


def _remove(s3: "S3Client", bucket: str) -> None:
    """With all its versions, whatever holds them."""
    if bucket not in [each["Name"] for each in s3.list_buckets(Prefix=bucket)["Buckets"]]:
        return
    empty(s3, bucket)
    s3.delete_bucket(Bucket=bucket)
