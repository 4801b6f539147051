"""The Ozone Manager, from outside."""

from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.leader import LeaderClient


class OmClient(LeaderClient):
    def __init__(
        self, runtime: Runtime, addresses: list[str], *, timeout_ms: float = 30_000
    ) -> None:
        super().__init__(runtime, "OzoneManager", addresses, timeout_ms=timeout_ms)
