"""Containers that have lost their last whole replica, and those that have it again: each is a line
in the log, once."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.units import MINUTE_MS, SECOND_MS
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn

log = logs.get(__name__)

# Of what is lost and found with whole nodes most is only counted.
_LINES_PER_MINUTE_MAX: Final = 100
# Replicas that are being closed, one after the other, are not whole for a moment.
_SETTLED_MS: Final = 10 * SECOND_MS


class MissingLog:
    """What a look says is noted; what is still so after a while, when it is known what there is, is
    told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        # Since when, in its order.
        self._lost: dict[int, float] = {}
        self._back: dict[int, None] = {}
        self._minute_ms, self._lines = float("-inf"), 0

    def lost(self, container_id: int) -> None:
        if container_id in self._back:
            del self._back[container_id]
        else:
            self._lost[container_id] = self._clock.monotonic_ms()

    def back(self, container_id: int) -> None:
        if container_id in self._lost:
            del self._lost[container_id]
        else:
            self._back[container_id] = None

    def tell(self, txn: ReadTxn) -> None:
        if not self._lost and not self._back:
            return
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._minute_ms >= MINUTE_MS:
            self._minute_ms, self._lines = now_ms, 0
        settled = [*takewhile(lambda each: now_ms - self._lost[each] >= _SETTLED_MS, self._lost)]
        unnamed_lost = self._tell_lost(txn, settled)
        unnamed_back = self._tell_back()
        if unnamed_lost or unnamed_back:
            log.error("more_containers_missing", lost=unnamed_lost, back=unnamed_back)

    def _tell_lost(self, txn: ReadTxn, container_ids: Sequence[int]) -> int:
        """How many had no line."""
        unnamed = 0
        for container_id in container_ids:
            del self._lost[container_id]
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is None:
                continue
            if self._takes_line():
                log.error(
                    "container_missing",
                    container=container_id,
                    size_bytes=row.used_bytes,
                    blocks=row.block_count,
                )
            else:
                unnamed += 1
        return unnamed

    def _tell_back(self) -> int:
        unnamed = 0
        for container_id in self._back:
            if self._takes_line():
                log.info("container_found_again", container=container_id)
            else:
                unnamed += 1
        self._back.clear()
        return unnamed

    def _takes_line(self) -> bool:
        self._lines += 1
        return self._lines <= _LINES_PER_MINUTE_MAX
