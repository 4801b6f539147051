"""Checksum demands of a request, and checksums in answers. Reads headers; computes nothing.

A value that is no digest of the algorithm is InvalidRequest, one that does not match BadDigest.
Source: S3 user guide, "Checking object integrity"; S3 API, PutObject, CreateMultipartUpload.
"""

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Final

from trioxygen.common.checksum import (
    ALGORITHM_BY_HEADER,
    ALGORITHM_BY_NAME,
    Algorithm,
    ChecksumType,
)
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import natural_up_to
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.store.values.uploads import UploadChecksum

_PREFIX: Final = "x-amz-checksum-"
# Headers that begin so and carry no digest.
_SETTINGS: Final = frozenset(
    {"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"}
)
_KNOWN: Final = ", ".join(sorted(ALGORITHM_BY_NAME))
_MD5_BYTES: Final = 16
# The types a multipart upload can have, the default first; of other algorithms: COMPOSITE.
_TYPES: Final[dict[Algorithm, tuple[ChecksumType, ...]]] = {
    Algorithm.CRC32: (ChecksumType.COMPOSITE, ChecksumType.FULL_OBJECT),
    Algorithm.CRC32C: (ChecksumType.COMPOSITE, ChecksumType.FULL_OBJECT),
    Algorithm.CRC64NVME: (ChecksumType.FULL_OBJECT,),
}
_COMPOSITE_ONLY: Final = (ChecksumType.COMPOSITE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksumRequest:
    """The checksum to compute over one body (PutObject, UploadPart, DeleteObjects).

    expected: the digest the body must have, from a header.
    trailer: lower-case name of the trailer field that will carry the expected digest.
    Invariants: (1) not both are given; (2) neither: nobody asked, and the store computes its
    default for itself.
    """

    algorithm: Algorithm
    expected: bytes | None = None
    trailer: str | None = None

    @property
    def by_client(self) -> bool:
        """Whether the client, and not the store, chose the algorithm."""
        return self.expected is not None or self.trailer is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChecksum:
    """A checksum as answers show it, or as CompleteMultipartUpload claims it.

    type: None where none is shown or claimed (UploadPart).
    part_count: of a COMPOSITE one of a whole object, shown as ``<base64>-<N>``.
    """

    algorithm: Algorithm
    digest: bytes
    type: ChecksumType | None = None
    part_count: int | None = None

    @property
    def text(self) -> str:
        """As headers and documents show it."""
        encoded = b64encode(self.digest).decode()
        return encoded if self.part_count is None else f"{encoded}-{self.part_count}"


DEFAULT_REQUEST: Final = ChecksumRequest(algorithm=Algorithm.CRC64NVME)


def _invalid_header(name: str) -> S3Error:
    return S3Error(
        "InvalidRequest",
        f"Value for {name} header is invalid.",
        case=Case.CHECKSUM_IS_ILL_FORMED,
    )


def decoded_digest(algorithm: Algorithm, value: str) -> bytes | None:
    """None: it is not base64 of a digest of the algorithm's."""
    try:
        digest = a2b_base64(value.encode("latin-1", "replace"), strict_mode=True)
    except Base64Error:
        return None
    return digest if len(digest) == algorithm.digest_size_bytes else None


def parse_digest(algorithm: Algorithm, value: str) -> bytes:
    """Raw digest from base64, of the algorithm's header.

    Raises:
        S3Error: InvalidRequest.
    """
    return _digest(algorithm, value, algorithm.header)


def parse_trailer(algorithm: Algorithm, value: str) -> bytes:
    """The same of a trailer."""
    return _digest(algorithm, value, f"{algorithm.header} trailing")


def _digest(algorithm: Algorithm, value: str, name: str) -> bytes:
    digest = decoded_digest(algorithm, value)
    if digest is None:
        raise _invalid_header(name)
    return digest


def parse_algorithm(name: str) -> Algorithm:
    """The algorithm of that name, upper or lower case.

    Raises:
        S3Error: InvalidRequest, listing the algorithms there are.
    """
    algorithm = ALGORITHM_BY_NAME.get(name.upper())
    if algorithm is None:
        raise S3Error(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid"
            f" types: [{_KNOWN}]",
        )
    return algorithm


def is_digest_header(name: str) -> bool:
    """Whether the header of that lower-case name carries a digest, be it of an algorithm that is
    not known."""
    return name.startswith(_PREFIX) and name not in _SETTINGS


def _digest_header(head: RequestHeaders) -> tuple[Algorithm, str] | None:
    """The one ``x-amz-checksum-<algorithm>`` header, undecoded."""
    sent = [pair for pair in head.headers_with_prefix(_PREFIX) if is_digest_header(pair[0])]
    if not sent:
        return None
    if len(sent) > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    [(name, value)] = sent
    algorithm = ALGORITHM_BY_HEADER.get(name)
    if algorithm is None:
        raise S3Error(
            "InvalidRequest",
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        )
    return algorithm, value


def _trailer_algorithm(head: RequestHeaders) -> Algorithm | None:
    value = head.header("x-amz-trailer")
    if not value:
        return None
    algorithm = ALGORITHM_BY_HEADER.get(value.strip().lower())
    if algorithm is None:
        raise S3Error(
            "InvalidRequest",
            "The value specified in the x-amz-trailer header is not supported",
        )
    return algorithm


def read_checksum_request(head: RequestHeaders) -> ChecksumRequest:
    """The checksum that a request with a body asks to be verified and stored.

    Returns:
        `DEFAULT_REQUEST` (CRC64NVME, nothing expected) when the client asks for none.
    Raises:
        S3Error: InvalidRequest.
    """
    sent = _digest_header(head)
    trailer = _trailer_algorithm(head)
    named = head.header("x-amz-sdk-checksum-algorithm")
    chosen = None if not named else parse_algorithm(named)
    if sent is None and trailer is None:
        if chosen is not None:
            raise S3Error(
                "InvalidRequest",
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or"
                " x-amz-trailer headers were found.",
            )
        return DEFAULT_REQUEST
    if sent is not None and trailer is not None:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    algorithm = sent[0] if sent is not None else trailer
    assert algorithm is not None
    if chosen not in (None, algorithm):
        raise _invalid_header("x-amz-sdk-checksum-algorithm")
    if sent is None:
        return ChecksumRequest(algorithm=algorithm, trailer=algorithm.header)
    return ChecksumRequest(algorithm=algorithm, expected=parse_digest(algorithm, sent[1]))


def _checksum_type(head: RequestHeaders) -> ChecksumType | None:
    value = head.header("x-amz-checksum-type")
    if not value:
        return None
    try:
        return ChecksumType(value.upper())
    except ValueError:
        raise _invalid_header("x-amz-checksum-type") from None


def read_upload_checksum(head: RequestHeaders) -> UploadChecksum | None:
    """What CreateMultipartUpload asks for, or None: the store's default, CRC64NVME of the whole.

    Raises:
        S3Error: InvalidRequest, for an unknown algorithm or a type that it cannot have.
    """
    name = head.header("x-amz-checksum-algorithm")
    wanted = _checksum_type(head)
    if not name:
        if wanted is not None:
            raise S3Error(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm"
                " header.",
            )
        return None
    algorithm = parse_algorithm(name)
    possible = _TYPES.get(algorithm, _COMPOSITE_ONLY)
    if wanted is not None and wanted not in possible:
        raise S3Error(
            "InvalidRequest",
            f"The {wanted.value} checksum type cannot be used with the {algorithm.value.lower()}"
            " checksum algorithm.",
        )
    return UploadChecksum(algorithm=algorithm, type=wanted or possible[0])


def read_copy_algorithm(head: RequestHeaders) -> Algorithm | None:
    """The algorithm CopyObject is to compute for its target; None: that of the source.

    Raises:
        S3Error: InvalidRequest, for an unknown algorithm.
    """
    name = head.header("x-amz-checksum-algorithm")
    return parse_algorithm(name) if name else None


def read_complete_claim(head: RequestHeaders) -> ObjectChecksum | None:
    """The checksum of the whole that CompleteMultipartUpload claims; the caller compares.

    A COMPOSITE one may come with or without its ``-<N>``: compare `part_count` only when given.

    Raises:
        S3Error: InvalidRequest.
    """
    sent = _digest_header(head)
    if sent is None:
        return None
    algorithm, value = sent
    encoded, dash, count = value.partition("-")
    digest = parse_digest(algorithm, encoded)
    wanted = _checksum_type(head)
    if not dash:
        return ObjectChecksum(algorithm=algorithm, digest=digest, type=wanted)
    part_count = natural_up_to(count, PART_NUMBER_MAX)
    if part_count is None:
        raise _invalid_header(algorithm.header)
    return ObjectChecksum(algorithm=algorithm, digest=digest, type=wanted, part_count=part_count)


def read_content_md5(head: RequestHeaders) -> bytes | None:
    """The 16 bytes of Content-MD5, or None when it was not sent.

    Raises:
        S3Error: InvalidDigest, for anything but base64 of 16 bytes (an empty value included).
    """
    value = head.header("content-md5")
    if value is None:
        return None
    try:
        digest = a2b_base64(value.encode("latin-1", "replace"), strict_mode=True)
    except Base64Error:
        digest = b""
    if len(digest) != _MD5_BYTES:
        raise S3Error(
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
            details={"Content-MD5": value},
        )
    return digest


def wants_checksums(head: RequestHeaders) -> bool:
    """Whether a GET or HEAD asks for checksum headers (``x-amz-checksum-mode: ENABLED``).

    Raises:
        S3Error: InvalidRequest, for any other value.
    """
    mode = head.header("x-amz-checksum-mode")
    if mode is None:
        return False
    if mode.upper() != "ENABLED":
        raise _invalid_header("x-amz-checksum-mode")
    return True


def checksum_mismatch(algorithm: Algorithm) -> S3Error:
    """The body's checksum is not the one the client gave."""
    return S3Error(
        "BadDigest",
        f"The {algorithm.value} you specified did not match the calculated checksum.",
    )


def type_mismatch(expected: Algorithm, actual: Algorithm | None) -> S3Error:
    """A part came with another checksum than its upload's, or with none."""
    return S3Error(
        "InvalidRequest",
        f"Checksum Type mismatch occurred, expected checksum Type: {expected.value.lower()}, actual"
        f" checksum Type: {'null' if actual is None else actual.value.lower()}",
    )


def content_md5_mismatch(*, expected: bytes, calculated: bytes) -> S3Error:
    """The body's MD5 is not the one of Content-MD5."""
    return S3Error(
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        details={
            "ExpectedDigest": b64encode(expected).decode(),
            "CalculatedDigest": b64encode(calculated).decode(),
        },
    )


def checksum_headers(checksum: ObjectChecksum) -> list[tuple[bytes, bytes]]:
    """Response headers of PUT, GET and HEAD: the digest, and its type where it has one."""
    headers = [(checksum.algorithm.header.encode(), checksum.text.encode())]
    if checksum.type is not None:
        headers.append((b"x-amz-checksum-type", checksum.type.value.encode()))
    return headers
