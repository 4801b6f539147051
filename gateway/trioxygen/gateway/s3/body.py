"""A request's body: received piece by piece, decoded, digested, verified. Memory is bounded by the
batch size.

Copies of the bytes on their way: none here. Pieces are handed on as the server received them (or as
views of them, when aws-chunked); digests of large bodies run on the blocking pool, where hashing
releases the GIL."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Final

from trioxygen.common.blocking import Blocking
from trioxygen.common.checksum import Algorithm
from trioxygen.common.disk import Buffer
from trioxygen.common.finishing import joined
from trioxygen.common.units import GIB, KIB, MIB
from trioxygen.gateway.auth.payload import PayloadMode, declared_payload_hash, payload_mode
from trioxygen.gateway.auth.streaming import ChunkedDecoder, open_decoder
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.checksums import ChecksumRequest
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.numbers import read_natural
from trioxygen.gateway.s3.digests import Digests
from trioxygen.gateway.s3.gathered import Gathered
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.shares import Buffers

BODY_BYTES_MAX: Final = 5 * GIB
_BATCH_BYTES: Final = MIB
# What each body may always hold, and in what steps it asks for more.
_BATCH_BYTES_MIN: Final = 32 * KIB
_BATCH_STEP_BYTES: Final = 128 * KIB
# Hashing less than this on the spot costs less than a trip to another thread.
_INLINE_BYTES_MAX: Final = 64 * KIB


def _give_back(buffers: Buffers, size_bytes: int, _: "asyncio.Future[None]") -> None:
    buffers.give_back(size_bytes)


async def _through(digesting: "asyncio.Future[None] | None") -> None:
    """Also when who waits is cancelled the thread goes on with its batch."""
    if digesting is not None:
        await joined(digesting)


def ended_early(reason: str) -> S3Error:
    if reason == "idle":
        return S3Error("RequestTimeout")
    return S3Error("BadRequest" if reason == "malformed" else "IncompleteBody")


_DIGEST_DEMANDED: Final = (
    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
)


class Body:
    """The body of one PUT-like request. Read it once, with `read` or `batches`, then call `verify`.

    Attributes:
        length_bytes: of the payload, None when the client does not say (plain HTTP chunks, forms).
        bytes_max: how long it can be at most; None: nothing is said.
        checksum: what the client demands, or what is computed for it; `also`: one more.
    """

    def __init__(
        self,
        request: S3Request,
        blocking: Blocking,
        *,
        checksum: ChecksumRequest | None,
        also: Algorithm | None = None,
    ) -> None:
        head = request.head
        self.request, self._blocking = request, blocking
        self._mode = payload_mode(head, request.claim)
        self.checksum = checksum
        self._content_md5 = checksums.read_content_md5(head)
        self._decoder: ChunkedDecoder | None = None
        self.length_bytes: int | None = None
        if self._mode.is_chunked:
            self._decoder = open_decoder(
                head, self._mode, claim=request.claim, signing_key=request.signing_key
            )
            self.length_bytes = self._decoder.decoded_length
        elif request.form is None:
            self.length_bytes = _content_length(request)
        self.bytes_max = self.length_bytes if request.form is None else request.form.bytes_max
        if self.length_bytes is not None and self.length_bytes > BODY_BYTES_MAX:
            raise _too_large(self.length_bytes)
        self._payload_hash = (
            declared_payload_hash(head, request.claim) if self._mode is PayloadMode.SIGNED else None
        )
        wanted = (None if checksum is None else checksum.algorithm, also)
        self.digests = Digests(
            md5=True,
            sha256=self._payload_hash is not None,
            algorithms=[algorithm for algorithm in wanted if algorithm is not None],
        )
        self.received_bytes = 0
        self._granted_bytes = 0
        self._trailers: dict[str, str] = {}

    async def _pieces(self) -> AsyncIterator[Buffer]:
        """The payload as it comes. Raises IncompleteBody, RequestTimeout, EntityTooLarge."""
        request, decoder = self.request, self._decoder
        receive = request.receive
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ended_early(message.get("reason", ""))
            data: bytes = message["body"]
            if data:
                request.bytes_in += len(data)
                if decoder is None:
                    self._count(len(data))
                    yield data
                else:
                    for view in decoder.feed(data):
                        self._count(len(view))
                        yield view
                        del view
            is_last = not message["more_body"]
            # Nothing of it is to stay here while the next piece comes, which may take long.
            del message, data
            if is_last:
                break
        if decoder is not None:
            self._trailers = decoder.finish()
        if self.length_bytes is not None and self.received_bytes != self.length_bytes:
            raise S3Error("IncompleteBody")

    def _count(self, size_bytes: int) -> None:
        self.received_bytes += size_bytes
        if self.received_bytes > BODY_BYTES_MAX:
            raise _too_large(self.received_bytes)

    async def read(self, size_bytes_max: int) -> bytes:
        """The whole payload, digested. Beyond 64 KiB `give_back` is owed when it has been used.

        Raises: MaxMessageLengthExceeded beyond the bound; SlowDown: others hold enough."""
        if self.length_bytes is not None and self.length_bytes > size_bytes_max:
            raise _too_long(size_bytes_max)
        gathered, buffers = Gathered(), self.request.buffers
        try:
            async for piece in self._pieces():
                if self.received_bytes > size_bytes_max:
                    raise _too_long(size_bytes_max)
                gathered.add(piece)
                if gathered.size_bytes > _INLINE_BYTES_MAX + self._granted_bytes:
                    more_bytes = max(_BATCH_STEP_BYTES, len(piece))
                    if not buffers.take(more_bytes):
                        raise S3Error("SlowDown")
                    self._granted_bytes += more_bytes
            pieces = gathered.pieces
            data = bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)
            if len(data) <= _INLINE_BYTES_MAX:
                self.digests.update([data])
            else:
                await self._blocking.run(self.digests.update, [data])
        except BaseException:
            self.give_back()
            raise
        return data

    def give_back(self) -> None:
        """What `read` returned is not needed any more. Idempotent."""
        granted_bytes, self._granted_bytes = self._granted_bytes, 0
        self.request.buffers.give_back(granted_bytes)

    async def batches(self) -> AsyncGenerator[list[Buffer], None]:
        """The payload in batches of about 1 MiB, of less where buffers are scarce; each is digested
        while the next is received."""
        batch, buffers = Gathered(), self.request.buffers
        # Of the batch that is gathered, and of the one that is still digested.
        granted_bytes = digested_bytes = 0
        digesting = None
        try:
            async for piece in self._pieces():
                batch.add(piece)
                more_bytes = max(_BATCH_STEP_BYTES, len(piece))
                del piece
                if batch.size_bytes < _BATCH_BYTES:
                    if batch.size_bytes <= _BATCH_BYTES_MIN + granted_bytes:
                        continue
                    if buffers.take(more_bytes):
                        granted_bytes += more_bytes
                        continue
                await _through(digesting)
                buffers.give_back(digested_bytes)
                digesting, digested_bytes, granted_bytes = self._digesting(batch), granted_bytes, 0
                yield batch.pieces
                batch = Gathered()
                if digesting is not None and buffers.is_scarce:
                    await _through(digesting)
                    buffers.give_back(digested_bytes)
                    digesting, digested_bytes = None, 0
            await _through(digesting)
            if batch.pieces:
                buffers.give_back(digested_bytes)
                digesting, digested_bytes, granted_bytes = self._digesting(batch), granted_bytes, 0
                await _through(digesting)
                yield batch.pieces
        finally:
            buffers.give_back(granted_bytes)
            if digesting is None or digesting.done():
                buffers.give_back(digested_bytes)
            else:  # a thread has the batch until it is through with it
                digesting.add_done_callback(partial(_give_back, buffers, digested_bytes))

    def _digesting(self, batch: Gathered) -> "asyncio.Future[None] | None":
        if batch.size_bytes <= _INLINE_BYTES_MAX:
            self.digests.update(batch.pieces)
            return None
        return self._blocking.run(self.digests.update, batch.pieces)

    def verify(self) -> bytes:
        """Checks every promise about the body; the S3 checksum. Nothing may be visible before this.

        Raises: XAmzContentSHA256Mismatch, BadDigest (Content-MD5 or the checksum),
        MalformedTrailerError, InvalidRequest (a trailer that is no checksum)."""
        digests = self.digests
        if self._payload_hash is not None and digests.sha256.hex() != self._payload_hash:
            raise S3Error(
                "XAmzContentSHA256Mismatch",
                details={
                    "ClientComputedContentSHA256": self._payload_hash,
                    "S3ComputedContentSHA256": digests.sha256.hex(),
                },
            )
        if self._content_md5 is not None and digests.md5 != self._content_md5:
            raise checksums.content_md5_mismatch(expected=self._content_md5, calculated=digests.md5)
        if self.checksum is None:
            return b""
        expected = self.checksum.expected
        algorithm = self.checksum.algorithm
        if self.checksum.trailer is not None:
            sent = self._trailers.get(self.checksum.trailer)
            if sent is None:
                raise S3Error("MalformedTrailerError")
            expected = checksums.parse_trailer(algorithm, sent)
        calculated = digests.checksum(algorithm)
        if expected is not None and calculated != expected:
            raise checksums.checksum_mismatch(algorithm)
        return calculated

    def demand_digest(self, message: str = _DIGEST_DEMANDED) -> None:
        """Of what S3 takes with one only. Raises: InvalidRequest."""
        if self._content_md5 is None and not (self.checksum and self.checksum.by_client):
            raise S3Error("InvalidRequest", message)


def _content_length(request: S3Request) -> int | None:
    text = request.head.header("content-length")
    if text is None:
        chunked = "chunked" in (request.head.header("transfer-encoding") or "").lower()
        if not chunked:
            raise S3Error("MissingContentLength")
        return None
    size_bytes = read_natural(text)
    if size_bytes is None:
        raise invalid_argument("Content-Length must be a number of bytes.", "Content-Length", text)
    return size_bytes


def _too_long(size_bytes_max: int) -> S3Error:
    return S3Error(
        "MaxMessageLengthExceeded", details={"MaxMessageLengthBytes": str(size_bytes_max)}
    )


def _too_large(size_bytes: int) -> S3Error:
    return S3Error(
        "EntityTooLarge",
        details={"ProposedSize": str(size_bytes), "MaxSizeAllowed": str(BODY_BYTES_MAX)},
    )
