"""A DataNode tells the SCM which copies and rebuilds came to nothing."""

import asyncio
import os
from pathlib import Path

from tests.unit.hdds.recording_scm import RecordingScm
from tests.unit.hdds.support import node, until
from trioxygen.common.errors import NoSpace, StoreDamaged, Unreachable
from trioxygen.hdds.copying.failures import Failures
from trioxygen.proto.v1.scm_pb2 import HeartbeatReply


def test_what_failed_is_told_until_the_scm_that_leads_has_heard_of_it(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await scm.after(2)
            failures = n.datanode.copies.failures
            # One is lost on its way, one comes to an SCM that follows, one to a leader that has yet
            # to be registered with: it has taken nothing.
            unknown = HeartbeatReply(leader=True, register_again=True)
            scm.answers += [Unreachable(), HeartbeatReply(), HeartbeatReply(), unknown]
            failures.note(5, "dn2", NoSpace("no room for the replica"))
            told = len(scm.heartbeats)
            await until(lambda: failures.untold() == [])
            count = sum(len(request.failed_repairs) for request in scm.heartbeats[told:])
            assert count >= 5
            [failure] = scm.heartbeats[-1].failed_repairs or scm.heartbeats[-2].failed_repairs
            assert (failure.container_id, failure.target_node_id) == (5, "dn2")
            assert failure.reason == "no room for the replica"
            await scm.after(2)
            assert not scm.heartbeats[-1].failed_repairs

    asyncio.run(run())


def test_failures_are_those_of_the_last_tries_and_bounded() -> None:
    failures, error = Failures(), NoSpace("full")
    failures.note(1, "dn1", error)
    told = failures.untold()
    # It failed once more while that was told.
    failures.note(1, "dn1", error)
    failures.forget(told)
    assert len(failures.untold()) == 1
    failures.begun_again(1, "dn1")
    assert failures.untold() == []
    for number in range(1, 2_000):
        failures.note(number, "", error)
    assert [each.container_id for each in failures.untold()] == [*range(1_000, 2_000)]


def test_failure_that_names_a_folder_of_any_bytes_is_told() -> None:
    failures = Failures()
    failures.note(1, "dn1", StoreDamaged("nothing is there", path=os.fsdecode(b"/disk\xff")))
    [failure] = failures.untold()
    assert failure.reason == r"nothing is there (path=/disk\udcff)"
