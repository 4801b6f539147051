"""An executor with commands of a test's own."""

import asyncio
from collections.abc import Sequence

from google.protobuf.message import Message

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.errors import (
    NoSpace,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.replication.executor import Executor, ExecutorConfig
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Table
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import KeyToDelete
from trioxygen.proto.v1.replication_pb2 import WorkReply

ROWS = Table(2, "rows")
TABLES = (META, RETRIES.table, ROWS)


class Defect(Exception):
    pass


def put(txn: CapturingTxn, command: KeyToDelete, now: Now) -> Message | Refusal:
    """The test's own command: `key` says what happens."""
    if command.key.startswith(b"refused"):
        return Refusal(types_pb2.NO_SUCH_KEY)
    txn.put(ROWS, command.key, now.next_id().to_bytes(8, "big"))
    if command.key.startswith(b"broken"):
        raise Defect("half-way")
    if command.key.startswith(b"full"):
        raise NoSpace("no room")
    if command.key.startswith(b"changes and refuses"):
        return Refusal(types_pb2.NO_SUCH_KEY)
    return WorkReply(more=True)


class Service:
    """An executor with the test's commands."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        replica: MemoryReplica | None = None,
        store: MemoryStore | None = None,
        config: ExecutorConfig | None = None,
        handlers: dict[type[Message], Handler] | None = None,
    ) -> None:
        self.runtime = runtime
        self.store = store or MemoryStore(TABLES)
        self.replica = replica or MemoryReplica()
        self.executor = Executor(
            name="test",
            runtime=runtime,
            store=self.store,
            replica=self.replica,
            tables=(ROWS,),
            handlers=handlers or {KeyToDelete: put},
            config=config or ExecutorConfig(),
        )

    async def run(self, *keys: bytes) -> list[Message | BaseException]:
        """All in one batch."""
        commands = [self.executor.execute(KeyToDelete(key=key)) for key in keys]
        return await asyncio.gather(*commands, return_exceptions=True)

    def keys(self) -> list[bytes]:
        with self.store.read() as txn:
            return [key for key, _ in txn.scan(ROWS, prefix=b"")]

    async def stop(self) -> None:
        await self.executor.stop()
        await self.runtime.stop()


def inline() -> Runtime:
    return inline_runtime(ManualClock())


def kinds(results: Sequence[Message | BaseException]) -> list[type]:
    return [type(result) for result in results]
