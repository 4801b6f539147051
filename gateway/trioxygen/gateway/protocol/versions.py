"""Version ids of objects. Pure."""

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument


def check_version_id(version_id: str | None, *, key: str | None = None) -> None:
    """Buckets here never had versioning: only the null version exists.

    Args:
        key: whose version it is, where that is not the request's own.
    Raises: NoSuchVersion; InvalidArgument for an empty id."""
    if version_id is None or version_id == "null":
        return
    if not version_id:
        raise invalid_argument("Version id cannot be the empty string", "versionId", "")
    details = {"VersionId": version_id}
    raise S3Error("NoSuchVersion", details=details if key is None else {"Key": key, **details})
