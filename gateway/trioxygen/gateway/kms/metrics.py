"""Metrics of a gateway's KMS."""

from prometheus_client import CollectorRegistry, Counter


class KmsMetrics:
    """Attributes:
    vault_calls: by `answered`, `busy` (no answer, or not now: it is tried again), `refused`.
    keyring_refused: a changed keyring that could not be used.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.vault_calls = Counter(
            "trioxygen_gateway_vault_calls", "Calls to Vault", ["outcome"], registry=registry
        )
        self.keyring_refused = Counter(
            "trioxygen_gateway_keyring_refused",
            "Changed keyrings that could not be used",
            registry=registry,
        )
