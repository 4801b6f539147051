"""DataNodes that did not do their part lately: others come first for a while."""

from collections import OrderedDict
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

_NODES_MAX: Final = 1_000


class AwayNodes:
    """Args:
    avoided_ms: how long a node is avoided.
    silent_ms: a node that has answered nobody for so long is away.
    """

    def __init__(
        self, clock: Clock, *, avoided_ms: float, silent_ms: float, nodes_max: int = _NODES_MAX
    ) -> None:
        self._clock, self._avoided_ms, self._silent_ms = clock, avoided_ms, silent_ms
        self._nodes_max = nodes_max
        # address -> (node id, until when)
        self._away: OrderedDict[str, tuple[str, float]] = OrderedDict()
        # address -> (since when it has answered nobody, when a call was last given up)
        self._silent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, node: DataNodeAddress) -> None:
        """It is away, stands still, or is full."""
        self._away[node.address] = (node.node_id, self._clock.monotonic_ms() + self._avoided_ms)
        self._away.move_to_end(node.address)
        if len(self._away) > self._nodes_max:
            self._away.popitem(last=False)

    def note_silent(self, node: DataNodeAddress, since_ms: float) -> None:
        """A call that began then was given up. It is away if nobody has heard of it for long."""
        now_ms = self._clock.monotonic_ms()
        known = self._silent.pop(node.address, None)
        # One of long ago says nothing: nobody has asked it meanwhile.
        if known is not None and now_ms - known[1] < self._avoided_ms:
            since_ms = min(since_ms, known[0])
        self._silent[node.address] = (since_ms, now_ms)
        if len(self._silent) > self._nodes_max:
            self._silent.popitem(last=False)
        if now_ms - since_ms >= self._silent_ms:
            self.note(node)

    def answered(self, address: str) -> None:
        """It is not silent; what else it was avoided for may still be so."""
        if self._silent:
            self._silent.pop(address, None)

    def is_away(self, address: str) -> bool:
        if not self._away:
            return False
        known = self._away.get(address)
        if known is None:
            return False
        if known[1] > self._clock.monotonic_ms():
            return True
        del self._away[address]
        return False

    @property
    def has_any(self) -> bool:
        return bool(self._away)

    @property
    def node_ids(self) -> list[str]:
        return [
            node_id
            for address, (node_id, _) in list(self._away.items())
            if node_id and self.is_away(address)
        ]
