"""Two processes that say they are one DataNode: copies of one folder."""

import pytest

from tests.unit.metadata.scm.scm_harness import CLUSTER, ScmHarness, scm_test
from trioxygen.common.errors import InvalidRequest, Unavailable
from trioxygen.proto.v1 import scm_pb2 as scm


async def heartbeat(harness: ScmHarness, instance: int) -> scm.HeartbeatReply:
    request = scm.HeartbeatRequest(node_id="dn1", instance=instance)
    return await harness.client.heartbeat(request)


async def try_register(harness: ScmHarness, address: str, instance: int) -> None:
    """Without the client, which would try again."""
    request = scm.RegisterDataNodeRequest(
        node_id="dn1", address=address, cluster_id=CLUSTER, instance=instance
    )
    await harness.network.channel("scm1").call(
        "StorageContainerManager/RegisterDataNode",
        request,
        scm.RegisterDataNodeReply,
        timeout_ms=1_000,
    )


@scm_test(heartbeat_interval_ms=3_000)
async def test_second_process_of_a_node_is_refused_while_the_first_is_heard(
    harness: ScmHarness,
) -> None:
    await harness.register("dn1", address="first:1", instance=1)
    harness.clock.advance(7_000)
    with pytest.raises(Unavailable) as refused:
        await try_register(harness, "second:1", 2)
    assert refused.value.facts["in_service"] == "first:1"
    assert not (await heartbeat(harness, 1)).register_again
    # The first has ended.
    harness.clock.advance(7_500)
    await try_register(harness, "second:1", 2)
    # It was only slow; it learns that it is not the node any more.
    assert (await heartbeat(harness, 1)).register_again
    with pytest.raises(Unavailable):
        await try_register(harness, "first:1", 1)
    assert not (await heartbeat(harness, 2)).register_again


@scm_test()
async def test_process_that_starts_anew_at_its_address_is_taken_in_at_once(
    harness: ScmHarness,
) -> None:
    await harness.register("dn1", address="first:1", instance=1)
    await harness.register("dn1", address="first:1", instance=2)
    # One of before there were instances.
    await harness.register("dn1", address="elsewhere:1")


@scm_test()
async def test_node_whose_cluster_has_another_id_now_is_refused(harness: ScmHarness) -> None:
    await harness.register("dn1", instance=1)
    with pytest.raises(InvalidRequest, match="another cluster"):
        await harness.register("dn1", cluster_id="cluster-1-copy", instance=1)
    # What is known of the node stays as it was.
    assert not (await heartbeat(harness, 1)).register_again
