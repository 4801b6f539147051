"""Blocks: none is promised twice, and a lease lasts as long as was said."""

from typing import Final

from trioxygen.sim.checkers.violation import Violation

# How much faster than true time a node's clock may run, with a little more.
CLOCK_RATE_MAX: Final = 1.11


class BlockLedger:
    """Every block that clients were leased, whatever OM and SCM remember."""

    def __init__(self) -> None:
        self._leased: dict[tuple[int, int], tuple[str, int]] = {}
        self._until_ms: dict[int, float] = {}

    def lasts(self, lease_id: int, asked_ms: float, duration_ms: float) -> None:
        """Args: asked_ms: in true time, before the lease was granted."""
        self._until_ms[lease_id] = asked_ms + duration_ms / CLOCK_RATE_MAX

    def expired(self, lease_id: int, now_ms: float) -> None:
        """It was refused as expired. Raises Violation."""
        until_ms = self._until_ms[lease_id]
        if now_ms < until_ms:
            raise Violation(
                "lease-lasts", f"lease {lease_id} ended {until_ms - now_ms:.0f} ms too early"
            )

    def leased(
        self, client: str, lease_id: int, container: int, first_local: int, count: int
    ) -> None:
        """Raises Violation."""
        for local in range(first_local, first_local + count):
            before = self._leased.setdefault((container, local), (client, lease_id))
            if before != (client, lease_id):
                raise Violation(
                    "one-holder",
                    f"block {container}/{local} was leased to {before[0]} (lease {before[1]}) and "
                    f"to {client} (lease {lease_id})",
                )
