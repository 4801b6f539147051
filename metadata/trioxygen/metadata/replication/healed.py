"""Commands and reads that meet damaged rows, done again when another member had them whole."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.errors import DamagedRow
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.replication.executor import Executor

# A listing may meet one after the other.
_ROWS_MAX: Final = 100


async def execute_early(executor: Executor, command: Message) -> Message:
    """As `Executor.execute_early`."""
    return await _until_whole(executor, lambda: executor.execute_early(command))


def served(executor: Executor, handler: Handler) -> Handler:
    """A handler of calls that may be carried out twice."""

    async def serve(request: Any, call: Call) -> Message:
        return await _until_whole(executor, lambda: handler(request, call))

    return serve


async def query(executor: Executor, question: Callable[[Any], Message], request: Any) -> Message:
    """A linearizable read."""
    await executor.read_barrier()
    try:
        return question(request)
    except DamagedRow as error:
        await _heal(executor, error)

    async def ask() -> Message:
        await executor.read_barrier()
        return question(request)

    return await _until_whole(executor, ask)


async def _until_whole(executor: Executor, attempt: Callable[[], Awaitable[Message]]) -> Message:
    for _ in range(_ROWS_MAX):
        try:
            return await attempt()
        except DamagedRow as error:
            await _heal(executor, error)
    return await attempt()


async def _heal(executor: Executor, error: DamagedRow) -> None:
    if executor.heal is None:
        raise error
    await executor.heal(error)
