"""Which of several pipelines a writer is given."""

import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.metadata.scm.pipelines.pipelines import get_pipeline
from trioxygen.metadata.scm.pipelines.writable import WritablePipeline, best_of, quorum_of
from trioxygen.metadata.scm.schema import NODES, PIPELINES, id_key
from trioxygen.proto.v1 import scm_pb2 as scm


def seen(number: int, **changed: int) -> WritablePipeline:
    values = {"is_ready": 1, "has_room": 1, "room_bytes": 100, "missed": 0, "is_enough": 1}
    values |= changed
    return WritablePipeline(
        pipeline_id=number,
        is_ready=bool(values["is_ready"]),
        has_room=bool(values["has_room"]),
        room_bytes=values["room_bytes"],
        missed=values["missed"],
        is_enough=bool(values["is_enough"]),
    )


@pytest.mark.parametrize(
    ("pipelines", "expected"),
    [
        ([], []),
        ([seen(1), seen(2)], [1, 2]),
        ([seen(1, is_ready=0), seen(2, has_room=0), seen(3)], [3]),
        ([seen(1, has_room=0)], []),
        # All members before room.
        ([seen(1, missed=1), seen(2, room_bytes=5)], [2]),
        ([seen(1, missed=1), seen(2, missed=2), seen(3, missed=1)], [1, 3]),
        # Too few are left without those that the writer has excluded: better that than nothing.
        ([seen(1, missed=2, is_enough=0), seen(2, missed=2)], [2]),
        ([seen(1, missed=2, is_enough=0)], [1]),
        ([seen(1, room_bytes=9), seen(2, room_bytes=11)], [2]),
        ([seen(1, room_bytes=9), seen(2, room_bytes=10)], [1, 2]),
    ],
)
def test_best_pipelines_are_chosen(pipelines: list[WritablePipeline], expected: list[int]) -> None:
    assert [pipeline.pipeline_id for pipeline in best_of(pipelines, 10)] == expected


@pytest.mark.parametrize(
    ("replication", "members", "missing_max", "expected"),
    [
        ("RATIS/ONE", 1, 0, 1),
        ("RATIS/THREE", 3, 0, 2),
        ("RATIS/THREE", 2, 2, 2),
        ("RATIS/THREE", 1, 2, 1),
        ("EC/3-2", 5, 0, 5),
        ("EC/3-2", 5, 1, 4),
        ("EC/3-2", 4, 1, 4),
        ("EC/3-2", 5, 9, 3),
    ],
)
def test_so_many_members_have_to_answer(
    replication: str, members: int, missing_max: int, expected: int
) -> None:
    row = scm.PipelineRow(
        node_ids=[f"dn{number}" for number in range(members)],
        replication=Replication.parse(replication).proto,
    )
    assert quorum_of(row, missing_max) == expected


@scm_test()
async def test_very_many_pipelines_take_turns_without_all_being_looked_at(
    harness: ScmHarness,
) -> None:
    """200 rings of one."""
    txn = harness.store.begin()
    for number in range(1, 201):
        name = f"dn{number}"
        NODES.put(txn, name.encode(), scm.NodeRow(node_id=name, address=f"{name}:1"))
        row = scm.PipelineRow(pipeline_id=number, node_ids=[name], open=True)
        PIPELINES.put(txn, id_key(number), row)
        harness.rings[name] = {number}
    txn.commit()
    await harness.restart()
    await harness.join(*(f"dn{number}" for number in range(1, 201)))
    chosen = [(await harness.allocate()).pipeline.pipeline_id for _ in range(100)]
    assert len(set(chosen)) > 50
    # All that were to be looked at are away: the others are found.
    for number in range(2, 201):
        excluded = tuple(f"dn{each}" for each in range(1, 201) if each != number)
        if number % 50 == 0:
            reply = await harness.allocate(excluded=excluded)
            assert reply.pipeline.pipeline_id == number


@scm_test(replication=RATIS_THREE, pipelines_per_node_max=1)
async def test_room_is_that_of_the_disk_that_a_ring_is_on(harness: ScmHarness) -> None:
    def disks(first: int, second: int) -> tuple[scm.VolumeReport, ...]:
        return tuple(
            scm.VolumeReport(volume_id=name, capacity_bytes=1_000, free_bytes=free)
            for name, free in (("a", first), ("b", second))
        )

    for node_id in ("dn1", "dn2", "dn3"):
        await harness.register(node_id)
        await harness.heartbeat(node_id, full=True, volumes=disks(500, 400))
    for node_id in ("dn1", "dn2", "dn3"):
        await harness.heartbeat(node_id, volumes=disks(500, 400))
    for _ in range(4):
        await harness.heartbeat("dn1", volumes=disks(0, 400))
        reply = await harness.allocate()
        with harness.store.read() as txn:
            row = get_pipeline(txn, reply.pipeline.pipeline_id)
        assert row is not None
        place = list(row.node_ids).index("dn1")
        assert row.volume_ids[place] == "b"
