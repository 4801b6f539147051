"""What is kept of pipelines in memory is what the state has, whichever way it came to be."""

from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.scm.pipelines.known import KnownPipelines
from trioxygen.metadata.scm.pipelines.pipelines import (
    changed_since,
    changes_of,
    forget_pipeline,
    get_pipeline,
    note_pipeline,
)
from trioxygen.metadata.scm.schema import ALL_TABLES, PIPELINES_CHANGED
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2 as scm

NODES = ("dn1", "dn2", "dn3", "dn4")
# A pipeline, and the state that it is put in; None: it is forgotten.
Change = tuple[int, "scm.PipelineState | None"]
CHANGES = st.tuples(
    st.integers(1, 6),
    st.sampled_from(
        [
            scm.PIPELINE_ALLOCATED,
            scm.PIPELINE_OPEN,
            scm.PIPELINE_CLOSING,
            scm.PIPELINE_CLOSED,
            None,
        ]
    ),
)


def make(store: MemoryStore, changes: list[Change]) -> None:
    txn = CapturingTxn(store.begin())
    for pipeline_id, state in changes:
        row = get_pipeline(txn, pipeline_id) or scm.PipelineRow(
            pipeline_id=pipeline_id,
            node_ids=[*NODES[pipeline_id % 2 :], *NODES[: pipeline_id % 2]][:3],
            replication=RATIS_THREE.proto,
        )
        if state is None:
            forget_pipeline(txn, row)
        else:
            row.state = state
            note_pipeline(txn, row)
    txn.commit()


def all_of(known: KnownPipelines, txn: ReadTxn) -> object:
    def ordered(rows: list[scm.PipelineRow]) -> list[tuple[int, scm.PipelineState]]:
        return sorted((row.pipeline_id, row.state) for row in rows)

    return (
        ordered([*known.standing(txn).values()]),
        ordered(known.unused(txn)),
        ordered(known.all_open(txn)),
        ordered(known.open_of(txn, RATIS_THREE)),
        {node_id: ordered(known.of_node(txn, node_id)) for node_id in NODES},
    )


@settings(deadline=None)
@given(steps=st.lists(st.lists(CHANGES, max_size=45), max_size=6))
def test_one_that_follows_changes_knows_what_one_that_reads_all_knows(
    steps: list[list[Change]],
) -> None:
    store, followed = MemoryStore(ALL_TABLES), KnownPipelines()
    for changes in steps:
        make(store, changes)
        with store.read() as txn:
            assert all_of(followed, txn) == all_of(KnownPipelines(), txn)


def test_the_last_changes_are_known_by_their_pipelines_and_no_earlier_ones() -> None:
    store = MemoryStore(ALL_TABLES)
    make(store, [(number, scm.PIPELINE_OPEN) for number in range(1, 101)])
    with store.read() as txn:
        assert changes_of(txn) == 100
        assert changed_since(txn, 100) == set()
        assert changed_since(txn, 97) == {98, 99, 100}
        assert changed_since(txn, 10) is None
        # Of another state than this one.
        assert changed_since(txn, 101) is None


def test_changes_of_before_they_were_named_are_not_known() -> None:
    store = MemoryStore(ALL_TABLES)
    make(store, [(1, scm.PIPELINE_OPEN), (2, scm.PIPELINE_OPEN)])
    txn = store.begin()

    txn.delete(META, PIPELINES_CHANGED)
    txn.commit()
    with store.read() as read:
        assert changed_since(read, 1) is None
    make(store, [(3, scm.PIPELINE_OPEN)])
    with store.read() as read:
        assert changed_since(read, 2) == {3} and changed_since(read, 1) is None
