"""An S3 endpoint, clients for it, and what they say about errors."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION: Final = "us-east-1"
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Keys:
    """Attributes: token: of a session; None: they last."""

    access: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running store with two accounts. Attributes: main, other: keys of the two."""

    url: str
    main: Keys
    other: Keys

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def host(self) -> str:
        """As the Host header has it."""
        return urlsplit(self.url).netloc

    @contextmanager
    def client(self, keys: Keys | None = None, **options: Any) -> "Iterator[S3Client]":
        """A boto3 client that does not retry; `options` go to botocore's Config."""
        chosen = keys or self.main
        settings: dict[str, Any] = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "s3": {"addressing_style": "path"},
            "max_pool_connections": 64,
            "connect_timeout": 60,
            "read_timeout": 120,
            **options,
        }
        made: S3Client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=chosen.access,
            aws_secret_access_key=chosen.secret,
            aws_session_token=chosen.token,
            config=Config(**settings),
        )
        with closing(made):
            yield made


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a client sees it."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any]
    headers: Mapping[str, str]


def refusal(call: Callable[..., object], **arguments: Any) -> Refusal:
    """The error of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        answer: Any = error.response
        details: dict[str, Any] = dict(answer["Error"])
        return Refusal(
            status=answer["ResponseMetadata"]["HTTPStatusCode"],
            code=details["Code"],
            message=details.get("Message", ""),
            details=details,
            headers=answer["ResponseMetadata"]["HTTPHeaders"],
        )
    raise AssertionError(f"not refused: {arguments}")


def refused(call: Callable[..., object], **arguments: Any) -> tuple[int, str]:
    """(status, code) of a call that must fail."""
    error = refusal(call, **arguments)
    return error.status, error.code


def read(s3: "S3Client", bucket: str, key: str, **arguments: Any) -> bytes:
    """The object's body."""
    with closing(s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"]) as body:
        return body.read()


def keys_of(s3: "S3Client", bucket: str, prefix: str = "") -> list[str]:
    """All keys of a bucket, in the order they are listed."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def empty(s3: "S3Client", bucket: str) -> None:
    """Deletes every object, version and upload of a bucket, but what is locked in COMPLIANCE."""
    for upload_page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in upload_page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    if "Status" not in s3.get_bucket_versioning(Bucket=bucket):
        _delete(s3, bucket, [{"Key": key} for key in keys_of(s3, bucket)])
        return
    doomed: list[Any] = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            doomed.append({"Key": row["Key"], "VersionId": row["VersionId"]})
    for left in _delete(s3, bucket, doomed, BypassGovernanceRetention=True):
        s3.put_object_legal_hold(Bucket=bucket, LegalHold={"Status": "OFF"}, **left)
        _delete(s3, bucket, [left], BypassGovernanceRetention=True)


def _delete(s3: "S3Client", bucket: str, doomed: list[Any], **more: Any) -> list[Any]:
    """What is locked."""
    left: list[Any] = []
    for start in range(0, len(doomed), 1_000):
        objects: list[Any] = []
        for each in doomed[start : start + 1_000]:
            if _NOT_XML.search(each["Key"]):
                # No XML document can name it: DeleteObjects cannot either.
                s3.delete_object(Bucket=bucket, **each, **more)
            else:
                objects.append(each)
        if objects:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}, **more)
            left += [
                {"Key": error["Key"], "VersionId": error["VersionId"]}
                for error in answer.get("Errors", [])
            ]
    return left
