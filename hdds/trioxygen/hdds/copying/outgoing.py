"""A replica's stream to the node that is to have it: one try. Where a former one broke off, the
target says how far it has come."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, Overloaded
from trioxygen.common.rpc.network import Channel, Upload
from trioxygen.common.units import MINUTE_MS, SECOND_MS
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeImportReply,
    DescribeImportRequest,
    ImportContainerHeader,
)

_CALL_MS: Final = 10 * SECOND_MS
# The target writes and syncs what is left, and all of its index.
_FINISH_MS: Final = 5 * MINUTE_MS

T = TypeVar("T")


class Outgoing:
    """Attributes: next_local: the target has all blocks before that one."""

    def __init__(self, upload: Upload, next_local: int, stall_ms: float) -> None:
        self._upload, self._stall_ms = upload, stall_ms
        self.next_local = next_local

    @classmethod
    async def begin(
        cls, channel: Channel, header: ImportContainerHeader, *, stall_ms: float
    ) -> "Outgoing | None":
        """None: the target has the replica already.

        Args:
            header: but for where the stream begins.
            stall_ms: a target that takes nothing for so long has the try broken off.
        Raises: Overloaded: it has yet to get rid of a former one; what it refuses."""
        described = await channel.call(
            "DataNode/DescribeImport",
            DescribeImportRequest(container_id=header.container_id, transfer_id=header.transfer_id),
            DescribeImportReply,
            timeout_ms=_CALL_MS,
        )
        if described.state == ContainerState.DELETING.proto:
            raise Overloaded("the target is still rid of a former one")
        is_here = described.state and described.state != ContainerState.RECOVERING.proto
        if is_here and not header.completes:
            return None
        header.next_local = described.next_local
        opening = channel.upload("DataNode/ImportContainer", header)
        return cls(await _in_time(opening, stall_ms), described.next_local, stall_ms)

    async def send(self, piece: Buffer) -> None:
        """Raises: DeadlineExceeded: the target stands still."""
        await _in_time(self._upload.send(piece), self._stall_ms)

    async def finish(self) -> None:
        """Returns when the target has all of it."""
        await self._upload.finish(_FINISH_MS)

    async def cancel(self) -> None:
        """Idempotent, also after `finish`."""
        await self._upload.cancel()


async def _in_time(doing: Awaitable[T], stall_ms: float) -> T:
    try:
        async with asyncio.timeout(stall_ms / SECOND_MS):
            return await doing
    except TimeoutError as error:
        raise DeadlineExceeded("the target of a copy takes nothing") from error
