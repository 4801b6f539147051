"""Checksums of S3 and of storage framing: computing, combining, naming. No requests, no base64.

Every function takes bytes or a C-contiguous memoryview of any length (tried beyond 2 GiB); a
memoryview that is not contiguous is a BufferError. Large input releases the GIL and is not copied,
but for XXHASH, whose binding takes nothing but bytes. Digests are big-endian bytes, as S3 sends
them; of XXHASH that is the canonical form of its specification.
Source: S3 user guide, "Checking object integrity".
"""

import hashlib
from collections.abc import Callable, Sequence
from enum import Enum, unique
from typing import Final, Protocol, Self, cast

import _awscrt  # type: ignore[import-not-found]
from awscrt import checksums

from trioxygen.common.units import MIB

Buffer = bytes | bytearray | memoryview


@unique
class ChecksumType(Enum):
    """What a multipart object's checksum covers: its parts' digests, or its bytes."""

    COMPOSITE = "COMPOSITE"
    FULL_OBJECT = "FULL_OBJECT"


@unique
class Algorithm(Enum):
    """The algorithms of the S3 API this store computes; the value is the API's name.

    digest_size_bytes: 4 to 64.
    header: lower-case name of the header (or trailer) that carries the base64 digest.
    composable: a checksum of the whole can be computed from those of the parts.
    """

    digest_size_bytes: int
    header: str
    composable: bool

    CRC32 = ("CRC32", 4, True)
    CRC32C = ("CRC32C", 4, True)
    CRC64NVME = ("CRC64NVME", 8, True)
    SHA1 = ("SHA1", 20, False)
    SHA256 = ("SHA256", 32, False)
    SHA512 = ("SHA512", 64, False)
    MD5 = ("MD5", 16, False)
    XXHASH64 = ("XXHASH64", 8, False)
    XXHASH3 = ("XXHASH3", 8, False)
    XXHASH128 = ("XXHASH128", 16, False)

    def __new__(cls, name: str, digest_size_bytes: int, composable: bool) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.digest_size_bytes = digest_size_bytes
        member.header = f"x-amz-checksum-{name.lower()}"
        member.composable = composable
        return member


ALGORITHM_BY_NAME: Final[dict[str, Algorithm]] = {member.value: member for member in Algorithm}
ALGORITHM_BY_HEADER: Final[dict[str, Algorithm]] = {member.header: member for member in Algorithm}


class Hasher(Protocol):
    """A running digest; `digest` may be called at any time and does not end it."""

    def update(self, data: Buffer, /) -> None: ...

    def digest(self) -> bytes: ...


_CrcFunction = Callable[[Buffer, int], int]

# awscrt's annotations say bytes; it takes any contiguous buffer (tested).
_CRC: Final[dict[Algorithm, _CrcFunction]] = {
    Algorithm.CRC32: cast(_CrcFunction, checksums.crc32),
    Algorithm.CRC32C: cast(_CrcFunction, checksums.crc32c),
    Algorithm.CRC64NVME: cast(_CrcFunction, checksums.crc64nvme),
}
_CRC32C: Final = _CRC[Algorithm.CRC32C]


def crc32c(data: Buffer, previous: int = 0) -> int:
    """CRC-32C (Castagnoli) of `data`, continuing from the value `previous`."""
    return _CRC32C(data, previous)


# (data, value so far) -> value. The binding's own function: what wraps it costs as much as the CRC
# of a small row.
raw_crc32c: Final[Callable[[Buffer, int], int]] = _awscrt.checksums_crc32c


_COMBINE: Final[dict[Algorithm, Callable[[int, int, int], int]]] = {
    Algorithm.CRC32: checksums.combine_crc32,
    Algorithm.CRC32C: checksums.combine_crc32c,
    Algorithm.CRC64NVME: checksums.combine_crc64nvme,
}


class _Crc:
    __slots__ = ("_function", "_size_bytes", "_value")

    def __init__(self, algorithm: Algorithm) -> None:
        self._function = _CRC[algorithm]
        self._size_bytes = algorithm.digest_size_bytes
        self._value = 0

    def update(self, data: Buffer, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


class _XxHash:
    """Views are copied in steps, so that one of GiBs takes no memory."""

    __slots__ = ("_running",)

    def __init__(self, running: checksums.XXHash) -> None:
        self._running = running

    def update(self, data: Buffer, /) -> None:
        if isinstance(data, bytes):
            self._running.update(data)
            return
        view = memoryview(data)
        if not view.c_contiguous:
            raise BufferError("the view is not C-contiguous")
        view = view.cast("B")
        for start in range(0, len(view), _COPIED_BYTES):
            self._running.update(bytes(view[start : start + _COPIED_BYTES]))

    def digest(self) -> bytes:
        digest: bytes = self._running.finalize()
        return digest


_COPIED_BYTES: Final = MIB
_NEW: Final[dict[Algorithm, Callable[[], Hasher]]] = {
    Algorithm.SHA1: lambda: hashlib.sha1(usedforsecurity=False),
    Algorithm.SHA256: lambda: hashlib.sha256(usedforsecurity=False),
    Algorithm.SHA512: lambda: hashlib.sha512(usedforsecurity=False),
    Algorithm.MD5: lambda: hashlib.md5(usedforsecurity=False),
    Algorithm.XXHASH64: lambda: _XxHash(checksums.XXHash.new_xxhash64()),
    Algorithm.XXHASH3: lambda: _XxHash(checksums.XXHash.new_xxhash3_64()),
    Algorithm.XXHASH128: lambda: _XxHash(checksums.XXHash.new_xxhash3_128()),
}


def new(algorithm: Algorithm) -> Hasher:
    """A hasher that has seen no bytes."""
    return _Crc(algorithm) if algorithm in _CRC else _NEW[algorithm]()


def digest_of(algorithm: Algorithm, data: Buffer) -> bytes:
    """The digest of one buffer."""
    hasher = new(algorithm)
    hasher.update(data)
    return hasher.digest()


def combine(algorithm: Algorithm, parts: Sequence[tuple[bytes, int]]) -> bytes:
    """The checksum of a whole object (FULL_OBJECT) from those of its parts.

    Args:
        algorithm: a composable one (a CRC); another is a programming error.
        parts: (digest, size in bytes), in object order; none means an empty object.
    """
    assert algorithm.composable, algorithm
    function = _COMBINE[algorithm]
    whole = 0
    for digest, size_bytes in parts:
        assert len(digest) == algorithm.digest_size_bytes, (algorithm, len(digest))
        assert size_bytes >= 0, size_bytes
        whole = function(whole, int.from_bytes(digest, "big"), size_bytes)
    return whole.to_bytes(algorithm.digest_size_bytes, "big")


def composite(algorithm: Algorithm, digests: Sequence[bytes]) -> bytes:
    """The checksum of checksums (COMPOSITE) of a multipart object; S3 shows it as `<base64>-<N>`.

    Args:
        digests: raw digests of the parts, in object order.
    """
    assert all(len(digest) == algorithm.digest_size_bytes for digest in digests), algorithm
    return digest_of(algorithm, b"".join(digests))
