"""Which container and which block ids a writer gets.

Block ids come from reserved runs, so an allocation is no Raft entry. What was allocated since the
last reports counts as used until reports say better: containers fill to about their size."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import (
    InvalidRequest,
    SafeMode,
)
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.state import get_integer
from trioxygen.metadata.scm.pipelines.pipelines import writing
from trioxygen.metadata.scm.pipelines.writable import WritablePipelines
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    LOCAL_SEQUENCE,
    OM_LAST_ID,
    given_ids,
    id_key,
)
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AllocateBlocksReply,
    AllocateBlocksRequest,
    ContainerRow,
    NoteOmIds,
    OpenContainer,
    ReserveIds,
    ReserveIdsReply,
    ScmReply,
    SkipIds,
)
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)

_LOCAL_IDS_RESERVED: Final = 1_000_000
# More than an OM gives between two allocations.
_OM_IDS_AHEAD: Final = 1_000_000
BLOCKS_AT_ONCE_MAX: Final = 10_000
# Ids beyond it are of nobody who was given them; to hand out what comes after them would leave no
# ids. Behind it are enough for ever.
FOLLOWED_ID_MAX: Final = NUMBER_MAX - 2**56


def highest_followed(ids: Iterable[int]) -> int:
    return max((id_ for id_ in ids if id_ <= FOLLOWED_ID_MAX), default=0)


def open_containers(txn: ReadTxn) -> Iterator[ContainerRow]:
    """Pipelines name theirs; where one is from before they did, all containers are looked at."""
    pipelines = list(writing(txn))
    if all(pipeline.state for pipeline in pipelines):
        keys = (id_key(id_) for pipeline in pipelines for id_ in pipeline.open_container_ids)
        rows = (CONTAINERS.get(txn, key) for key in keys)
    else:
        rows = (row for _, row in CONTAINERS.scan(txn, prefix=b"") if row.pipeline_id)
    for row in rows:
        if row is not None and row.state == scm_pb2.OPEN:
            yield row


@dataclass(slots=True)
class _OpenContainer:
    container_id: int
    pipeline_id: int
    namespace_id: int
    reported_bytes: int
    # Promised before and since the last report; promises older than two reports are in
    # `reported_bytes`.
    promised_before_bytes: int = 0
    promised_bytes: int = 0
    # Whose reports are one round: each replica's node tells of itself.
    reporters: set[str] = field(default_factory=set)

    def expected_bytes(self) -> int:
        return self.reported_bytes + self.promised_before_bytes + self.promised_bytes


class Allocator:
    """Args:
    container_bytes_max: when a container is expected to hold this much, no more blocks are placed
    in it.
    open_containers_max: for each pipeline, of the OM's blocks.
    namespace_containers_max: of each namespace, in all pipelines together.
    replication: of blocks whose writer does not say it."""

    def __init__(
        self,
        executor: Executor,
        pipelines: WritablePipelines,
        *,
        replication: Replication,
        container_bytes_max: int,
        open_containers_max: int,
        namespace_containers_max: int,
    ) -> None:
        self._executor, self._pipelines = executor, pipelines
        self._replication = replication
        self._container_bytes_max = container_bytes_max
        self._open_containers_max = open_containers_max
        self._namespace_containers_max = namespace_containers_max
        self._open: dict[int, _OpenContainer] = {}
        self._next_local = self._end_local = 0
        self._turn = -1
        self._busy = asyncio.Lock()

    def load(self) -> None:
        """Takes over the open containers that the state holds, and nothing else."""
        self._open.clear()
        self._next_local = self._end_local = 0
        with self._executor.store.read() as txn:
            for row in open_containers(txn):
                self._open[row.container_id] = _OpenContainer(
                    row.container_id, row.pipeline_id, row.namespace_id, row.used_bytes
                )

    def reported(self, container: ContainerRow, node_id: str) -> None:
        """A report of one replica. With a round of them, promises of before the previous round have
        become used bytes, or will not."""
        known = self._open.get(container.container_id)
        if known is None:
            return
        if container.state != scm_pb2.OPEN:
            del self._open[container.container_id]
            return
        known.reported_bytes = container.used_bytes
        if not known.reporters or node_id in known.reporters:
            known.promised_before_bytes, known.promised_bytes = known.promised_bytes, 0
            known.reporters.clear()
        known.reporters.add(node_id)

    def is_full(self) -> bool:
        """Whether there are pipelines, and none takes data or will when it is ready."""
        return self._pipelines.is_full()

    def taking_new_data(self) -> set[str]:
        """The nodes of pipelines that blocks are given of."""
        return self._pipelines.taking_new_data()

    async def allocate(
        self, request: AllocateBlocksRequest, *, safe_mode: bool, namespace_id: int = 0
    ) -> AllocateBlocksReply:
        """Args: namespace_id: whose blocks they will be; 0: the OM's."""
        if not 0 < request.count <= BLOCKS_AT_ONCE_MAX:
            raise InvalidRequest(
                "count is out of range", count=request.count, most=BLOCKS_AT_ONCE_MAX
            )
        if safe_mode:
            raise SafeMode("DataNodes have not reported yet")
        await self.skip(
            container_id=highest_followed([request.given_container_id]),
            local=highest_followed([request.given_local]),
        )
        om_last_id = await self._note_om_ids(request.om_last_id)
        wanted_bytes = request.count * request.block_bytes_max
        async with self._busy:
            pipelines = self._pipelines.choose(
                self._replication_of(request),
                excluded=set(request.excluded_node_ids),
                promised_bytes=self._promised_bytes(),
                wanted_bytes=wanted_bytes,
            )
            container = await self._choose(set(pipelines), wanted_bytes, namespace_id)
            first_local = await self._take_locals(request.count)
        container.promised_bytes += wanted_bytes
        return AllocateBlocksReply(
            blocks=BlockRange(
                container=container.container_id, first_local=first_local, count=request.count
            ),
            pipeline=self._pipelines.addressed(pipelines[container.pipeline_id]),
            om_last_id=om_last_id,
            other_pipelines=len(pipelines) - 1,
        )

    def _replication_of(self, request: AllocateBlocksRequest) -> Replication:
        """Raises: InvalidRequest: one that is not offered."""
        if request.replication.type == types_pb2.REPLICATION_TYPE_UNSPECIFIED:
            return self._replication
        return Replication.of_proto(request.replication)

    def _promised_bytes(self) -> dict[int, int]:
        """Since the last reports, by pipeline."""
        promised: dict[int, int] = {}
        for container in self._open.values():
            since = container.promised_before_bytes + container.promised_bytes
            promised[container.pipeline_id] = promised.get(container.pipeline_id, 0) + since
        return promised

    async def _note_om_ids(self, last_id: int) -> int:
        """How far OMs have gone, before this one told. Noted far ahead: few allocations are entries
        of the log."""
        with self._executor.store.read() as txn:
            noted = get_integer(txn, OM_LAST_ID)
        if last_id <= FOLLOWED_ID_MAX and last_id + _OM_IDS_AHEAD // 2 > noted:
            await self._executor.execute(NoteOmIds(last_id=last_id + _OM_IDS_AHEAD))
        return noted

    async def _choose(
        self, pipeline_ids: set[int], wanted_bytes: int, namespace_id: int
    ) -> _OpenContainer:
        """Pipelines take turns, so that all nodes take part. Owners have containers of their own:
        what becomes of one's blocks does not touch another's."""
        order = sorted(pipeline_ids)
        self._turn = turn = (self._turn + 1) % len(order)
        usable: list[_OpenContainer] = []
        most = self._may_be_open(namespace_id)
        for pipeline_id in (*order[turn:], *order[:turn]):
            own = self._open_in(pipeline_id, namespace_id)
            # The fullest that has room: few containers are half full.
            fitting = [
                container
                for container in own
                if container.expected_bytes() + wanted_bytes <= self._container_bytes_max
            ]
            if fitting:
                return max(fitting, key=lambda container: container.expected_bytes())
            if len(own) < most:
                return await self._open_container(pipeline_id, namespace_id)
            usable += own
        if not usable:
            # A namespace has all that it may have in other pipelines.
            return await self._open_container(order[turn], namespace_id)
        # All are promised to the brim; promises are upper bounds, so the emptiest takes more.
        return min(usable, key=lambda container: container.expected_bytes())

    def _may_be_open(self, namespace_id: int) -> int:
        """Containers of an owner in one pipeline."""
        if not namespace_id:
            return self._open_containers_max
        own = sum(each.namespace_id == namespace_id for each in self._open.values())
        return 1 if own < self._namespace_containers_max else 0

    def _open_in(self, pipeline_id: int, namespace_id: int) -> list[_OpenContainer]:
        """Those that the state says are open: an operator closes some that replicas still report as
        open."""
        own = [
            each
            for each in self._open.values()
            if each.pipeline_id == pipeline_id and each.namespace_id == namespace_id
        ]
        with self._executor.store.read() as txn:
            rows = [CONTAINERS.get(txn, id_key(each.container_id)) for each in own]
        for container, row in zip(own, rows, strict=True):
            if row is None or row.state != scm_pb2.OPEN:
                del self._open[container.container_id]
        return [each for each in own if each.container_id in self._open]

    async def _open_container(self, pipeline_id: int, namespace_id: int) -> _OpenContainer:
        reply = await self._executor.execute(
            OpenContainer(pipeline_id=pipeline_id, namespace_id=namespace_id)
        )
        assert isinstance(reply, ScmReply)
        opened = _OpenContainer(reply.container_id, pipeline_id, namespace_id, 0)
        self._open[opened.container_id] = opened
        return opened

    async def skip(self, *, container_id: int, local: int) -> None:
        """A DataNode has had these: whoever gave them away may not be in this state, which was put
        back to an earlier one. What comes now comes after them."""
        # Not while a run is being reserved, which these ids may be in.
        async with self._busy:
            await self._skip(container_id, local)

    async def _skip(self, container_id: int, local: int) -> None:
        with self._executor.store.read() as txn:
            given_container, given_local = given_ids(txn)
        if container_id <= given_container and local <= given_local:
            # Not beyond what is reserved: what is handed out of it goes on after them.
            if local >= self._next_local:
                self._next_local = min(local + 1, self._end_local)
            return
        await self._executor.execute(SkipIds(container_id=container_id, local=local))
        self._next_local = self._end_local = 0

    async def skip_unseen(self) -> None:
        """What DataNodes have had that are silent is not known. Were this state an earlier one, it
        might be given again: so ids go on far behind."""
        async with self._busy:
            await self._executor.execute(SkipIds(always=True))
            self._next_local = self._end_local = 0

    async def _take_locals(self, count: int) -> int:
        if self._next_local + count > self._end_local:
            reply = await self._executor.execute(
                ReserveIds(sequence=LOCAL_SEQUENCE.decode(), count=_LOCAL_IDS_RESERVED)
            )
            assert isinstance(reply, ReserveIdsReply)
            self._next_local, self._end_local = reply.first, reply.first + _LOCAL_IDS_RESERVED
        first = self._next_local
        self._next_local += count
        return first
