"""Buckets that keep versions, and what is in them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def set_versioning(s3: "S3Client", bucket: str, status: Any) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def put(s3: "S3Client", bucket: str, key: str, body: bytes = b"") -> Any:
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def shown(s3: "S3Client", bucket: str, **more: Any) -> list[tuple[str, str, bool, bool]]:
    """(key, version, whether it is the latest, whether it is a marker), markers last."""
    answer = s3.list_object_versions(Bucket=bucket, **more)
    return [
        *((v["Key"], v["VersionId"], v["IsLatest"], False) for v in answer.get("Versions", [])),
        *((m["Key"], m["VersionId"], m["IsLatest"], True) for m in answer.get("DeleteMarkers", [])),
    ]
