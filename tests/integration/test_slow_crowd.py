"""A thousand slow readers and a thousand slow writers: their cost, and whom they keep waiting."""

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from bench.session import Session
from bench.signing import Endpoint, Signer
from bench.slow import Crowd, measure_slow
from tests.integration.store_process import ADMIN, StoreProcess
from trioxygen.common.units import KIB, MIB

# Of this process: each client is a socket.
DESCRIPTORS = 4_096


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert before[1] >= DESCRIPTORS, "raise the hard limit of open files (ulimit -Hn)"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], DESCRIPTORS), before[1]))
    made = StoreProcess(tmp_path).start()
    try:
        yield made
        made.stop()
    finally:
        made.discard()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.slow
def test_two_thousand_slow_clients_take_under_400_mib_and_an_ordinary_one_is_served(
    store: StoreProcess,
) -> None:
    # Objects, parts and aws-chunked bodies; each begins with a megabyte at full speed.
    crowd = Crowd(
        readers=1_000,
        writers=1_000,
        idle=200,
        kind="mixed",
        burst_bytes=MIB,
        trickle_bytes=KIB,
        seconds=5,
    )
    endpoint = Endpoint.parse(store.url)
    signer = Signer(
        endpoint=endpoint,
        access_key=ADMIN.access,
        secret_key=ADMIN.secret,
        region="us-east-1",
    )
    session = Session(endpoint=endpoint, signer=signer, bucket="crowd", signs_payload=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(measure_slow(session, signer, crowd, server_pid=store.pid, seed=1))
    assert seen.peak_bytes < 400 * MIB
    assert (seen.begun, seen.ended_early) == (2_200, 0)
    # All of the same account. It takes its turns: it does not wait until the others are done.
    assert seen.probes_failed == []
    assert max(seen.probes_ms) < max(15_000, seen.begun_ms / 2)
