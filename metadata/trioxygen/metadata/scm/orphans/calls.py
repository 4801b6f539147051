"""What operators ask of orphans at the SCM that leads."""

from collections.abc import Callable
from itertools import islice
from typing import Final

from trioxygen.common.errors import NoSuchContainer
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.orphans.orphans import Orphans
from trioxygen.metadata.scm.orphans.standing import left_ms
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import ORPHANS
from trioxygen.proto.v1 import scm_pb2 as scm

# Rows that are looked at for one page.
_LOOKED_AT_MAX: Final = 1_000
_NODES_MAX: Final = 1_000


class OrphanCalls:
    """Args: lead: raises NotLeader."""

    def __init__(
        self, lead: Callable[[], None], executor: Executor, replicas: Replicas, orphans: Orphans
    ) -> None:
        self._lead, self._executor = lead, executor
        self._replicas, self._orphans = replicas, orphans

    def handlers(self) -> dict[str, Handler]:
        return {
            "ListOrphanReplicas": self._list,
            "RemoveOrphanReplicas": self._remove,
        }

    async def _list(
        self, request: scm.ListOrphanReplicasRequest, call: Call
    ) -> scm.ListOrphanReplicasReply:
        self._lead()
        orphans = self._orphans
        reply = scm.ListOrphanReplicasReply(keep_ms=orphans.keep_ms)
        with self._executor.store.read() as txn:
            reply.count = self._executor.store.count(ORPHANS.table)
            page = [*islice(orphans.rows(txn, request.after), _LOOKED_AT_MAX)]
            for _, row in page:
                orphan = orphans.observed(txn, row)
                if orphan is None:
                    continue
                left = left_ms(orphan, orphans.keep_ms)
                reply.orphans.add(
                    node_id=row.node_id,
                    report=self._replicas.of_node(row.node_id)[row.container_id],
                    reason=orphan.why.value,
                    age_ms=orphan.age_ms,
                    goes=left is not None,
                    left_ms=left or 0,
                )
        reply.next = page[-1][0] if len(page) == _LOOKED_AT_MAX else b""
        return reply

    async def _remove(
        self, request: scm.RemoveOrphanReplicasRequest, call: Call
    ) -> scm.RemoveOrphanReplicasReply:
        """Raises: NoSuchContainer: there is no such orphan."""
        self._lead()
        prefix = request.container_id.to_bytes(8, "big")
        with self._executor.store.read() as txn:
            rows = [
                row
                for _, row in islice(ORPHANS.scan(txn, prefix=prefix), _NODES_MAX)
                if request.node_id in ("", row.node_id)
            ]
        if not rows:
            raise NoSuchContainer(
                "no orphan of this container is known", container=request.container_id
            )
        for row in rows:
            row.to_go = True
        await self._executor.execute(scm.NoteOrphans(orphans=rows))
        return scm.RemoveOrphanReplicasReply(count=len(rows))
