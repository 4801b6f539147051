"""A thread that calls a store without rest until the store dies."""

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from tests.integration.endpoint import Endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class RestlessClient(ABC):
    """It goes on after every restart with what it knows.

    Attributes: failure: what ended it but the end of the store.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None

    @property
    @abstractmethod
    def acknowledged(self) -> int:
        """How many calls have changed something."""

    @abstractmethod
    def steps(self) -> Sequence[tuple[int, Callable[["S3Client"], None]]]:
        """What it does, by weight."""

    def start(self, endpoint: Endpoint) -> None:
        self._thread = threading.Thread(target=self._run, args=(endpoint,))
        self._thread.start()

    def join(self) -> None:
        assert self._thread is not None
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self, endpoint: Endpoint) -> None:
        weights, calls = zip(*self.steps(), strict=True)
        try:
            with endpoint.client(read_timeout=60) as s3:
                while True:
                    [call] = self._rng.choices(calls, weights)
                    call(s3)
        except BotoCoreError:
            return  # the store is gone; a ClientError would be an answer, and is a failure
        except BaseException as error:
            self.failure = error
