"""VersioningConfiguration. Source: S3 API, PutBucketVersioning, GetBucketVersioning."""

from typing import Final

from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import children, parse_document
from trioxygen.gateway.store.values.buckets import Versioning

_STATUSES: Final = {"Enabled": Versioning.ENABLED, "Suspended": Versioning.SUSPENDED}
_STATUS_OF: Final = {versioning: status for status, versioning in _STATUSES.items()}


def read_versioning(body: bytes) -> Versioning:
    """ENABLED or SUSPENDED.

    Raises: MissingRequestBodyError; MalformedXML; NotImplemented: deletion with a second factor.
    """
    if not body:
        raise S3Error("MissingRequestBodyError")
    fields = children(parse_document(body, "VersioningConfiguration", rows_max=1))
    second_factor = fields.pop("MfaDelete", fields.pop("MFADelete", "Disabled"))
    wanted = _STATUSES.get(fields.pop("Status", ""))
    if wanted is None or fields or second_factor not in ("Enabled", "Disabled"):
        raise S3Error("MalformedXML")
    if second_factor == "Enabled":
        raise not_implemented("MFA delete is not implemented: no device is asked here.")
    return wanted


def versioning_document(versioning: Versioning) -> bytes:
    """Empty of a bucket that never kept versions."""
    status = _STATUS_OF.get(versioning)
    return document("VersioningConfiguration", element("Status", status))
