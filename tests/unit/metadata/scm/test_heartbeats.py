"""What is taken in of heartbeats that come at once."""

import asyncio

from tests.unit.metadata.scm.held_replica import start_held, turns
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.proto.v1 import scm_pb2 as scm


@scm_test()
async def test_long_report_of_a_process_that_began_anew_while_it_waited_is_not_taken(
    harness: ScmHarness,
) -> None:
    replica = await start_held(harness)
    await harness.register("dn1")
    await harness.register("dn2", instance=1)
    replica.goes_on.clear()
    # Nobody knows them: they are adopted, in two pieces.
    taken = asyncio.ensure_future(
        harness.heartbeat("dn1", *(report(number) for number in range(1, 1_002)), full=True)
    )
    await replica.until_held()
    former = scm.HeartbeatRequest(
        node_id="dn2",
        instance=1,
        full_report=True,
        containers=[report(number) for number in range(2_001, 2_201)],
    )
    waiting = asyncio.ensure_future(harness.client.heartbeat(former))
    await turns()
    registering = asyncio.ensure_future(harness.register("dn2", instance=2))
    await turns()
    replica.goes_on.set()
    await asyncio.gather(taken, registering)
    assert (await waiting).register_again
    [_, node] = (await harness.describe()).nodes
    assert (node.node.node_id, node.containers, node.fully_reported) == ("dn2", 0, False)
