"""Damaged rows of a member's state, got from other members of its group.

States are equal at equal indexes, so any other member that has applied at least as much has the
rows that belong in the place of damaged ones. It may have applied more: the entries in between put
and delete whole rows, and are applied here later, to the same end. So that it cannot be less, and
that no row is brought back that is deleted here meanwhile, this state stands still from the
question until the answer is written.

A row whose key was damaged stands between the same whole rows as before. So what is asked for is
all that lies between these, and not a key.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import (
    DamagedRow,
    Healing,
    InvalidRequest,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.state import META, is_own, own_rows
from trioxygen.metadata.store.ports import DamagedSpan, Table
from trioxygen.metadata.store.seal import shown
from trioxygen.proto.v1 import group_admin_pb2 as admin

log = logs.get(__name__)

_ROWS_MAX: Final = 1_000
_CALL_TIMEOUT_MS: Final = 3_000.0
_CATCH_UP_MS: Final = 2_000.0
_LOOK_MS: Final = 10.0
_RETRY_MS: Final = 1_000.0


class Healer:
    """A Worker that gets damaged rows from the others; `executor.heal` for who waits for one.

    Args:
        others: addresses of the other members.
    """

    interval_ms = _RETRY_MS

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        executor: Executor,
        tables: Mapping[int, Table],
        *,
        group_digest: int,
        others: Callable[[], Sequence[str]],
    ) -> None:
        self.name = f"{name}-healing"
        self._runtime, self._executor, self._tables = runtime, executor, tables
        self._group_digest, self._others = group_digest, others
        self._damaged: dict[tuple[Table, bytes], None] = {}
        self._turn = asyncio.Lock()
        loop = asyncio.get_running_loop()

        # Rows are met on other threads too.
        def watch(table: Table, key: bytes) -> None:
            loop.call_soon_threadsafe(self._note, table, key)

        executor.store.watch_damage(watch)
        executor.heal = self.heal

    def _note(self, table: Table, key: bytes) -> None:
        if (table, key) not in self._damaged:
            log.error("damaged_row_found", table=table.name, key=shown(key))
            self._damaged[table, key] = None

    async def work(self) -> bool:
        for table, key in list(self._damaged):
            try:
                await self._heal(table, key)
            except TrioxygenError as error:
                log.error("damaged_row_left", table=table.name, key=shown(key), reason=error)
                # The others get their turn before it is tried again.
                self._damaged.pop((table, key), None)
                self._damaged[table, key] = None
                return False
        return False

    async def heal(self, error: DamagedRow) -> None:
        """Raises: the error itself, when nobody can be asked or nobody has the row whole."""
        table = next(table for table in self._tables.values() if table.name == error.facts["table"])
        try:
            await self._heal(table, bytes.fromhex(error.facts["key_hex"]))
        except TrioxygenError as failure:
            log.error("damaged_row_left", table=table.name, key=error.facts["key"], reason=failure)
            raise error from failure

    async def _heal(self, table: Table, key: bytes) -> None:
        async with self._turn:
            await self._heal_alone(table, key)
            self._damaged.pop((table, key), None)

    async def _heal_alone(self, table: Table, key: bytes) -> None:
        executor = self._executor
        async with executor.standing_still() as applied_index:
            span = await self._runtime.blocking.run(executor.store.damaged_span, table, key)
            if span is None:
                return
            failure: TrioxygenError = Healing("nobody else is in the group")
            for address in self._others():
                try:
                    reply = await self._ask(address, span, applied_index)
                except TrioxygenError as error:
                    failure = error
                    continue
                rows = list(zip(reply.keys, reply.values, strict=True))
                if table == META:
                    # One of the two may be among the damaged ones; the other is not.
                    rows += await self._runtime.blocking.run(self._own_rows)
                await executor.replace_rows(span, rows)
                log.warning(
                    "damaged_row_healed",
                    table=table.name,
                    key=shown(key),
                    rows=len(rows),
                    from_=address,
                )
                return
        raise failure

    def _own_rows(self) -> list[tuple[bytes, bytes]]:
        with self._executor.store.read() as txn:
            return list(own_rows(txn).items())

    async def _ask(
        self, address: str, span: DamagedSpan, applied_index: int
    ) -> admin.ReadRowsReply:
        request = admin.ReadRowsRequest(
            group_digest=self._group_digest,
            table=span.table.number,
            after=span.after,
            before=span.before,
            applied_index=applied_index,
        )
        return await self._runtime.network.channel(address).call(
            "GroupAdmin/ReadRows", request, admin.ReadRowsReply, timeout_ms=_CALL_TIMEOUT_MS
        )

    async def read_rows(self, request: admin.ReadRowsRequest) -> admin.ReadRowsReply:
        """For another member.

        Raises: Healing: this state does not hold as much yet; InvalidRequest; DamagedRow.
        """
        table = self._tables.get(request.table)
        if table is None:
            raise InvalidRequest("no such table", table=request.table)
        await self._catch_up(request.applied_index)
        reply = admin.ReadRowsReply()
        after = request.after if request.HasField("after") else None
        with self._executor.store.read() as txn:
            rows = txn.scan(table, prefix=b"", after=after)
            if request.HasField("before"):
                before = request.before
                rows = takewhile(lambda row: row[0] < before, rows)
            for key, value in rows:
                if table == META and is_own(key):
                    continue
                reply.keys.append(key)
                reply.values.append(value)
                if len(reply.keys) > _ROWS_MAX:
                    raise InvalidRequest("too many rows at once", most=_ROWS_MAX)
        return reply

    async def _catch_up(self, applied_index: int) -> None:
        clock = self._runtime.clock
        end_ms = clock.monotonic_ms() + _CATCH_UP_MS
        while self._executor.applied_index() < applied_index:
            if clock.monotonic_ms() > end_ms:
                raise Healing("the member that was asked has not applied as much")
            await clock.sleep_ms(_LOOK_MS)
