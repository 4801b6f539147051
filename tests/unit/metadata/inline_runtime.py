"""A runtime of one event loop: blocking calls run inline, time is a test's own."""

import random

from prometheus_client import CollectorRegistry

from tests.unit.metadata.raft.inline import InlineBlocking
from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Network
from trioxygen.common.runtime import Runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.worker import Tasks


def inline_runtime(
    clock: Clock,
    *,
    network: Network | None = None,
    blocking: Blocking | None = None,
    seed: int = 1,
) -> Runtime:
    registry = CollectorRegistry()
    return Runtime(
        clock=clock,
        rng=random.Random(seed),
        disk=SystemDisk(),
        network=network or LocalNetwork(encode=True),
        blocking=blocking or InlineBlocking(),
        registry=registry,
        tasks=Tasks(clock, registry),
    )
