"""What the SCM tells operators of containers, their repair, and deletions."""

from collections.abc import Iterable
from itertools import islice

from trioxygen.common.clock import Clock
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.containers.outstanding import OutstandingDeletions
from trioxygen.metadata.scm.pipelines.pipelines import at_home
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.departures import Departures, Progress
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind, Operation
from trioxygen.metadata.scm.replication.repairs import Repairs
from trioxygen.metadata.scm.replication.watch import ContainerWatch
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    DELETED_BLOCKS,
    DELETED_NAMESPACES,
    GARBAGE,
    id_key,
)
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import KeptBlocks


def described_operation(operation: Operation, now_ms: float) -> scm.RepairInFlight:
    return scm.RepairInFlight(
        kind=operation.kind.value,
        container_id=operation.container_id,
        node_id=operation.node_id,
        target_node_ids=operation.targets,
        age_ms=int(now_ms - operation.begun_ms),
        left_ms=max(0, int(operation.deadline_ms - now_ms)),
        size_bytes=operation.size_bytes,
    )


def described_departure(
    node_id: str, progress: Progress, *, ahead_bytes: int, bytes_per_s: float
) -> scm.DepartureProgress:
    """Args: ahead_bytes: what is to be copied from all nodes that leave."""
    estimated_ms = int(ahead_bytes / bytes_per_s * 1_000) if bytes_per_s else 0
    return scm.DepartureProgress(
        node_id=node_id,
        operation=progress.operation,
        containers=progress.containers,
        containers_left=progress.left,
        bytes_left=progress.bytes_left,
        pipelines_left=progress.pipelines_left,
        waiting=[
            scm.WaitingContainer(container_id=container_id, reason=reason.value)
            for container_id, reason in progress.waiting
        ],
        estimated_ms=estimated_ms if progress.bytes_left and not progress.is_endless else 0,
        unplaced=progress.unplaced,
        counted=progress.is_counted,
        waits_for=progress.waits_for,
    )


class Descriptions:
    """Of the leader's."""

    def __init__(
        self,
        executor: Executor,
        replicas: Replicas,
        watch: ContainerWatch,
        repairs: Repairs,
        in_flight: InFlight,
        departures: Departures,
        deletions: Deletions,
        outstanding: OutstandingDeletions,
        clock: Clock,
    ) -> None:
        self._executor, self._replicas, self._watch = executor, replicas, watch
        self._repairs, self._in_flight, self._departures = repairs, in_flight, departures
        self._deletions, self._outstanding, self._clock = deletions, outstanding, clock

    def replication(self, samples_max: int) -> scm.DescribeReplicationReply:
        now_ms = self._clock.monotonic_ms()
        kinds = [operation.kind for operation in self._in_flight]
        made = self._repairs.made
        reply = scm.DescribeReplicationReply(
            waiting=self._repairs.is_waiting(),
            queued=self._repairs.queued(),
            unplaced=self._watch.unplaced_count,
            copies=kinds.count(Kind.COPY),
            rebuilds=kinds.count(Kind.REBUILD),
            removals=kinds.count(Kind.REMOVAL),
            weight=self._in_flight.weight,
            weight_max=self._repairs.weight_max(),
            made=made.count,
            made_bytes=made.amount,
            made_bytes_per_s=int(made.per_s(now_ms)),
            looked_at_all_ms=self._repairs.looked_at_all_ms,
            in_flight=self._described(islice(self._in_flight, samples_max)),
        )
        for health, count in sorted(self._watch.counts().items(), key=_place):
            sample_ids = self._watch.samples(health, samples_max)
            reply.health.add(health=health.value, count=count, sample_ids=sample_ids)
        departures = self._departures.progress
        ahead_bytes = sum(progress.bytes_left for progress in departures.values())
        for node_id, progress in sorted(departures.items()):
            reply.departures.append(
                described_departure(
                    node_id, progress, ahead_bytes=ahead_bytes, bytes_per_s=made.per_s(now_ms)
                )
            )
        return reply

    def deletion(self) -> scm.DescribeDeletionReply:
        outstanding, oldest = self._outstanding, self._outstanding.oldest()
        now_ms = self._clock.monotonic_ms()
        reply = scm.DescribeDeletionReply(
            transactions=len(outstanding),
            blocks=outstanding.blocks,
            estimated_bytes=outstanding.size_bytes,
            blocks_per_s=round(self._deletions.deleted_blocks.per_s(now_ms)),
            bytes_per_s=round(self._deletions.deleted_bytes.per_s(now_ms)),
            garbage_bytes=self._replicas.garbage_bytes(),
            counted=outstanding.is_counted,
            kept=self._kept(),
        )
        if oldest is not None:
            transaction_id, values = oldest
            with self._executor.store.read() as txn:
                row = DELETED_BLOCKS.get(txn, id_key(transaction_id))
            reply.oldest_waits_for.extend(row.waiting_node_ids if row is not None else ())
            if values.taken_ms:
                reply.oldest_ms = max(0, self._executor.group_ms() - values.taken_ms)
        return reply

    def _kept(self) -> KeptBlocks:
        """Of namespaces, with those that are being deleted."""
        kept = GARBAGE.kept(self._executor.store, self._executor.group_ms())
        with self._executor.store.read() as txn:
            for _, row in DELETED_NAMESPACES.scan(txn, prefix=b""):
                kept.ranges += 1
                kept.size_bytes += row.bytes
        return kept

    def container(self, container_id: int) -> scm.DescribeContainerReply | None:
        """None: it is not known."""
        with self._executor.store.read() as txn:
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is None:
                return None
            view = self._watch.view(txn)
            finding = self._watch.examined(txn, row, view)[1]
            reports = at_home(txn, row, self._replicas.of_container(container_id))
        reply = scm.DescribeContainerReply(
            container=row,
            health=finding.health.value,
            in_flight=self._described(self._in_flight.of_container(container_id)),
        )
        for node_id, report in reports.items():
            node = view.node(node_id)
            reply.replicas.add(
                node_id=node_id,
                report=report,
                health=node.health,
                operation=node.operation,
                rack=node.rack,
            )
        return reply

    def is_waiting(self) -> bool:
        """It is not known yet what there is."""
        return self._repairs.is_waiting()

    def container_is_gone(self, container_id: int) -> None:
        """Nothing is said of it any more."""
        self._watch.noticed_now([container_id])

    def _described(self, operations: Iterable[Operation]) -> list[scm.RepairInFlight]:
        now_ms = self._clock.monotonic_ms()
        return [described_operation(operation, now_ms) for operation in operations]


def _place(counted: tuple[Health, int]) -> int:
    return [*Health].index(counted[0])
