"""The repairs that come before anything is moved only to even out."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind
from trioxygen.metadata.scm.replication.repairs import Repairs
from trioxygen.metadata.scm.replication.watch import ContainerWatch

_MENDED_FIRST: Final = (Health.UNDER_REPLICATED, Health.MIS_REPLICATED)


@dataclass(frozen=True, slots=True)
class Mending:
    """Containers as they are, and what is done about them."""

    watch: ContainerWatch
    repairs: Repairs
    in_flight: InFlight

    def waits_for(self, moving: Container[int]) -> str:
        """What keeps moves from being begun; empty: nothing. Args: moving: containers that move."""
        if self.repairs.is_waiting():
            return "safe mode, or DataNodes that have not told what they have"
        if not self.repairs.looked_at_all_ms:
            return "all containers are looked at first"
        counts = self.watch.counts()
        mended = [f"{counts[each]} {each.value}" for each in _MENDED_FIRST if counts.get(each)]
        # What is under way counts as done there.
        repairs = sum(
            each.kind is not Kind.REMOVAL and each.container_id not in moving
            for each in self.in_flight
        )
        if repairs:
            mended.append(f"{repairs} repairs under way")
        return f"containers that are mended first: {', '.join(mended)}" if mended else ""

    def removes(self) -> str:
        """What makes disks seem fuller than they will be; empty: nothing. Only where nothing is
        moved: each move ends with a removal."""
        surplus = self.watch.counts().get(Health.OVER_REPLICATED, 0)
        removals = sum(each.kind is Kind.REMOVAL for each in self.in_flight)
        if not surplus + removals:
            return ""
        return f"replicas that are too many and go first: of {surplus} containers, {removals} now"
