"""What the requests of the fuzz find."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.integration.endpoint import Endpoint, empty
from tests.integration.s3.fuzz.headers import CUSTOMER_KEY
from tests.integration.s3.uploads import Upload
from tests.integration.s3.versions import set_versioning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUCKETS: Final = ("plain", "versioned", "locked", "settings", "shared")


@contextmanager
def made_place(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    """Buckets, a version, an upload with a part, and an object with parts, by name. The buckets are
    left: what is locked cannot go."""
    stem = f"o3-fuzz-{secrets.token_hex(5)}"
    place = {name: f"{stem}-{name}" for name in _BUCKETS}
    with endpoint.client() as s3:
        for name, bucket in place.items():
            s3.create_bucket(
                Bucket=bucket,
                ObjectLockEnabledForBucket=name == "locked",
                ObjectOwnership="ObjectWriter" if name == "shared" else "BucketOwnerEnforced",
            )
        s3.delete_public_access_block(Bucket=place["shared"])
        place["fresh"] = f"{stem}-fresh"
        set_versioning(s3, place["versioned"], "Enabled")
        place["owner"] = s3.list_buckets()["Owner"]["ID"]
        put = [s3.put_object(Bucket=place[b], Key="k", Body=b"body") for b in _BUCKETS]
        place["etag"], place["version"] = put[1]["ETag"].strip('"'), put[1]["VersionId"]
        for name in ("plain", "versioned"):
            s3.put_object(
                Bucket=place[name],
                Key="c",
                Body=b"body",
                SSECustomerAlgorithm="AES256",
                SSECustomerKey=CUSTOMER_KEY,
            )
        begin_upload(s3, place)
        _put_in_parts(s3, place["versioned"])
        yield place
        for name in ("plain", "versioned", "settings", "shared"):
            empty(s3, place[name])
            s3.delete_bucket(Bucket=place[name])


def begin_upload(s3: "S3Client", place: dict[str, str]) -> None:
    bucket = place["versioned"]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="upload", ChecksumAlgorithm="CRC32")
    place["upload"] = begun["UploadId"]
    s3.upload_part(
        Bucket=bucket, Key="upload", UploadId=begun["UploadId"], PartNumber=1, Body=b"body"
    )


def _put_in_parts(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "m")
    upload.put(1, b"body")
    upload.complete()
