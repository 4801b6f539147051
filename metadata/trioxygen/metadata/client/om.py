"""The Ozone Manager, from outside."""

from typing import Final

from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.leader import LeaderClient

# Behind the read barrier: linearizable on every replica.
QUERIES: Final = frozenset(
    {
        "DeriveSigningKey",
        "ListAccessKeys",
        "ListAccounts",
        "ListBuckets",
        "ListKeys",
        "ListParts",
        "ListUploads",
        "LookupBucket",
        "LookupKey",
        "LookupUpload",
        "VerifySignatureV2",
    }
)


class OmClient(LeaderClient):
    def __init__(
        self,
        runtime: Runtime,
        addresses: list[str],
        *,
        timeout_ms: float = 30_000,
        try_ms: float = 1_000,
        refused_ms: float = 5_000,
    ) -> None:
        super().__init__(
            runtime,
            "OzoneManager",
            addresses,
            timeout_ms=timeout_ms,
            try_ms=try_ms,
            refused_ms=refused_ms,
            queries=QUERIES,
        )
