"""Objects' bytes in blocks, sealed on the way there and opened on the way back: the port's
`Contents`. What is not asked to be sealed passes through."""

from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final, NamedTuple

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.replication import Replication
from trioxygen.common.sealed_sizes import (
    FRAME_BYTES,
    SEALED_FRAME_BYTES,
    TAG_BYTES,
    Frames,
    frames_of,
    sealed_bytes,
    stored_bytes,
    whole_bytes,
)
from trioxygen.gateway.kms.port import WrappedKey
from trioxygen.gateway.sealing.frames import Opener, Sealer, open_frame, seal
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.ozone.contents import OzoneContents
from trioxygen.gateway.store.ozone.piece_keys import PieceKeys
from trioxygen.gateway.store.ozone.rows import BlockContent, SharedContent
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.gateway.store.values.encryption import (
    SSE_S3,
    CustomerKey,
    Encryption,
    EncryptionKind,
    Sealing,
)
from trioxygen.gateway.store.values.keys import Content, KeyRecord
from trioxygen.hdds.client.writing import BlockSplitter
from trioxygen.proto.v1.om_pb2 import SealedPiece

_BY_ITSELF: Final = Sealing(SSE_S3)


class _Run(NamedTuple):
    """What a range takes of one piece.

    Attributes:
        stored_at: where what is stored of the piece begins.
        length_bytes: plain.
    """

    piece: SealedPiece
    stored_at: int
    frames: Frames
    length_bytes: int


def _runs(pieces: Sequence[SealedPiece], offset_bytes: int, length_bytes: int) -> Iterator[_Run]:
    stored_at = 0
    for piece in pieces:
        if not length_bytes:
            return
        if offset_bytes < piece.plain_bytes:
            taken_bytes = min(length_bytes, piece.plain_bytes - offset_bytes)
            yield _Run(piece, stored_at, frames_of(piece, offset_bytes, taken_bytes), taken_bytes)
            length_bytes -= taken_bytes
            offset_bytes = 0
        else:
            offset_bytes -= piece.plain_bytes
        stored_at += stored_bytes(piece)
    assert not length_bytes, "a range beyond the object's pieces"


class _SealingWriter:
    """The port's `ObjectWriter`."""

    def __init__(
        self, inner: BlockSplitter[ObjectWritten], keys: PieceKeys, sealing: Sealing
    ) -> None:
        self._inner, self._keys, self._sealing = inner, keys, sealing
        self._begun: tuple[Sealer, SealedPiece] | None = None

    async def send(self, pieces: Sequence[Buffer]) -> None:
        if self._begun is None:
            # Before anything is written that no key could open.
            cipher, row = await self._keys.make(self._sealing)
            self._begun = Sealer(cipher), row
        frames = self._begun[0].update(pieces)
        if frames:
            await self._inner.send(frames)

    async def finish(self) -> ObjectWritten:
        if self._begun is None:
            return await self._inner.finish()
        sealer, row = self._begun
        last = sealer.finish()
        if last:
            await self._inner.send(last)
        written = await self._inner.finish()
        row.plain_bytes = sealer.taken_bytes
        written.pieces = [row]
        return written

    async def cancel(self) -> None:
        await self._inner.cancel()


class SealedContents:
    """Args: plain: bytes as they come."""

    def __init__(self, plain: OzoneContents, keys: PieceKeys) -> None:
        self._plain, self._keys = plain, keys
        # Sealed they still are small.
        self.small_bytes_max = min(plain.small_bytes_max, FRAME_BYTES)

    async def write_small(
        self,
        data: bytes,
        replication: Replication | None = None,
        sealing: Sealing | None = None,
    ) -> ObjectWritten:
        if sealing is None:
            return await self._plain.write_small(data, replication)
        cipher, row = await self._keys.make(sealing)
        written = await self._plain.write_small(seal(cipher, data), replication)
        row.plain_bytes = len(data)
        written.pieces = [row]
        return written

    def open_writer(
        self,
        size_bytes: int | None,
        replication: Replication | None = None,
        sealing: Sealing | None = None,
    ) -> "BlockSplitter[ObjectWritten] | _SealingWriter":
        if sealing is None:
            return self._plain.open_writer(size_bytes, replication)
        stored = None if size_bytes is None else sealed_bytes(size_bytes)
        return _SealingWriter(self._plain.open_writer(stored, replication), self._keys, sealing)

    def read_small(
        self,
        content: Content,
        *,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None = None,
    ) -> Coroutine[Any, Any, Buffer]:
        assert isinstance(content, BlockContent)
        if not content.is_sealed:
            return self._plain.read_small(
                content, offset_bytes=offset_bytes, length_bytes=length_bytes
            )
        return self._read_small_sealed(content, offset_bytes, length_bytes, customer_key)

    async def _read_small_sealed(
        self,
        content: BlockContent,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None,
    ) -> Buffer:
        if _is_whole_frame(content.pieces, length_bytes):
            [key] = await self._unwrapped(content, content.pieces, customer_key)
            stored = await self._plain.read_small(
                content, offset_bytes=0, length_bytes=length_bytes + TAG_BYTES
            )
            return open_frame(key, stored)
        plain: list[Buffer] = []
        for run, key in await self._opened(content, offset_bytes, length_bytes, customer_key):
            opener = _opener(run, key)
            skip, left = run.frames.skip_bytes, run.length_bytes
            for stored in await self._stored(content, run):
                opened = memoryview(opener.update(stored))[skip : skip + left]
                plain.append(opened)
                skip, left = 0, left - len(opened)
            _finish(opener, left)
        return plain[0] if len(plain) == 1 else b"".join(plain)

    async def _opened(
        self,
        content: BlockContent,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None,
    ) -> list[tuple[_Run, bytes]]:
        """The runs of a range, and their keys."""
        runs = list(_runs(content.pieces, offset_bytes, length_bytes))
        keys = await self._unwrapped(content, [run.piece for run in runs], customer_key)
        return list(zip(runs, keys, strict=True))

    async def _stored(self, content: BlockContent, run: _Run) -> list[Buffer]:
        """Of a short run: a few frames."""
        at = run.stored_at + run.frames.offset_bytes
        end = at + run.frames.length_bytes
        return [
            await self._plain.read_small(
                content,
                offset_bytes=start,
                length_bytes=min(SEALED_FRAME_BYTES, end - start),
            )
            for start in range(at, end, SEALED_FRAME_BYTES)
        ]

    def read(
        self,
        content: Content,
        *,
        offset_bytes: int,
        length_bytes: int,
        buffers: Buffers,
        customer_key: CustomerKey | None = None,
    ) -> AsyncGenerator[Buffer, None]:
        assert isinstance(content, BlockContent)
        if not content.is_sealed:
            return self._plain.read(
                content, offset_bytes=offset_bytes, length_bytes=length_bytes, buffers=buffers
            )
        return self._read_sealed(content, offset_bytes, length_bytes, buffers, customer_key)

    async def _read_sealed(
        self,
        content: BlockContent,
        offset_bytes: int,
        length_bytes: int,
        buffers: Buffers,
        customer_key: CustomerKey | None,
    ) -> AsyncGenerator[Buffer, None]:
        for run, key in await self._opened(content, offset_bytes, length_bytes, customer_key):
            async with aclosing(self._read_run(content, run, key, buffers)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _read_run(
        self, content: BlockContent, run: _Run, key: bytes, buffers: Buffers
    ) -> AsyncGenerator[Buffer, None]:
        opener = _opener(run, key)
        skip, left = run.frames.skip_bytes, run.length_bytes
        reading = self._plain.read(
            content,
            offset_bytes=run.stored_at + run.frames.offset_bytes,
            length_bytes=run.frames.length_bytes,
            buffers=buffers,
        )
        async with aclosing(reading) as pieces:
            async for piece in pieces:
                opened = memoryview(opener.update(piece))
                if not opened:
                    continue
                opened = opened[skip : skip + left]
                skip, left = 0, left - len(opened)
                yield opened
        _finish(opener, left)

    async def kms_key(self, key_name: str) -> str:
        return await self._keys.arn(key_name)

    async def check_key(self, content: Content, customer_key: CustomerKey | None) -> None:
        """Whether it opens the object. Raises: WrongCustomerKey."""
        assert isinstance(content, BlockContent)
        await self._unwrapped(content, content.pieces[:1], customer_key)

    async def _unwrapped(
        self,
        content: BlockContent,
        pieces: Sequence[SealedPiece],
        customer_key: CustomerKey | None,
    ) -> Sequence[bytes]:
        wrapped = [WrappedKey(piece.master_key, piece.wrapped_key) for piece in pieces]
        return await self._keys.unwrap(content.context, wrapped, customer_key)

    async def share(
        self,
        record: KeyRecord,
        *,
        offset_bytes: int,
        length_bytes: int,
        customer_key: CustomerKey | None,
        sealing: Sealing | None,
    ) -> SharedContent | None:
        content = record.content
        assert isinstance(content, BlockContent)
        if not content.pieces:
            if sealing is not None and length_bytes:
                return None
            return SharedContent(offset_bytes, length_bytes)
        runs = list(_runs(content.pieces, offset_bytes, length_bytes))
        pieces = [_piece_of(run) for run in runs]
        wrapping = _wrapping(record.encryption, sealing)
        if wrapping is not None:
            keys = await self._unwrapped(content, pieces, customer_key)
            for piece, wrapped in zip(pieces, await self._keys.wrap(wrapping, keys), strict=True):
                piece.wrapped_key, piece.master_key = wrapped.sealed, wrapped.master_key
        stored_at = runs[0].stored_at + runs[0].frames.offset_bytes if runs else 0
        return SharedContent(stored_at, sum(map(stored_bytes, pieces)), pieces)


def _wrapping(encryption: Encryption | None, sealing: Sealing | None) -> Sealing | None:
    """How the keys of bytes that stay where they are have to be wrapped; None: as they are. What is
    not claimed is sealed as S3 does by itself."""
    wanted = sealing or _BY_ITSELF
    is_same = encryption is None or encryption.kind is EncryptionKind.SSE_S3
    return None if is_same and wanted.encryption.kind is EncryptionKind.SSE_S3 else wanted


def _piece_of(run: _Run) -> SealedPiece:
    """What a range takes of a piece, as one of its own."""
    piece = SealedPiece()
    piece.CopyFrom(run.piece)
    whole, begin = whole_bytes(run.piece), run.frames.first * FRAME_BYTES + run.frames.skip_bytes
    piece.plain_bytes, piece.offset_bytes = run.length_bytes, begin
    piece.sealed_plain_bytes = 0 if run.length_bytes == whole else whole
    return piece


def _is_whole_frame(pieces: Sequence[SealedPiece], length_bytes: int) -> bool:
    """Whether all of a small object is wanted, as it was written. Hot."""
    if len(pieces) != 1 or length_bytes > FRAME_BYTES:
        return False
    piece = pieces[0]
    return piece.plain_bytes == length_bytes and not piece.sealed_plain_bytes


def _opener(run: _Run, key: bytes) -> Opener:
    return Opener(key, whole_bytes(run.piece), run.frames.first)


def _finish(opener: Opener, left_bytes: int) -> None:
    """Raises: ChecksumMismatch: what was stored ends too early, be it with a whole frame."""
    opener.finish()
    if left_bytes:
        raise ChecksumMismatch("sealed bytes are bad", reason="frames are missing")
