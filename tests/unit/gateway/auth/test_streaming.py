"""aws-chunked bodies: AWS's documented ones, botocore's, and generated ones cut and damaged."""

import hmac
import io
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from zlib import crc32

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.auth.signing import (
    EXAMPLE_KEY,
    EXAMPLE_SCOPE,
    EXAMPLE_TIME_S,
    EXAMPLE_TIMESTAMP,
    request,
)
from tests.unit.gateway.auth.test_sigv4_examples import PUT_CHUNKED
from trioxygen.gateway.auth.payload import PayloadMode
from trioxygen.gateway.auth.sigv4 import payload_mode, read_claim
from trioxygen.gateway.auth.streaming import ChunkedDecoder, ChunkSigner, open_decoder
from trioxygen.gateway.protocol.errors import S3Error

SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
CRC32 = frozenset({"x-amz-checksum-crc32"})
CRC32C = frozenset({"x-amz-checksum-crc32c"})

DOCUMENTED = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature="
    + b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature="
    + b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
DOCUMENTED_WITH_TRAILER = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature="
    + b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature="
    + b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    + b"x-amz-checksum-crc32c:sOO8/Q==%b"
    + b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    + b"%b"
)


def signer(seed: str = SEED) -> ChunkSigner:
    return ChunkSigner(
        EXAMPLE_KEY, scope=EXAMPLE_SCOPE, timestamp=EXAMPLE_TIMESTAMP, seed_signature=seed
    )


def sign(kind: str, *lines: str) -> str:
    text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", EXAMPLE_TIMESTAMP, EXAMPLE_SCOPE, *lines])
    return hmac.digest(EXAMPLE_KEY, text.encode(), "sha256").hex()


def encode(chunks: list[bytes], *, signed: bool, trailers: dict[str, str]) -> bytes:
    """The wire form of the chunks, written independently of the code under test."""
    body, previous = b"", SEED
    for chunk in [*chunks, b""]:
        if signed:
            digests = sha256(b"").hexdigest(), sha256(chunk).hexdigest()
            previous = sign("PAYLOAD", previous, *digests)
            body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode()
        else:
            body += f"{len(chunk):x}\r\n".encode()
        body += chunk + b"\r\n" if chunk else b""
    for name, value in trailers.items():
        body += f"{name}:{value}\r\n".encode()
    if signed and trailers:
        lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
        signature = sign("TRAILER", previous, sha256(lines.encode()).hexdigest())
        body += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


def decode(
    body: bytes,
    *,
    decoded_length: int,
    signed: bool = False,
    trailers: frozenset[str] = frozenset(),
    cuts: list[int] | None = None,
) -> tuple[bytes, dict[str, str]]:
    decoder = ChunkedDecoder(
        decoded_length=decoded_length, signer=signer() if signed else None, trailers=trailers
    )
    payload = b""
    for start, end in pairwise([0, *sorted(cuts or []), len(body)]):
        payload += b"".join(decoder.feed(body[start:end]))
    return payload, decoder.finish()


def refusal(
    body: bytes,
    *,
    decoded_length: int,
    signed: bool = False,
    trailers: frozenset[str] = frozenset(),
) -> str:
    with pytest.raises(S3Error) as caught:
        decode(body, decoded_length=decoded_length, signed=signed, trailers=trailers)
    return caught.value.code


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[bytes], bool, dict[str, str]]:
    chunks = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
    crc = b64encode(crc32(b"".join(chunks)).to_bytes(4, "big")).decode()
    choices = [{}, {"x-amz-checksum-crc32": crc}, {"x-amz-b": "2", "x-amz-a": "1"}]
    return chunks, draw(st.booleans()), draw(st.sampled_from(choices))


def test_documented_body_decodes_with_every_signature_checked() -> None:
    claim = read_claim(PUT_CHUNKED, now_s=EXAMPLE_TIME_S, regions=None)
    mode = payload_mode(PUT_CHUNKED, claim)
    assert mode is PayloadMode.STREAMING_SIGNED
    decoder = open_decoder(PUT_CHUNKED, mode, claim=claim, signing_key=EXAMPLE_KEY)
    assert len(DOCUMENTED) == 66_824
    assert b"".join(decoder.feed(DOCUMENTED)) == b"a" * 66_560
    assert decoder.finish() == {}


@pytest.mark.parametrize("middle", [b"\r\n", b"\n", b"\n\r\n"])
@pytest.mark.parametrize("ending", [b"\r\n\r\n", b"\r\n\r\n\r\n"])
def test_documented_trailer_decodes_in_each_spelling_clients_use(
    middle: bytes, ending: bytes
) -> None:
    body = DOCUMENTED_WITH_TRAILER % (middle, ending)
    payload, trailers = decode(body, decoded_length=66_560, signed=True, trailers=CRC32C)
    assert payload == b"a" * 66_560
    assert trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@given(st.binary(max_size=300), st.integers(1, 100))
def test_body_written_by_botocore_decodes(payload: bytes, chunk_size: int) -> None:
    wrapper = AwsChunkedWrapper(
        io.BytesIO(payload), Crc32Checksum, "x-amz-checksum-crc32", chunk_size
    )
    body = b"".join(iter(wrapper.read, b""))
    crc = b64encode(crc32(payload).to_bytes(4, "big")).decode()
    decoded = decode(body, decoded_length=len(payload), trailers=CRC32)
    assert decoded == (payload, {"x-amz-checksum-crc32": crc})


@given(bodies(), st.data())
def test_payload_does_not_depend_on_how_the_input_is_cut(
    body: tuple[list[bytes], bool, dict[str, str]], data: st.DataObject
) -> None:
    chunks, signed, trailers = body
    wire = encode(chunks, signed=signed, trailers=trailers)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    payload = b"".join(chunks)
    for cut in (cuts, list(range(len(wire)))):
        decoded = decode(
            wire,
            decoded_length=len(payload),
            signed=signed,
            trailers=frozenset(trailers),
            cuts=cut,
        )
        assert decoded == (payload, trailers)


@settings(max_examples=30, deadline=None)
@given(bodies())
def test_any_truncation_is_an_incomplete_body(
    body: tuple[list[bytes], bool, dict[str, str]],
) -> None:
    chunks, signed, trailers = body
    wire = encode(chunks, signed=signed, trailers=trailers)
    length = sum(map(len, chunks))
    for end in range(len(wire)):
        code = refusal(
            wire[:end], decoded_length=length, signed=signed, trailers=frozenset(trailers)
        )
        assert code == "IncompleteBody"


@pytest.mark.parametrize("trailers", [{}, {"x-amz-checksum-crc32": "AAAAAA=="}])
def test_any_flipped_bit_of_a_signed_body_is_refused(trailers: dict[str, str]) -> None:
    chunks = [b"some data\r\n0;", bytes(range(17))]
    wire = encode(chunks, signed=True, trailers=trailers)
    length = sum(map(len, chunks))
    names = trailers.keys() | {"x-amz-trailer-signature"}
    case_is_free = {
        wire.find(name.encode()) + offset for name in names for offset in range(len(name))
    }
    for position in range(len(wire)):
        for bit in range(8):
            # A size and the name of a trailer mean the same in either case.
            letter = chr(wire[position]).isalpha()
            if bit == 5 and letter and (position in case_is_free or position == 0):
                continue
            flipped = bytearray(wire)
            flipped[position] ^= 1 << bit
            code = refusal(
                bytes(flipped), decoded_length=length, signed=True, trailers=frozenset(trailers)
            )
            assert code in {"IncompleteBody", "MalformedTrailerError", "SignatureDoesNotMatch"}


def test_chunks_cannot_be_swapped_dropped_or_repeated() -> None:
    wire = encode([b"aaaa", b"bbbb", b"cccc"], signed=True, trailers={})
    size = len("4;chunk-signature=") + 64 + 2 + 4 + 2
    a, b, c, end = wire[:size], wire[size : 2 * size], wire[2 * size : 3 * size], wire[3 * size :]
    for other in (b + a + c + end, a + c + end, a + a + b + end, end):
        code = refusal(other, decoded_length=12, signed=True)
        assert code == "SignatureDoesNotMatch"


def test_wrong_chunk_signature_is_told_with_the_last_byte_of_the_chunk() -> None:
    wire = encode([b"12345"], signed=True, trailers={}).replace(b"12345", b"12346")
    decoder = ChunkedDecoder(decoded_length=5, signer=signer(), trailers=frozenset())
    last_byte = wire.index(b"12346") + 4
    assert b"".join(decoder.feed(wire[:last_byte])) == b"1234"
    with pytest.raises(S3Error) as caught:
        decoder.feed(wire[last_byte:])
    assert caught.value.code == "SignatureDoesNotMatch"
    assert caught.value.details["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n")
    with pytest.raises(S3Error):
        decoder.finish()


def test_several_signed_trailers_may_be_signed_sorted_or_in_their_order() -> None:
    trailers = {"x-amz-b": "2", "x-amz-a": "1"}
    wire = encode([b"x"], signed=True, trailers=trailers)
    names = frozenset(trailers)
    assert decode(wire, decoded_length=1, signed=True, trailers=names) == (b"x", trailers)
    swapped = wire.replace(b"x-amz-b:2\r\nx-amz-a:1\r\n", b"x-amz-a:1\r\nx-amz-b:2\r\n")
    assert refusal(swapped, decoded_length=1, signed=True, trailers=names) == (
        "SignatureDoesNotMatch"
    )
    wire = encode([b"x"], signed=True, trailers=dict(sorted(trailers.items())))
    swapped = wire.replace(b"x-amz-a:1\r\nx-amz-b:2\r\n", b"x-amz-b:2\r\nx-amz-a:1\r\n")
    assert decode(swapped, decoded_length=1, signed=True, trailers=names) == (b"x", trailers)


@pytest.mark.parametrize("decoded_length", [0, 4, 6, 5 * 1024**3])
def test_body_of_another_length_than_announced_is_incomplete(decoded_length: int) -> None:
    assert refusal(b"5\r\nhello\r\n0\r\n\r\n", decoded_length=decoded_length) == "IncompleteBody"


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"x\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhelloo\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"00000000000000005\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\nmore",
        b"5\r\nhello\r\n0\r\n\r\n" + b"\r\n" * 5,
    ],
)
def test_malformed_framing_is_an_incomplete_body(body: bytes) -> None:
    assert refusal(body, decoded_length=5) == "IncompleteBody"


def test_chunk_larger_than_any_object_part_is_refused() -> None:
    assert refusal(b"140000001\r\n", decoded_length=2**63) == "IncompleteBody"


def test_chunk_without_signature_is_refused_when_chunks_are_signed() -> None:
    assert refusal(b"0\r\n\r\n", decoded_length=0, signed=True) == "IncompleteBody"
    assert refusal(b"0;chunk-signature=\r\n\r\n", decoded_length=0, signed=True) == (
        "SignatureDoesNotMatch"
    )


def test_chunk_extension_is_ignored_when_chunks_are_unsigned() -> None:
    body = b"5;chunk-signature=00\r\nhello\r\n0;a=b\r\n\r\n"
    assert decode(body, decoded_length=5) == (b"hello", {})


@pytest.mark.parametrize(
    "section",
    [
        b"\r\n",
        b"x-amz-checksum-crc32c:AA==\r\n\r\n",
        b"x-amz-checksum-crc32:AA==\r\nx-amz-meta-a:1\r\n\r\n",
        b"x-amz-checksum-crc32:AA==\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
        b"x-amz-checksum-crc32:AA==\r\nx-amz-trailer-signature:00\r\n\r\n",
        b"x-amz-checksum-crc32AA==\r\n\r\n",
        b"x-amz-checksum-crc32 :AA==\r\n\r\n",
        b":AA==\r\n\r\n",
    ],
)
def test_trailers_other_than_the_declared_ones_are_malformed(section: bytes) -> None:
    code = refusal(b"0\r\n" + section, decoded_length=0, trailers=CRC32)
    assert code == "MalformedTrailerError"


def test_trailer_name_is_answered_in_lower_case_without_spaces_around_its_value() -> None:
    body = b"0\r\nX-Amz-Checksum-CRC32:  AA== \r\n\r\n"
    expected = {"x-amz-checksum-crc32": "AA=="}
    assert decode(body, decoded_length=0, trailers=CRC32) == (b"", expected)


def test_signed_trailers_without_their_signature_are_malformed() -> None:
    wire = encode([], signed=True, trailers={"x-amz-checksum-crc32": "AA=="})
    without = wire[: wire.index(b"x-amz-trailer-signature")] + b"\r\n\r\n"
    assert refusal(without, decoded_length=0, signed=True, trailers=CRC32) == (
        "MalformedTrailerError"
    )


def test_nothing_may_follow_the_trailer_signature() -> None:
    wire = encode([], signed=True, trailers={"x-amz-checksum-crc32": "AA=="})
    body = wire[:-2] + b"x-amz-checksum-crc32:BB==\r\n\r\n"
    assert refusal(body, decoded_length=0, signed=True, trailers=CRC32) == "MalformedTrailerError"


def test_endless_chunk_header_and_trailer_are_cut_off() -> None:
    decoder = ChunkedDecoder(decoded_length=1, signer=None, trailers=frozenset())
    with pytest.raises(S3Error) as caught:
        for _ in range(5):
            decoder.feed(b"0" * 1024)
    assert caught.value.code == "IncompleteBody"
    decoder = ChunkedDecoder(decoded_length=0, signer=None, trailers=CRC32)
    decoder.feed(b"0\r\n")
    with pytest.raises(S3Error) as caught:
        for _ in range(9):
            decoder.feed(b"x" * 1024)
    assert caught.value.code == "MalformedTrailerError"


def test_payload_is_given_as_views_of_the_input() -> None:
    decoder = ChunkedDecoder(decoded_length=8, signer=None, trailers=frozenset())
    data = b"4\r\nabcd\r\n4\r\nef"
    pieces = decoder.feed(data)
    assert [bytes(piece) for piece in pieces] == [b"abcd", b"ef"]
    assert all(piece.obj is data for piece in pieces)


def test_decoder_needs_the_decoded_length() -> None:
    mode = PayloadMode.STREAMING_UNSIGNED_TRAILER
    for headers, code in (
        ({}, "MissingContentLength"),
        ({"x-amz-decoded-content-length": "-1"}, "InvalidArgument"),
        ({"x-amz-decoded-content-length": "1e3"}, "InvalidArgument"),
    ):
        with pytest.raises(S3Error) as caught:
            open_decoder(request("PUT", headers=headers), mode, claim=None, signing_key=None)
        assert caught.value.code == code


def test_decoder_takes_the_declared_trailers_from_the_head() -> None:
    head = request(
        "PUT",
        headers={
            "x-amz-decoded-content-length": "5",
            "x-amz-trailer": "X-Amz-Checksum-CRC32, ",
        },
    )
    mode = PayloadMode.STREAMING_UNSIGNED_TRAILER
    decoder = open_decoder(head, mode, claim=None, signing_key=None)
    decoder.feed(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n")
    assert decoder.finish() == {"x-amz-checksum-crc32": "NhCmhg=="}
