"""Commands that wait for their batch, and those of the batch that runs. On the event loop."""

import asyncio
from collections import deque
from collections.abc import Iterable

from google.protobuf.message import Message

from trioxygen.common.errors import Overloaded, TrioxygenError, again
from trioxygen.common.origin import current_origin
from trioxygen.metadata.replication.batch import Waiting


class CommandQueue:
    """Args:
        service: whose, for errors.
        batch_max, waiting_max: commands in one batch, and before it.
    Attributes:
        running: of the batch that runs.
    """

    def __init__(self, service: str, *, batch_max: int, waiting_max: int) -> None:
        self._service, self._batch_max, self._waiting_max = service, batch_max, waiting_max
        self._waiting: deque[Waiting] = deque()
        self.running: list[Waiting] = []
        # So many of those that come next run in batches of one.
        self._alone = 0

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def is_idle(self) -> bool:
        return not (self._waiting or self.running)

    def add(self, command: Message, *, is_early: bool) -> "asyncio.Future[Message]":
        """Its answer. Raises Overloaded."""
        if len(self._waiting) >= self._waiting_max:
            raise Overloaded("too many commands are queued", service=self._service)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(command, answer, is_early, current_origin().request_id))
        return answer

    def next_batch(self, *, is_single: bool) -> list[Waiting]:
        """Takes what runs now. Args: is_single: one command, whatever waits."""
        most = 1 if self._alone or is_single else self._batch_max
        count = min(len(self._waiting), most)
        self.running = [self._waiting.popleft() for _ in range(count)]
        self._alone = max(0, self._alone - count)
        return self.running

    def ran(self, batch: list[Waiting], done: list[Waiting]) -> None:
        """The first of it did. What did not fit comes first in the next batch."""
        self._waiting.extendleft(reversed(batch[len(done) :]))
        self.running = done

    def split(self) -> None:
        """The batch that ran is too large. Each runs for itself: only one that is too large even so
        is refused."""
        self._alone = len(self.running)
        self._waiting.extendleft(reversed(self.running))

    def end_batch(self) -> None:
        self.running = []

    def give_up(self, error: TrioxygenError) -> None:
        """The batch that runs."""
        _fail(self.running, error)

    def give_up_all(self, error: TrioxygenError) -> None:
        _fail((*self.running, *self._waiting), error)
        self.running = []
        self._waiting.clear()


def _fail(waiting: Iterable[Waiting], error: TrioxygenError) -> None:
    for future in waiting:
        if not future.answer.done():
            future.answer.set_exception(again(error))
