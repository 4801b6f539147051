"""The store's port for objects' bytes: written, read, and shared by copies."""

from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.replication import Replication
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.values.encryption import CustomerKey, Sealing
from trioxygen.gateway.store.values.keys import (
    Content,
    KeyRecord,
)


class Written:
    """Bytes on stable storage, not visible to anybody: handed on to one commit, which settles what
    becomes of them, also when it is refused."""

    __slots__ = ()


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


class Contents(Protocol):
    """Objects' bytes. How they are kept, `replication` says; None: as the store is configured.
    What is written with `sealing` is read as if it were not, but with the customer's key where it
    needs one: else the error is WrongCustomerKey.

    Attributes: small_bytes_max: what `write_small` takes at most."""

    small_bytes_max: int

    async def write_small(
        self,
        data: bytes,
        replication: Replication | None = None,
        sealing: Sealing | None = None,
    ) -> Written:
        """At once; not empty."""
        ...

    def open_writer(
        self,
        size_bytes: int | None,
        replication: Replication | None = None,
        sealing: Sealing | None = None,
    ) -> ObjectWriter:
        """For any size; a known one is reserved ahead."""
        ...

    def read_small(
        self,
        content: Content,
        *,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None = None,
    ) -> Coroutine[Any, Any, Buffer]:
        """A range of at most 64 KiB, verified, at once."""
        ...

    def read(
        self,
        content: Content,
        *,
        offset_bytes: int,
        length_bytes: int,
        buffers: Buffers,
        customer_key: CustomerKey | None = None,
    ) -> AsyncGenerator[Buffer, None]:
        """A range, verified, in pieces of at most 1 MiB. Whoever stops before its end closes it.

        Asking for the next one says that the last was taken: their size follows the reader."""
        ...

    async def kms_key(self, key_name: str) -> str:
        """A master key as S3 shows it. "": the one for S3.

        Raises: NoSuchKmsKey, KmsKeyDisabled, KmsUnavailable."""
        ...

    async def check_key(self, content: Content, customer_key: CustomerKey | None) -> None:
        """Whether it opens the object. Raises: WrongCustomerKey."""
        ...

    async def share(
        self,
        record: KeyRecord,
        *,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None,
        sealing: Sealing | None,
    ) -> Content | None:
        """A range that another key or part can refer to, sealed as asked for; None: it has to be
        written again for that. customer_key: of the object that is shared.

        Raises: as reading and writing it."""
        ...
