"""What copying asks of a DataNode: where its replicas are, and what runs for their volumes."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from trioxygen.common.disk import Buffer
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.flusher import Flusher
from trioxygen.hdds.ring.rings import Rings
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks


class BlockReads(Protocol):
    """Checked against the checksums; what does not match is reported, and raised."""

    async def read(
        self, container: int, local: int, offset_bytes: int, length_bytes: int
    ) -> Buffer: ...

    def stream(
        self, container: int, local: int, offset_bytes: int, length_bytes: int
    ) -> AsyncGenerator[Buffer, None]: ...


class Home(Protocol):
    """A volume, and all that runs for it."""

    @property
    def volume(self) -> Volume: ...

    @property
    def rings(self) -> Rings: ...

    @property
    def blocks(self) -> VolumeBlocks: ...

    @property
    def flusher(self) -> Flusher: ...

    @property
    def reads(self) -> BlockReads: ...


class ReplicaHomes(Protocol):
    def find(self, container_id: int) -> tuple[Home, Container] | None:
        """The volume of the replica that is here, and itself."""
        ...

    def in_service(self) -> Sequence[Home]:
        """Volumes that take replicas."""
        ...
