"""The two ways to write: a stream that is cut into blocks, and one block by itself."""

from collections.abc import Sequence
from types import TracebackType

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.hdds.client.leases.blocks import BLOCK_REFUSED
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.lease import TakenBlock
from trioxygen.hdds.client.namespaces.block_ref import BlockRef
from trioxygen.hdds.client.namespaces.commits import commit
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlockSplitter, BlocksWritten
from trioxygen.metadata.client.namespace import NamespaceClient


def _octets(pieces: Sequence[Buffer]) -> list[Buffer]:
    """Those that are not empty, whatever their items are. Raises: TypeError: no bytes."""
    views = (piece if isinstance(piece, bytes) else memoryview(piece).cast("B") for piece in pieces)
    return [view for view in views if len(view)]


class StreamWriter:
    """Bytes as they come, of any length, in as many blocks as they need. Where a DataNode is lost
    on the way the rest goes to others, and nothing is sent twice.

    Where a call fails or is cancelled, all of it is given up: nothing is committed of which only a
    part may have been written.

    A context manager: what is not committed at its end is given up."""

    def __init__(
        self,
        namespace: NamespaceClient,
        keeper: LeaseKeeper,
        splitter: BlockSplitter[BlocksWritten],
        size_bytes_max: int | None,
    ) -> None:
        self._namespace, self._keeper, self._splitter = namespace, keeper, splitter
        self._left_bytes = size_bytes_max
        self._is_ended = False

    async def write(self, *pieces: Buffer) -> None:
        """Takes the pieces without copying them, and waits while too much is under way: they must
        not be changed before `commit`.

        Raises: Unavailable errors: what was written is lost with too many DataNodes;
            InvalidRequest: more than was said, or after its end."""
        self._check()
        try:
            octets = _octets(pieces)
            self._count(sum(map(len, octets)))
            await self._splitter.send(octets)
        except BaseException:
            await self.give_up()
            raise

    def _count(self, size_bytes: int) -> None:
        """Raises: InvalidRequest."""
        if self._left_bytes is None:
            return
        if size_bytes > self._left_bytes:
            raise InvalidRequest(
                "more bytes than the writer was said to get",
                bytes=size_bytes,
                left=self._left_bytes,
            )
        self._left_bytes -= size_bytes

    async def commit(self, label: bytes = b"") -> tuple[BlockRef, ...]:
        """All bytes are on stable storage, and stay. In their order; none of no bytes.

        Args: label: whatever helps to find them again in a listing, at most 256 bytes.
        Raises: as `write`; NamespaceFull; LeaseExpired: they have to be written again."""
        self._check()
        try:
            written = await self._splitter.finish()
        except BaseException:
            await self.give_up()
            raise
        self._is_ended = True
        return await commit(self._namespace, self._keeper, written, label)

    async def give_up(self) -> None:
        """Nothing stays behind. Idempotent."""
        if not self._is_ended:
            self._is_ended = True
            await self._splitter.cancel()

    def _check(self) -> None:
        if self._is_ended:
            raise InvalidRequest("the writer has ended")

    async def __aenter__(self) -> "StreamWriter":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.give_up()


class AllocatedBlock:
    """One block, to be written once, where it was allocated: whoever wants others where a DataNode
    fails uses a `StreamWriter`.

    A context manager: what is not committed at its end is given up.

    Attributes: size_bytes_max: what it may hold."""

    def __init__(
        self,
        namespace: NamespaceClient,
        keeper: LeaseKeeper,
        writer: BlockWriter,
        taken: TakenBlock,
        *,
        size_bytes_max: int,
        small_bytes_max: int,
    ) -> None:
        self._namespace, self._keeper, self._writer = namespace, keeper, writer
        self._taken, self._small_bytes_max = taken, small_bytes_max
        self.size_bytes_max = size_bytes_max
        self._written: BlocksWritten | None = None
        self._is_ended = False

    @property
    def datanodes(self) -> tuple[str, ...]:
        """Addresses of those that will hold it."""
        return tuple(node.address for node in self._taken.lease.pipeline.datanodes)

    async def write(self, *pieces: Buffer) -> None:
        """All of its bytes, at once. They are on stable storage when it returns.

        Raises: InvalidRequest: too many, or a second time; ContainerNotOpen, BlockExists: another
            block may take them; Unavailable errors. Of a block that failed nothing is left."""
        octets = _octets(pieces)
        size_bytes = sum(map(len, octets))
        if self._is_ended or self._written is not None:
            raise InvalidRequest("a block is written once, and not after it was given up")
        if not 0 < size_bytes <= self.size_bytes_max:
            raise InvalidRequest(
                "not what the block may hold", bytes=size_bytes, most=self.size_bytes_max
            )
        try:
            tag = await self._write(octets, size_bytes)
        except BLOCK_REFUSED:
            self._is_ended = True
            self._keeper.settle_refused(self._taken)
            raise
        except BaseException:
            await self.give_up()
            raise
        self._written = BlocksWritten(self._keeper, [self._taken], [size_bytes], [tag])

    async def _write(self, pieces: Sequence[Buffer], size_bytes: int) -> int:
        """The block's tag."""
        block, pipeline = self._taken.block, self._taken.lease.pipeline
        if size_bytes <= self._small_bytes_max:
            return await self._writer.write_small(block, pipeline, b"".join(pieces))
        stream = await self._writer.open(block, pipeline, size_bytes)
        try:
            for piece in pieces:
                await stream.send(piece)
            await stream.finish()
        except BaseException:
            await stream.cancel()
            raise
        return stream.tag

    async def commit(self, label: bytes = b"") -> BlockRef:
        """As of a `StreamWriter`. Raises: InvalidRequest: nothing was written."""
        if self._is_ended or self._written is None:
            raise InvalidRequest("a block is committed once, when it was written")
        self._is_ended = True
        (ref,) = await commit(self._namespace, self._keeper, self._written, label)
        return ref

    async def give_up(self) -> None:
        """Nothing stays behind. Idempotent."""
        if not self._is_ended:
            self._is_ended = True
            self._keeper.settle(self._taken, dropped=True)

    async def __aenter__(self) -> "AllocatedBlock":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.give_up()
