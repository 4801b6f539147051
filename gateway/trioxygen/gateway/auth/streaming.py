"""aws-chunked bodies: a sans-I/O decoder, and the verification of chunk and trailer signatures.

    chunk    size-in-hex[;chunk-signature=64 hex] CRLF data CRLF
    last     0[;chunk-signature=64 hex] CRLF [trailer lines] CRLF

Knows nothing of HTTP's own chunking, of checksums or of where the data goes.
Source: S3 API reference, "Signature calculations ... in multiple chunks" and "... for trailing
headers". Errors as observed of AWS: framing -> IncompleteBody, trailers -> MalformedTrailerError.
"""

import enum
import hmac
import re
from hashlib import sha256
from typing import Final

from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.payload import PayloadMode
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.numbers import read_natural

CHUNK_HEADER_BYTES_MAX: Final = 4 * 1024
CHUNK_SIZE_BYTES_MAX: Final = 5 * 1024**3
TRAILER_SECTION_BYTES_MAX: Final = 8 * 1024

_SIGNED_HEADER: Final = re.compile(rb"([0-9A-Fa-f]{1,16});chunk-signature=([^\r\n]*)\r\n")
_UNSIGNED_HEADER: Final = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[^\r\n]*)?\r\n")
_TRAILER_NAME: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_EMPTY_SHA256: Final = sha256(b"").hexdigest()
_AFTER_END_BYTES_MAX: Final = 8


class ChunkSigner:
    """The chain of signatures of one body: each covers its data and the signature before it.

    Args:
        signing_key: the scoped key that verified the request.
        scope: `YYYYMMDD/region/s3/aws4_request`.
        timestamp: `YYYYMMDDTHHMMSSZ` of the request.
        seed_signature: the request's own signature, 64 hex digits.
    """

    __slots__ = ("_chunk_intro", "_hash", "_key", "_previous", "_provided", "_trailer_intro")

    def __init__(
        self, signing_key: bytes, *, scope: str, timestamp: str, seed_signature: str
    ) -> None:
        self._key = signing_key
        self._chunk_intro = f"AWS4-HMAC-SHA256-PAYLOAD\n{timestamp}\n{scope}\n"
        self._trailer_intro = f"AWS4-HMAC-SHA256-TRAILER\n{timestamp}\n{scope}\n"
        self._previous = seed_signature
        self._provided = b""
        self._hash = sha256()

    def begin_chunk(self, signature: bytes) -> None:
        """A chunk starts whose header carries `signature`."""
        self._provided = signature
        self._hash = sha256()

    def update(self, data: memoryview) -> None:
        """Some bytes of the chunk's data, in order."""
        self._hash.update(data)

    def end_chunk(self) -> None:
        """The chunk's data is complete. Raises SignatureDoesNotMatch."""
        string_to_sign = (
            f"{self._chunk_intro}{self._previous}\n{_EMPTY_SHA256}\n{self._hash.hexdigest()}"
        )
        signature = self._sign(string_to_sign)
        if not hmac.compare_digest(signature.encode(), self._provided):
            raise _signature_refused(string_to_sign, self._provided)
        self._previous = signature

    def check_trailer(self, lines: list[bytes], provided: bytes) -> None:
        """Check `x-amz-trailer-signature`. Raises SignatureDoesNotMatch.

        Args:
            lines: `name:value` with a line feed each, in order of arrival. Signers take them in
                that order or sorted; both are accepted.
        """
        for ordered in (lines, sorted(lines)):
            digest = sha256(b"".join(ordered)).hexdigest()
            string_to_sign = f"{self._trailer_intro}{self._previous}\n{digest}"
            if hmac.compare_digest(self._sign(string_to_sign).encode(), provided):
                return
        raise _signature_refused(string_to_sign, provided)

    def _sign(self, string_to_sign: str) -> str:
        return hmac.digest(self._key, string_to_sign.encode(), "sha256").hex()


class _State(enum.Enum):
    HEADER = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILER = enum.auto()
    END = enum.auto()
    BROKEN = enum.auto()


class ChunkedDecoder:
    """Decodes one aws-chunked body, fed in pieces cut anywhere. Work is linear in the input.

    `feed` releases the data of a signed chunk BEFORE its signature has been checked; the error
    comes with the chunk's last byte. So nothing may become visible before `finish` has returned.
    With a signer `feed` hashes what it is fed: call it off the event loop for large pieces.

    Args:
        decoded_length: x-amz-decoded-content-length, bytes of payload to expect.
        signer: verifies the chunks; None for STREAMING-UNSIGNED-PAYLOAD-TRAILER.
        trailers: lower-case names from x-amz-trailer; exactly these must arrive.
    """

    __slots__ = (
        "_after_end",
        "decoded_length",
        "_line",
        "_received",
        "_remaining",
        "_signer",
        "_skipped_blank",
        "_state",
        "_trailer_lines",
        "_trailer_names",
        "_trailer_room",
        "_trailer_signed",
        "_trailers",
    )

    def __init__(
        self, *, decoded_length: int, signer: ChunkSigner | None, trailers: frozenset[str]
    ) -> None:
        assert decoded_length >= 0, decoded_length
        self.decoded_length = decoded_length
        self._signer = signer
        self._trailer_names = trailers
        self._state = _State.HEADER
        self._line = bytearray()
        self._remaining = 0
        self._received = 0
        self._trailers: dict[str, str] = {}
        self._trailer_lines: list[bytes] = []
        self._trailer_room = TRAILER_SECTION_BYTES_MAX
        self._trailer_signed = False
        self._skipped_blank = False
        self._after_end = 0

    def feed(self, data: bytes) -> list[memoryview]:
        """Decode the next piece of the body.

        Returns:
            The payload in it, as views of `data`, in order.
        Raises:
            S3Error: IncompleteBody, MalformedTrailerError, SignatureDoesNotMatch. The decoder is
                unusable afterwards.
        """
        try:
            return self._feed(data)
        except S3Error:
            self._state = _State.BROKEN
            raise

    def finish(self) -> dict[str, str]:
        """The body has ended: check that it is whole.

        Returns:
            The trailers, by lower-case name.
        Raises:
            S3Error: IncompleteBody for a truncated body or one of another length than announced,
                MalformedTrailerError for a declared trailer that did not come.
        """
        if self._state is not _State.END or self._received != self.decoded_length:
            raise _incomplete()
        if self._trailers.keys() != self._trailer_names:
            raise S3Error("MalformedTrailerError")
        return self._trailers

    def _feed(self, data: bytes) -> list[memoryview]:
        assert self._state is not _State.BROKEN, "fed after an error"
        view = memoryview(data)
        pieces: list[memoryview] = []
        position, end = 0, len(data)
        while position < end:
            start = position
            if self._state is _State.DATA:
                position = min(end, position + self._remaining)
                piece = view[start:position]
                pieces.append(piece)
                if self._signer is not None:
                    self._signer.update(piece)
                self._remaining -= position - start
                if self._remaining == 0:
                    self._end_data()
            elif self._state is _State.END:
                position = end
                self._check_after_end(data[start:])
            else:
                position = self._take_line(data, start)
            assert position > start, (self._state, position)
        return pieces

    def _take_line(self, data: bytes, start: int) -> int:
        """Take up to one line from `start`, act on it when complete; the position after it."""
        room = self._line_room() - len(self._line)
        end = data.find(b"\n", start, start + room) + 1
        if end == 0:
            if len(data) - start >= room:
                if self._state is _State.TRAILER:
                    raise S3Error("MalformedTrailerError")
                raise _incomplete()
            self._line += data[start:]
            return len(data)
        if self._line:
            line = bytes(self._line) + data[start:end]
            self._line.clear()
        else:
            line = data[start:end]
        if self._state is _State.HEADER:
            self._begin_chunk(line)
        elif self._state is _State.DATA_END:
            if line != b"\r\n":
                raise _incomplete()
            self._state = _State.HEADER
        else:
            self._trailer_room -= len(line)
            self._take_trailer(line[:-2] if line.endswith(b"\r\n") else line[:-1])
        return end

    def _line_room(self) -> int:
        """Bytes a line may have in this state, its line feed included."""
        if self._state is _State.HEADER:
            return CHUNK_HEADER_BYTES_MAX
        return 2 if self._state is _State.DATA_END else self._trailer_room

    def _begin_chunk(self, line: bytes) -> None:
        signer = self._signer
        match = (_UNSIGNED_HEADER if signer is None else _SIGNED_HEADER).fullmatch(line)
        if match is None:
            raise _incomplete()
        size = int(match[1], 16)
        # Said with the header, not at the end, so that no caller stores more than was announced.
        if size > CHUNK_SIZE_BYTES_MAX or self._received + size > self.decoded_length:
            raise _incomplete()
        if signer is not None:
            signer.begin_chunk(match[2])
        self._received += size
        self._remaining = size
        if size:
            self._state = _State.DATA
            return
        if signer is not None:
            signer.end_chunk()
        self._state = _State.TRAILER

    def _end_data(self) -> None:
        if self._signer is not None:
            self._signer.end_chunk()
        self._state = _State.DATA_END

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            if self._signer is None or not self._trailer_names or self._trailer_signed:
                self._state = _State.END
            elif not self._skipped_blank:
                # AWS's documentation, and clients made from it, put an empty line between the
                # trailers and their signature.
                self._skipped_blank = True
            else:
                raise S3Error("MalformedTrailerError")
            return
        raw_name, colon, value = line.partition(b":")
        if not colon or self._trailer_signed or not _TRAILER_NAME.fullmatch(raw_name):
            raise S3Error("MalformedTrailerError")
        raw_name = raw_name.lower()
        value = value.strip(b" ")
        name = raw_name.decode("ascii")
        if self._signer is not None and name == "x-amz-trailer-signature":
            self._signer.check_trailer(self._trailer_lines, value)
            self._trailer_signed = True
            return
        if name not in self._trailer_names or name in self._trailers:
            raise S3Error("MalformedTrailerError")
        self._trailers[name] = value.decode("latin-1")
        self._trailer_lines.append(b"%b:%b\n" % (raw_name, value))

    def _check_after_end(self, rest: bytes) -> None:
        """Some clients end with one line end too many; anything else is not theirs to send."""
        self._after_end += len(rest)
        if self._after_end > _AFTER_END_BYTES_MAX or rest.strip(b"\r\n"):
            raise _incomplete()


def open_decoder(
    head: RequestHead, mode: PayloadMode, *, claim: SignatureClaim | None, signing_key: bytes | None
) -> ChunkedDecoder:
    """The decoder for a request whose `mode.is_chunked`.

    Args:
        claim: the verified claim, None for an anonymous request.
        signing_key: the key that verified it; needed when `mode.has_signed_chunks`.
    Raises:
        S3Error: MissingContentLength without x-amz-decoded-content-length, InvalidArgument if
            that is not a number.
    """
    assert mode.is_chunked, mode
    length = head.header("x-amz-decoded-content-length")
    if length is None:
        raise S3Error("MissingContentLength")
    decoded_length = read_natural(length)
    if decoded_length is None:
        raise S3Error(
            "InvalidArgument",
            "x-amz-decoded-content-length must be a number of bytes",
            details={"ArgumentName": "x-amz-decoded-content-length", "ArgumentValue": length},
        )
    signer = None
    if mode.has_signed_chunks:
        assert claim is not None and signing_key is not None, mode
        signer = ChunkSigner(
            signing_key,
            scope=claim.scope,
            timestamp=claim.timestamp,
            seed_signature=claim.signature,
        )
    trailers: frozenset[str] = frozenset()
    if mode is not PayloadMode.STREAMING_SIGNED:
        names = (head.header("x-amz-trailer") or "").lower().split(",")
        trailers = frozenset(name.strip() for name in names if name.strip())
    return ChunkedDecoder(decoded_length=decoded_length, signer=signer, trailers=trailers)


def _incomplete() -> S3Error:
    return S3Error("IncompleteBody", "The request body terminated unexpectedly")


def _signature_refused(string_to_sign: str, provided: bytes) -> S3Error:
    return S3Error(
        "SignatureDoesNotMatch",
        details={
            "StringToSign": string_to_sign,
            "SignatureProvided": provided.decode("latin-1"),
            "StringToSignBytes": string_to_sign.encode().hex(" "),
        },
    )
