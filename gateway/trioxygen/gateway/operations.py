"""What all families of S3 operations share: the backend, authorisation by ownership,
configuration."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock
from trioxygen.common.units import KIB
from trioxygen.gateway.backend import ObjectBackend
from trioxygen.gateway.request import S3Request
from trioxygen.gateway.s3.errors import S3Error, invalid_argument
from trioxygen.gateway.shares import ShareLimits
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import BucketRow

# A document of this size costs less than 1 ms, a trip to a thread a tenth of it.
_INLINE_XML_BYTES_MAX: Final = 8 * KIB

_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """Attributes:
    domains: host names under which buckets are sub-domains (virtual-host style).
    regions: what may be signed for and created in; empty: any.
    shares: of what requests share, the bounds.
    credential_kept_ms: how long a revoked access key may still be accepted.
    keep_alive_space_ms: a long CompleteMultipartUpload sends white space this often."""

    domains: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    clock_skew_seconds_max: int = 900
    shares: ShareLimits = ShareLimits()
    credential_kept_ms: float = 5_000
    part_size_bytes_min: int = 5 * 1024 * 1024
    keep_alive_space_ms: float = 5_000


class Operations:
    def __init__(
        self, backend: ObjectBackend, blocking: Blocking, clock: Clock, config: S3Config
    ) -> None:
        self.backend, self.blocking, self.clock, self.config = backend, blocking, clock, config
        self.regions = config.regions
        self.region = config.regions[0] if config.regions else "us-east-1"
        # One long document at a time: what the worst one costs, others' digests do not wait for.
        self._parsing = asyncio.Lock()

    async def parse(self, read: Callable[[bytes], _Parsed], document: bytes) -> _Parsed:
        """What a document says, by one of `xml_requests`; long ones are read on a thread."""
        if len(document) <= _INLINE_XML_BYTES_MAX:
            return read(document)
        async with self._parsing:
            return await self.blocking.run(read, document)

    def authorize(self, request: S3Request, bucket: BucketRow) -> None:
        """Only the account that owns a bucket may use it (policies and ACLs come later)."""
        account = request.account
        if account is None or account.account_id != bucket.account_id:
            raise S3Error("AccessDenied")
        check_expected_owner(request, "x-amz-expected-bucket-owner", bucket)

    async def owned_bucket(self, request: S3Request) -> BucketRow:
        """Raises NoSuchBucket, AccessDenied."""
        reply = await self.backend.call(
            om.LookupBucketRequest(bucket=request.bucket_name), om.LookupBucketReply
        )
        self.authorize(request, reply.bucket)
        return reply.bucket


def check_expected_owner(request: S3Request, header: str, bucket: BucketRow) -> None:
    """Raises: InvalidBucketOwnerAWSAccountID (nobody's account id), AccessDenied (another's)."""
    expected = request.head.header(header)
    if expected is None or expected == bucket.account_id:
        return
    if len(expected) != 12 or not (expected.isascii() and expected.isdigit()):
        raise S3Error("InvalidBucketOwnerAWSAccountID")
    raise S3Error("AccessDenied")


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
