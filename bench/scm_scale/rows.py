"""Containers that were written and closed long ago, as rows of an SCM: what a cluster of some age
has. DataNodes that report them come after."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.units import GIB, MIB
from trioxygen.metadata.replication.state import SEQUENCE, put_integer
from trioxygen.metadata.scm.nodes.racks import DEFAULT_RACK
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    LOCAL_SEQUENCE,
    NODES,
    PIPELINES,
    SEQUENCES,
    id_key,
)
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerReport, ContainerRow, NodeRow, PipelineRow

# Written through one pipeline before another took its place.
_CONTAINERS_A_PIPELINE: Final = 50
_ROWS_A_TRANSACTION: Final = 50_000
_CREATED_MS: Final = 1_700_000_000_000
_BLOCK_BYTES: Final = 64 * MIB


@dataclass(frozen=True, slots=True)
class OldContainer:
    container_id: int
    pipeline_id: int
    node_ids: tuple[str, ...]
    used_bytes: int
    block_count: int

    @property
    def commit_sequence(self) -> int:
        return 3 * self.block_count

    def report(self) -> ContainerReport:
        return ContainerReport(
            container_id=self.container_id,
            state=scm_pb2.CLOSED,
            used_bytes=self.used_bytes,
            block_count=self.block_count,
            highest_local=self.container_id * 1_000 + self.block_count,
            pipeline_id=self.pipeline_id,
            commit_sequence=self.commit_sequence,
            origin_node_id=self.node_ids[0],
        )

    def row(self) -> ContainerRow:
        return ContainerRow(
            container_id=self.container_id,
            state=scm_pb2.CLOSED,
            created_ms=_CREATED_MS,
            used_bytes=self.used_bytes,
            block_count=self.block_count,
            pipeline_id=self.pipeline_id,
            replication=RATIS_THREE.proto,
            commit_sequence=self.commit_sequence,
        )


def old_containers(
    node_ids: Sequence[str], replicas_each: int, rng: random.Random
) -> list[OldContainer]:
    """Of three replicas each, so many on a node on average."""
    count = len(node_ids) * replicas_each // RATIS_THREE.members
    containers: list[OldContainer] = []
    last_id, pipeline_id, members = 0, 0, tuple[str, ...]()
    for position in range(count):
        if position % _CONTAINERS_A_PIPELINE == 0:
            last_id = pipeline_id = last_id + 1
            members = tuple(rng.sample(node_ids, RATIS_THREE.members))
        last_id += 1
        used_bytes = rng.randrange(4 * GIB, 5 * GIB)
        containers.append(
            OldContainer(last_id, pipeline_id, members, used_bytes, used_bytes // _BLOCK_BYTES)
        )
    return containers


def address_of(node_id: str) -> str:
    return f"{node_id}:9859"


def put_containers(store: LmdbStore, containers: Sequence[OldContainer]) -> None:
    """With their nodes, which are waited for therefore, their pipelines, which are closed, and ids
    that go on behind theirs."""
    opened: dict[int, int] = {}
    members: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(containers), _ROWS_A_TRANSACTION):
        txn = store.begin()
        for container in containers[start : start + _ROWS_A_TRANSACTION]:
            CONTAINERS.put(txn, id_key(container.container_id), container.row())
            pipeline_id = container.pipeline_id
            opened[pipeline_id] = opened.get(pipeline_id, 0) + 1
            members[pipeline_id] = container.node_ids
        txn.commit()
    txn = store.begin()
    for node_id in {node_id for container in containers for node_id in container.node_ids}:
        node = NodeRow(node_id=node_id, address=address_of(node_id), rack=DEFAULT_RACK)
        NODES.put(txn, node_id.encode(), node)
    for pipeline_id, node_ids in members.items():
        row = PipelineRow(
            pipeline_id=pipeline_id,
            node_ids=node_ids,
            state=scm_pb2.PIPELINE_CLOSED,
            replication=RATIS_THREE.proto,
            containers_opened=opened[pipeline_id],
        )
        PIPELINES.put(txn, id_key(pipeline_id), row)
    last_id = containers[-1].container_id if containers else 0
    put_integer(txn, SEQUENCE, last_id)
    highest_local = max((each.report().highest_local for each in containers), default=0)
    txn.put(SEQUENCES, LOCAL_SEQUENCE, (highest_local + 1).to_bytes(8, "big"))
    txn.commit()
