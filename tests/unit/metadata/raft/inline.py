"""A runtime whose blocking calls run at once, on the caller's thread."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Disk
from trioxygen.common.network_local import LocalNetwork
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
