"""When access keys were last used: gathered here, and told to the store many at a time.

A key is looked up a few times a minute by each gateway, not with each request; only then it is
noted. What is not told yet when a gateway dies is lost: last use is information, not a record."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.units import MINUTE_MS, SECOND_MS

# (access key, wall ms, service, region)
Use = tuple[str, int, str, str]
NoteUses = Callable[[Sequence[Use]], Awaitable[None]]

_KEYS_MAX: Final = 10_000
_TOLD_AT_ONCE: Final = 500


class KeyUses:
    """A worker. At most one note of a key and minute is told."""

    name = "key_uses"
    interval_ms = 10.0 * SECOND_MS

    def __init__(self, clock: Clock, note_uses: NoteUses) -> None:
        self._clock, self._note_uses = clock, note_uses
        # Minutes by key, those that were noted last; the oldest go first.
        self._noted: OrderedDict[str, int] = OrderedDict()
        self._to_tell: dict[str, Use] = {}

    def note(self, access_key: str, service: str, region: str) -> None:
        now_ms = self._clock.wall_ms()
        minute = now_ms // MINUTE_MS
        if self._noted.get(access_key) == minute:
            return
        self._noted[access_key] = minute
        self._noted.move_to_end(access_key)
        if len(self._noted) > _KEYS_MAX:
            self._noted.popitem(last=False)
        if len(self._to_tell) < _KEYS_MAX:
            self._to_tell[access_key] = (access_key, now_ms, service, region)

    async def work(self) -> bool:
        """Tells some; those that could not be told are told later."""
        if not self._to_tell:
            return False
        batch = list(self._to_tell.values())[:_TOLD_AT_ONCE]
        await self._note_uses(batch)
        for use in batch:
            if self._to_tell.get(use[0]) == use:
                del self._to_tell[use[0]]
        return bool(self._to_tell)
