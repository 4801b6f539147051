"""Every number of namespaces."""

from dataclasses import dataclass

from trioxygen.common.units import MIB, MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceLimits:
    """Attributes:
    namespaces_max: of the cluster.
    leases_max: of each namespace, at once.
    containers_max: open ones of each namespace, at once.
    block_bytes_max: of one block, as DataNodes take it.
    lease_duration_ms: a client that does not renew its leases for so long is dead.
    gc_delay_ms: how long the bytes of a deleted block stay readable, for reads under way.
    interval_ms: between looks for what is due.
    """

    namespaces_max: int = 1_000
    leases_max: int = 1_000
    containers_max: int = 8
    block_bytes_max: int = 256 * MIB
    lease_duration_ms: int = MINUTE_MS
    gc_delay_ms: int = 5 * MINUTE_MS
    interval_ms: float = 1_000
