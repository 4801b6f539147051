"""What S3 operations need of the store behind the gateway: metadata calls, and objects' bytes.

`ozone_backend` implements it over the OM, the SCM and the DataNodes."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import LeaseExpired
from trioxygen.gateway.shares import Buffers
from trioxygen.proto.v1.types_pb2 import BlockSlice

Reply = TypeVar("Reply", bound=Message)


class Written(Protocol):
    """Bytes on stable storage in leased blocks, not visible to anybody.

    Exactly one of the three ends is to be called."""

    @property
    def slices(self) -> Sequence[BlockSlice]: ...

    def committed(self) -> None:
        """A commit referenced the blocks."""
        ...

    def dropped(self) -> None:
        """No commit was sent, or it was refused: the space can be given back at once."""
        ...

    def unknown(self) -> None:
        """A commit was sent and its answer lost: the lease's end decides."""
        ...


class ObjectWriter(Protocol):
    async def send(self, pieces: Sequence[Buffer]) -> None:
        """Takes the pieces without copying them; waits while too much is under way."""
        ...

    async def finish(self) -> Written:
        """All bytes are on stable storage. Raises: Unavailable errors; then nothing stays
        behind."""
        ...

    async def cancel(self) -> None:
        """Gives up; nothing stays behind. Idempotent, also after a failed `finish`."""
        ...


class ObjectBackend(Protocol):
    small_bytes_max: int

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply:
        """A call to the OM; raises TrioxygenErrors."""
        ...

    async def write_small(self, data: bytes) -> Written:
        """Up to `small_bytes_max` bytes, in one call."""
        ...

    def open_writer(self, size_bytes: int | None) -> ObjectWriter:
        """For any size; a known one is reserved ahead."""
        ...

    async def rewrite(self, written: Written, expired: LeaseExpired) -> Written:
        """The same bytes in other blocks, since the OM has ended the lease of those that `written`
        has. Settles `written`, also when it fails. Raises: Unavailable errors; `expired`, when the
        bytes are not there any more."""
        ...

    async def read_small(self, piece: BlockSlice) -> Buffer:
        """A slice of at most 1 MiB."""
        ...

    def read(
        self,
        slices: Sequence[BlockSlice],
        *,
        offset_bytes: int,
        length_bytes: int,
        buffers: Buffers,
    ) -> AsyncIterator[Buffer]:
        """A range of the bytes that the slices are, verified, in pieces of at most 1 MiB.

        Asking for the next one says that the last was taken: their size follows the reader."""
        ...
