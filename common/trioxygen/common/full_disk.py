"""A full disk is waited out: what has no room is tried again until it has."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSpace

T = TypeVar("T")

# Room comes when something is deleted or dropped, which nobody says.
FULL_WAIT_MS: Final = 250.0


async def when_there_is_room(
    attempt: Callable[[], Awaitable[T]], clock: Clock, *, refused: Callable[[NoSpace], None]
) -> T:
    """What the first attempt gives that finds room.

    Args:
        refused: called after each that finds none. What it raises ends the waiting."""
    while True:
        try:
            return await attempt()
        except NoSpace as error:
            refused(error)
        await clock.sleep_ms(FULL_WAIT_MS)
