"""Blocks on DataNodes that nothing refers to: looked for slowly, all of them once in an interval;
noted with the time since when; and after they were kept, given to the queue of what goes.

A block is listed first, then looked up: what is being written has a lease by then, what was
committed a reference, and what is about to go stands in the queue. What has just gone there is
taken for an orphan at most once: the next look at all forgets what it does not meet again."""

from collections.abc import Sequence
from itertools import islice
from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.common.errors import Unavailable
from trioxygen.common.units import MINUTE_MS
from trioxygen.metadata.om.state.orphans import is_noted, orphan_search, orphans_among
from trioxygen.metadata.om.state.schema import ORPHANS
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, execute_rows
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply
from trioxygen.proto.v1.om_pb2 import (
    CollectOrphanBlocks,
    ForgetOrphanBlocks,
    NoteOrphanBlocks,
    OrphanBlockRow,
    OrphanSearchRow,
)
from trioxygen.proto.v1.scm_pb2 import NodeRow

log = logs.get(__name__)

_BLOCKS_AT_ONCE: Final = 1_000
# Where it is, is stored so often, so that another leader goes on there.
_PAGES_UNTIL_STORED: Final = 50
_NOTED_MAX: Final = 1_000_000
_FIRST_AFTER_MS: Final = 5 * MINUTE_MS
# Of fewer blocks than that any share may be orphans.
_FEW_BLOCKS: Final = 1_000


class StoredBlocks(Protocol):
    """What DataNodes have, by the SCM and by themselves. Raises Unavailable."""

    async def nodes(self) -> Sequence[NodeRow]: ...

    async def page(self, node: NodeRow, after: bytes, count_max: int) -> ListBlocksReply: ...

    async def of_om(self, container_ids: Sequence[int]) -> set[int]:
        """Those of the containers that the SCM knows, and in which no others keep blocks."""
        ...


def are_too_many(search: OrphanSearchRow) -> bool:
    """More than half of all blocks: rather the state is another store's, or an early one. None
    of them goes before an operator has seen to it."""
    return search.examined >= _FEW_BLOCKS and 2 * search.orphans > search.examined


class OrphanSearch:
    """A Worker, of the leader.

    Args:
        keep_ms: from when a block was noticed; 0: for ever.
        every_ms: between two looks at all; 0: there is none.
        interval_ms: between two pages.
        noted_max: those beyond are noted when others have gone.
    """

    name = "om-orphans"

    def __init__(
        self,
        executor: Executor,
        stored: StoredBlocks,
        *,
        keep_ms: int,
        every_ms: int,
        interval_ms: float,
        noted_max: int = _NOTED_MAX,
    ) -> None:
        self._noted_max = noted_max
        self._executor, self._stored = executor, stored
        self._keep_ms, self._every_ms = keep_ms, every_ms
        self.interval_ms = interval_ms
        self._term = -1
        self._began_term_ms = 0
        self._search = OrphanSearchRow()
        # Since it was stored where it is.
        self._pages = 0
        self._sweep_after: bytes | None = None

    async def work(self) -> bool:
        """Raises: what the executor raises."""
        if not self._every_ms or not self._executor.replica.is_leader():
            return False
        if self._executor.replica.term != self._term:
            self._take_over()
        search = self._search
        if search.is_sweeping:
            return await self._sweep()
        if not search.began_ms:
            now_ms = self._executor.group_ms()
            if now_ms < self._due_ms():
                return False
            search.began_ms, search.keep_ms = now_ms, self._keep_ms
        await self._look()
        return False

    def _take_over(self) -> None:
        """Goes on where another leader was."""
        self._term = self._executor.replica.term
        self._began_term_ms = self._executor.group_ms()
        self._pages, self._sweep_after = 0, None
        with self._executor.store.read() as txn:
            self._search = orphan_search(txn)

    def _due_ms(self) -> int:
        """When the next one begins: the first of all soon, but not while all are still starting."""
        if self._search.ended_ms:
            return self._search.ended_ms + self._every_ms
        return self._began_term_ms + min(self._every_ms, _FIRST_AFTER_MS)

    async def _look(self) -> None:
        """At the next page of a DataNode, or the first of the next one."""
        search = self._search
        try:
            nodes = sorted(await self._stored.nodes(), key=lambda node: node.node_id)
        except Unavailable as error:
            log.info("orphan_search_waits", reason=error)
            return
        later = [node for node in nodes if node.node_id >= search.node_id]
        if not later:
            await self._end()
            return
        node = later[0]
        after = search.after if node.node_id == search.node_id else b""
        noted: list[OrphanBlockRow] = []
        try:
            page = await self._stored.page(node, after, _BLOCKS_AT_ONCE)
            noted = await self._orphans(page)
            search.examined += len(page.blocks)
            search.node_id, search.after = node.node_id, page.next
        except Unavailable as error:
            # What it has is not known: nothing is forgotten by this look.
            log.info("blocks_not_listed", node=node.node_id, reason=error)
            search.is_partial, search.after = True, b""
        if not search.after:
            # The next one: no name is between.
            search.node_id = f"{node.node_id}\0"
        search.orphans += len(noted)
        self._pages += 1
        if noted or self._pages >= _PAGES_UNTIL_STORED:
            self._pages = 0
            await self._note(noted)

    async def _orphans(self, page: ListBlocksReply) -> list[OrphanBlockRow]:
        """Raises: Unavailable."""
        with self._executor.store.read() as txn:
            unknown = orphans_among(txn, [stored.block for stored in page.blocks])
        if not unknown:
            return []
        # Asked of few: most pages have none.
        own = await self._stored.of_om(sorted({block.container for block in unknown}))
        keys = {(block.container, block.local) for block in unknown if block.container in own}
        return [
            OrphanBlockRow(block=stored.block, size_bytes=stored.size_bytes)
            for stored in page.blocks
            if (stored.block.container, stored.block.local) in keys
        ]

    async def _note(self, noted: list[OrphanBlockRow]) -> None:
        if self._executor.store.count(ORPHANS.table) >= self._noted_max:
            # What is known is met again all the same: else it would be forgotten, and be as new.
            with self._executor.store.read() as txn:
                noted = [row for row in noted if is_noted(txn, row.block)]
        await self._executor.execute(NoteOrphanBlocks(blocks=noted, search=self._search))

    async def _end(self) -> None:
        """All have been looked at."""
        search = self._search
        search.ended_ms = self._executor.group_ms()
        if search.orphans:
            log.warning(
                "orphan_blocks",
                count=search.orphans,
                examined=search.examined,
                kept_s=self._keep_ms // 1_000,
            )
        search.too_many = are_too_many(search)
        if search.too_many:
            log.error("orphan_blocks_too_many", count=search.orphans, examined=search.examined)
        search.is_sweeping, self._sweep_after = True, None
        await self._note([])

    async def _sweep(self) -> bool:
        """Through what is noted: what this look has not met is none any more, what was kept for its
        time goes."""
        search = self._search
        may_go = bool(self._keep_ms) and not search.too_many
        before_ms = self._executor.group_ms() - self._keep_ms
        with self._executor.store.read() as txn:
            scan = ORPHANS.scan(txn, prefix=b"", after=self._sweep_after)
            page = [*islice(scan, ROWS_AT_ONCE_MAX)]
        gone = [key for key, row in page if row.seen_ms < search.began_ms]
        due = [
            key
            for key, row in page
            if may_go and row.seen_ms >= search.began_ms and row.since_ms <= before_ms
        ]
        if gone and not search.is_partial:
            await execute_rows(self._executor, gone, lambda keys: ForgetOrphanBlocks(row_keys=keys))
        if due:
            log.warning("orphan_blocks_go", count=len(due))
            await execute_rows(self._executor, due, lambda keys: CollectOrphanBlocks(row_keys=keys))
        is_full = len(page) == ROWS_AT_ONCE_MAX
        self._sweep_after = page[-1][0] if is_full else None
        if not is_full:
            self._search = OrphanSearchRow(
                ended_ms=search.ended_ms, keep_ms=search.keep_ms, too_many=search.too_many
            )
            await self._note([])
        return is_full
