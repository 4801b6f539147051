"""What the checks say of a container: how it is, and what is to be done about it. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import unique
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.common.states import State


@unique
class Health(State):
    """How a container is. The first ones are as they should be."""

    HEALTHY = "healthy"
    OPEN = "open"
    CLOSING = "closing"
    # Its replicas differ, or may: which of them is to be the container is not decided yet.
    QUASI_CLOSED = "quasi_closed"
    # It has no blocks and goes, or is on its way.
    EMPTY = "empty"
    DELETING = "deleting"
    UNDER_REPLICATED = "under_replicated"
    OVER_REPLICATED = "over_replicated"
    # Enough of them, on too few racks.
    MIS_REPLICATED = "mis_replicated"
    # Replicas that are whole are enough; others are there that are not, and go.
    UNHEALTHY = "unhealthy"
    # It cannot be read: replicas that are whole are too few, or there is none.
    MISSING = "missing"


AS_THEY_SHOULD_BE: Final = frozenset({Health.HEALTHY, Health.OPEN})


@dataclass(frozen=True, slots=True)
class Close:
    """To one node. Args: force: also where no ring agrees to it any more."""

    node_id: str
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Replicas of one index that others can be sent from.

    Attributes:
    sources: nodes that hold what is to be copied, the best ones first.
    count: so many more are wanted.
    remaining: replicas that may still be lost; less than 0: one that leaves its node is the last.
    instead_of: the node whose replica goes then, since its rack has too many; empty: none does.
    """

    sources: tuple[str, ...]
    count: int
    remaining: int
    replica_index: int = 0
    instead_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """Indexes of an erasure-coded container that are made of the others.

    Attributes:
    sources: node by index: as many as it takes, at least.
    held: node by index, where a replica is that lacks blocks: it gets them where it is, unless
        another node can take a whole one.
    """

    indexes: tuple[int, ...]
    sources: Mapping[int, str]
    remaining: int
    held: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Args: force: also one that has blocks."""

    node_id: str
    replica_index: int = 0
    force: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Attributes:
    closes: told at once, and again until it is done.
    repairs: wait for their turn.
    moves_to: the state that the SCM's row is to take; DELETED: it goes.
    """

    health: Health
    closes: tuple[Close, ...] = ()
    repairs: tuple[Copies | Rebuild | Removal, ...] = ()
    moves_to: ContainerState | None = None

    @property
    def remaining(self) -> int:
        """Replicas that may still be lost: what has least is mended first."""
        mending = [each.remaining for each in self.repairs if not isinstance(each, Removal)]
        return min(mending, default=_PLENTY)


# Of what lacks nothing.
_PLENTY = 1_000
