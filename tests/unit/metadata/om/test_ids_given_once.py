"""An OM whose state was put back to an earlier one without a word gives no id again."""

from tests.unit.metadata.om.om_harness import CONTAINER, OmHarness, om_test


@om_test()
async def test_om_says_what_it_has_been_given(harness: OmHarness) -> None:
    await harness.lease(5)
    await harness.lease(7)
    await harness.restart()
    await harness.lease(1)
    first, second, third = harness.scm.requests
    assert (first.given_container_id, first.given_local) == (0, 0)
    assert (second.given_container_id, second.given_local) == (CONTAINER, 5)
    assert (third.given_container_id, third.given_local) == (CONTAINER, 12)
    assert first.om_last_id < second.om_last_id < third.om_last_id


@om_test()
async def test_ids_go_on_behind_those_of_the_state_that_was_there_before(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    assert (await harness.lease(1)).lease_id < 100
    # Told by its former self, of after the copy that was put back.
    harness.scm.om_last_id = 4_000
    await harness.restart()
    lease = await harness.lease(1)
    assert lease.lease_id > 4_000
    assert (await harness.put(bucket, b"key")).object_id > 4_000
    # Once: what it gives itself is noted far ahead, and not skipped for that.
    harness.scm.om_last_id = 9_000_000
    assert (await harness.lease(1)).lease_id < 5_000


@om_test()
async def test_highest_ids_count_whatever_order_they_come_in(harness: OmHarness) -> None:
    harness.scm.next_local = 1_000
    await harness.lease(1)
    harness.scm.next_local = 1
    await harness.lease(1)
    await harness.lease(1)
    assert harness.scm.requests[-1].given_local == 1_000
