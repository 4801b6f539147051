"""Versions that lifecycle rules move to another storage class: taken of the OM, written again one
after the other, and committed. Whatever fails is taken again, by this gateway or another one."""

from collections.abc import Callable
from typing import Final

from prometheus_client import Counter

from trioxygen.common import logs
from trioxygen.common.errors import ConditionConflict, NoSuchBucket, TrioxygenError
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.store.ozone.commits import Commits, slices_of
from trioxygen.gateway.store.ozone.rewriting import Rewriting
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.gateway.store.values.keys import STANDARD
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    CommitTransitionRequest,
    KeyRow,
    LookupKeyRequest,
    RewrittenRow,
    TakeTransitionsRequest,
    Transition,
)
from trioxygen.proto.v1.types_pb2 import BlockId

log = logs.get(__name__)

_TAKEN_MAX: Final = 16
_INTERVAL_MS_MAX: Final = 10 * SECOND_MS
_INTERVAL_MS_MIN: Final = 200
_INTERVALS_PER_DAY: Final = 10

# How an object of a storage class is kept in a bucket that says so, or says nothing.
ReplicationOf = Callable[[str, Replication | None], Replication]


class Transitions:
    """A Worker. Args: day_ms: the length of a day of a rule."""

    name = "gateway-transitions"

    def __init__(
        self,
        om: OmClient,
        rewriting: Rewriting,
        commits: Commits,
        runtime: Runtime,
        replication_of: ReplicationOf,
        day_ms: int,
    ) -> None:
        self._om, self._rewriting, self._commits = om, rewriting, commits
        self._clock, self._replication_of = runtime.clock, replication_of
        self._outcomes = Counter(
            "trioxygen_gateway_transitions",
            "Versions that were to be moved to another storage class",
            ["outcome"],
            registry=runtime.registry,
        )
        self.interval_ms = float(
            min(_INTERVAL_MS_MAX, max(_INTERVAL_MS_MIN, day_ms // _INTERVALS_PER_DAY))
        )
        self._after = b""

    async def work(self) -> bool:
        """What is taken at once. Raises: what the OM raises when it is asked for more."""
        request = TakeTransitionsRequest(count_max=_TAKEN_MAX, after=self._after)
        asked_ms = self._clock.monotonic_ms()
        taken = await self._om.take_transitions(request)
        for transition in taken.transitions:
            begun_ms = self._clock.monotonic_ms()
            if begun_ms - asked_ms >= taken.lease_ms:
                # Somebody else's by now.
                break
            self._after = transition.place
            try:
                await self._move(transition)
                self._outcomes.labels("moved").inc()
            except (ConditionConflict, NoSuchBucket):
                self._outcomes.labels("overtaken").inc()
                log.debug("transition_overtaken", bucket=transition.bucket)
            except TrioxygenError as error:
                self._outcomes.labels("failed").inc()
                log.warning(
                    "transition_failed",
                    bucket=transition.bucket,
                    object_id=transition.object_id,
                    storage_class=transition.storage_class or STANDARD,
                    error=error,
                )
            # Clients have the machine for themselves for as long.
            took_ms = self._clock.monotonic_ms() - begun_ms
            await self._clock.sleep_ms(min(took_ms, _INTERVAL_MS_MAX))
        return bool(taken.transitions)

    async def _move(self, transition: Transition) -> None:
        """Raises: ConditionConflict: the version has become another, or went."""
        reply = await self._om.lookup_key(
            LookupKeyRequest(
                volume=transition.volume,
                bucket=transition.bucket,
                key=transition.key,
                version=transition.version,
            )
        )
        row = reply.row
        if reply.bucket.bucket_id != transition.bucket_id or row.object_id != transition.object_id:
            raise ConditionConflict("the version is not there any more")
        replication = self._replication(transition.storage_class, reply.bucket)
        written = await self._written(row, replication)
        request = CommitTransitionRequest(
            volume=transition.volume,
            bucket=transition.bucket,
            bucket_id=transition.bucket_id,
            key=transition.key,
            object_id=transition.object_id,
            first_block=_first_block(row),
            row=RewrittenRow(
                storage_class=transition.storage_class,
                blocks=slices_of(written),
                replication=None if written is None else replication.proto,
            ),
        )
        await self._commits.commit(self._om.commit_transition, request, written, replication)

    def _replication(self, storage_class: str, bucket: BucketRow) -> Replication:
        of_bucket = None
        if bucket.HasField("replication"):
            of_bucket = Replication.of_proto(bucket.replication)
        return self._replication_of(storage_class or STANDARD, of_bucket)

    async def _written(self, row: KeyRow, replication: Replication) -> ObjectWritten | None:
        """None: it is kept in that way already."""
        kept = Replication.of_proto(row.replication) if row.HasField("replication") else RATIS_ONE
        if not row.blocks or kept == replication:
            return None
        size_bytes = sum(piece.length_bytes for piece in row.blocks)
        return await self._rewriting.write_again(BlockContent(row.blocks), size_bytes, replication)


def _first_block(row: KeyRow) -> BlockId | None:
    if not row.blocks:
        return None
    return BlockId(container=row.blocks[0].container, local=row.blocks[0].local)
