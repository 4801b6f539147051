"""Blocks: none is promised twice, and what the namespace refers to is what is counted as held."""

from trioxygen.sim.checkers.violation import Violation


class BlockLedger:
    """Every block that clients were leased, whatever OM and SCM remember."""

    def __init__(self) -> None:
        self._leased: dict[tuple[int, int], tuple[str, int]] = {}

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
