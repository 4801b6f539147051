"""A runtime whose blocking calls run at once, on the caller's thread."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Disk
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Tasks

T = TypeVar("T")


class InlineBlocking:
    """Implements `Blocking` and `Lane`."""

    def lane(self, name: str) -> "InlineBlocking":
        return self

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # handed to whoever awaits the future
            future.set_exception(error)
        return future

    def close(self) -> None:
        return


class HeldBlocking(InlineBlocking):
    """Attributes: held: what was to be run, and was not yet; None: it is run at once."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] | None = None

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        if self.held is None:
            return super().run(function, *arguments)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def run_now() -> None:
            done = InlineBlocking.run(self, function, *arguments)
            error = done.exception()
            if error is None:
                future.set_result(done.result())
            else:
                future.set_exception(error)

        self.held.append(run_now)
        return future

    def release(self) -> None:
        held, self.held = self.held or [], None
        for run_now in held:
            run_now()


def inline_runtime(disk: Disk, seed: int = 1) -> Runtime:
    clock = SystemClock()
    registry = CollectorRegistry()
    return Runtime(
        clock=clock,
        rng=random.Random(seed),
        disk=disk,
        network=LocalNetwork(),
        blocking=InlineBlocking(),
        registry=registry,
        tasks=Tasks(clock, registry),
    )
