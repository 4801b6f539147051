"""When blocks that nobody holds any more may be deleted."""

from typing import Final

from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.replication.batch import Now

_UNSEEN_DELAY_MS: Final = 30 * SECOND_MS


def not_before_ms(now: Now, gc_delay_ms: int, *, was_visible: bool) -> int:
    """By the group's time. Those that readers may be at wait for the gc delay."""
    if not was_visible:
        # No readers; but a write that was given up may still be on its way to the DataNode.
        gc_delay_ms = min(gc_delay_ms, _UNSEEN_DELAY_MS)
    return now.group_ms + gc_delay_ms
