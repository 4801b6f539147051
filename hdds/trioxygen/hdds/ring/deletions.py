"""What is deleted of containers that are being copied, as logs bring it: a copy that is under way
must not bring it back at its target."""

from typing import Final

from trioxygen.common.errors import Overloaded
from trioxygen.hdds.ring.pending import DeletedRange

# Of one container while it is copied; a copy that meets more is given up.
_RANGES_MAX: Final = 10_000


class DeletionWatch:
    """Of one container, from its making on."""

    def __init__(self, container_id: int) -> None:
        self.container_id = container_id
        self._ranges: list[DeletedRange] = []
        self._is_overflown = False

    def note(self, blocks: DeletedRange) -> None:
        if len(self._ranges) < _RANGES_MAX:
            self._ranges.append(blocks)
        else:
            self._is_overflown = True

    def holds(self, local: int) -> bool:
        """Whether the block has been deleted. Raises: Overloaded: more than can be kept was."""
        return any(blocks.holds(self.container_id, local) for blocks in self.ranges())

    def ranges(self) -> list[DeletedRange]:
        """Raises: Overloaded: there were more than can be kept."""
        if self._is_overflown:
            raise Overloaded("too much is deleted while it is copied", container=self.container_id)
        return self._ranges


class Deletions:
    """Of one volume."""

    def __init__(self) -> None:
        self._watches: dict[int, list[DeletionWatch]] = {}

    def watch(self, container_id: int) -> DeletionWatch:
        """Until `end`."""
        watch = DeletionWatch(container_id)
        self._watches.setdefault(container_id, []).append(watch)
        return watch

    def end(self, watch: DeletionWatch) -> None:
        """Idempotent."""
        watches = self._watches.get(watch.container_id, [])
        if watch in watches:
            watches.remove(watch)
        if not watches:
            self._watches.pop(watch.container_id, None)

    def note(self, blocks: DeletedRange) -> None:
        for watch in self._watches.get(blocks.container, ()):
            watch.note(blocks)
