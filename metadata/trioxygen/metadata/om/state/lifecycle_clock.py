"""The time that lifecycle rules go by: the wall's, which alone knows midnights, unless it leaps.

The group's time (`group_time`) only counts on; between it and the wall's there is a distance, which
changes when nobody runs, and when a clock is set. Where the wall is suddenly further ahead than
that explains, objects would seem older than they are: such a distance is believed when it has
stayed the same for a day, and until then time goes on from the former one. A clock that is set back
is believed at once, for then things go later.
"""

from typing import Final, NamedTuple

from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn

# Parts of a day: so far the wall may go ahead at once, as where replicas did not run for a while.
_BELIEVED: Final = 24
# In META.
_CLOCK: Final = b"lifecycle_clock"
_FIELD_BYTES: Final = 8


class Distance(NamedTuple):
    """From the group's time to the wall's.

    Attributes:
        believed_ms: that time is told by.
        leapt_ms: that the wall has instead, since a group's time; 0: it has not leapt."""

    believed_ms: int
    leapt_ms: int = 0
    since_ms: int = 0


class WallTime(NamedTuple):
    """wall_ms: the time to go by."""

    wall_ms: int
    distance: Distance


def tell(before: Distance | None, *, wall_ms: int, group_ms: int, day_ms: int) -> WallTime:
    """Args: before: as it was last; None: never."""
    now_ms, allowed_ms = wall_ms - group_ms, day_ms // _BELIEVED
    if before is None or now_ms <= before.believed_ms + allowed_ms:
        return WallTime(wall_ms, Distance(now_ms))
    has_leapt_before = before.since_ms > 0 and abs(now_ms - before.leapt_ms) <= allowed_ms
    since_ms = before.since_ms if has_leapt_before else group_ms
    if group_ms - since_ms >= day_ms:
        return WallTime(wall_ms, Distance(now_ms))
    return WallTime(group_ms + before.believed_ms, Distance(before.believed_ms, now_ms, since_ms))


def has_changed(before: Distance | None, after: Distance, *, day_ms: int) -> bool:
    """Whether another leader has to know."""
    if before is None or before.since_ms != after.since_ms:
        return True
    return abs(after.believed_ms - before.believed_ms) > day_ms // _BELIEVED // 2


def noted_distance(txn: ReadTxn) -> Distance | None:
    value = txn.get(META, _CLOCK)
    if value is None:
        return None
    fields = (value[at : at + _FIELD_BYTES] for at in range(0, len(value), _FIELD_BYTES))
    return Distance(*[int.from_bytes(field, "big", signed=True) for field in fields])


def note_distance(txn: WriteTxn, distance: Distance) -> None:
    txn.put(
        META,
        _CLOCK,
        b"".join([field.to_bytes(_FIELD_BYTES, "big", signed=True) for field in distance]),
    )
