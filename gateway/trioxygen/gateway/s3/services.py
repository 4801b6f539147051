"""What every S3 operation works with: the store, threads, the clock, configuration."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock
from trioxygen.common.replication import Replication
from trioxygen.common.units import DAY_MS, KIB, MIB
from trioxygen.gateway.access.policy.cache import PolicyCache
from trioxygen.gateway.access.unnumbered import ALL_NUMBERED, UnnumberedAccount
from trioxygen.gateway.account_directory import KnownAccounts
from trioxygen.gateway.kept_documents import KeptDocuments
from trioxygen.gateway.kept_rules import KeptRules
from trioxygen.gateway.protocol.dialect import AWS, Dialect
from trioxygen.gateway.protocol.proxies import TrustedProxies
from trioxygen.gateway.protocol.storage_classes import StorageClasses
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.shares import ShareLimits
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.acls import ALL_BLOCKED, Ownership, PublicAccessBlock
from trioxygen.gateway.store.values.buckets import Bucket

# Its buckets have no LocationConstraint.
FIRST_REGION: Final = "us-east-1"
# A document of this size costs less than 1 ms, a trip to a thread a tenth of it.
_INLINE_XML_BYTES_MAX: Final = 8 * KIB

# Of memory. A policy of 20 statements takes 150 KiB.
_POLICIES_BYTES_MAX: Final = 64 * MIB

_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """Attributes:
    volume: what the buckets are in.
    domains: host names under which buckets are sub-domains (virtual-host style).
    proxies: whose word counts about who a request comes from.
    regions: what may be signed for and created in; empty: any.
    storage_classes: how objects of each are kept.
    encrypts: new objects, where neither their client nor their bucket says how.
    shares: of what requests share, the bounds.
    credential_kept_ms: how long a revoked access key may still be accepted.
    keep_alive_space_ms: a long CompleteMultipartUpload sends white space this often.
    day_ms: how long a day of lifecycle rules is.
    dialect: what is answered where others answer otherwise than S3.
    takes_v2_headers: Signature Version 2 in the Authorization header, which S3 does not take.
    unnumbered: whose ARNs have no number.
    ownership, public_access: what new buckets begin with; None: nothing is blocked."""

    volume: str
    domains: tuple[str, ...] = ()
    proxies: TrustedProxies = TrustedProxies(())
    regions: tuple[str, ...] = ()
    clock_skew_seconds_max: int = 900
    storage_classes: StorageClasses = StorageClasses()
    encrypts: bool = False
    shares: ShareLimits = ShareLimits()
    credential_kept_ms: float = 5_000
    part_size_bytes_min: int = 5 * MIB
    dialect: Dialect = AWS
    takes_v2_headers: bool = False
    keep_alive_space_ms: float = 5_000
    day_ms: int = DAY_MS
    unnumbered: UnnumberedAccount = ALL_NUMBERED
    ownership: Ownership = Ownership.BUCKET_OWNER_ENFORCED
    public_access: PublicAccessBlock | None = ALL_BLOCKED


class Services:
    """Attributes:
    volume: the buckets' of this endpoint.
    region: of a bucket that was created without one.
    policies: of buckets and identities, that were read."""

    def __init__(
        self, store: ObjectStore, blocking: Blocking, clock: Clock, config: S3Config
    ) -> None:
        self.store, self.blocking, self.clock, self.config = store, blocking, clock, config
        self.volume = config.volume
        self.region = config.regions[0] if config.regions else FIRST_REGION
        # One long document at a time: what the worst one costs, others' digests do not wait for.
        self._parsing = asyncio.Lock()
        self.lifecycles = KeptRules(store.settings)
        self.policies = PolicyCache(_POLICIES_BYTES_MAX)
        self.accounts = KnownAccounts(store.iam.directory, clock)
        self.documents = KeptDocuments(
            store.settings, store.iam.directory, self.policies.bucket_policy
        )

    def replication_of(self, bucket: Bucket, storage_class: str) -> Replication:
        """How an object of the class is kept in the bucket."""
        return self.config.storage_classes.replication_of(storage_class, bucket.replication)

    @property
    def now_s(self) -> int:
        """Seconds since 1970."""
        return self.clock.wall_ms() // 1_000

    def owner_of(self, account: Account) -> Owner:
        """As documents show it."""
        shown = account.display_name if self.config.dialect.names_owners else None
        return Owner(account.canonical_id, shown)

    async def owner_of_id(self, canonical_id: str) -> Owner:
        """The same; of an account that is gone the id alone."""
        if not self.config.dialect.names_owners:
            return Owner(canonical_id)
        details = await self.accounts.of_canonical_id(canonical_id)
        return Owner(canonical_id, None if details is None else details.display_name)

    def region_of(self, bucket: Bucket) -> str:
        return bucket.location or self.region

    def region_header(self, bucket: Bucket) -> tuple[bytes, bytes]:
        return b"x-amz-bucket-region", self.region_of(bucket).encode("ascii", "replace")

    async def parse(self, read: Callable[[bytes], _Parsed], document: bytes) -> _Parsed:
        """What a document says, by one of `xml.requests`; long ones are read on a thread."""
        if len(document) <= _INLINE_XML_BYTES_MAX:
            return read(document)
        async with self._parsing:
            return await self.blocking.run(read, document)
