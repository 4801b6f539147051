"""Digests of bodies: all that are wanted, in one pass."""

import hashlib
from collections.abc import Iterable

from trioxygen.common.checksum import Algorithm, Hasher, new
from trioxygen.common.disk import Buffer


class Digests:
    """Everything that is computed over a body in one pass.

    Args:
        md5, sha256: whether they are wanted.
        algorithms: of S3 checksums.
    """

    __slots__ = ("_all", "_checksums", "_md5", "_sha256")

    def __init__(self, *, md5: bool, sha256: bool, algorithms: Iterable[Algorithm]) -> None:
        self._md5: Hasher | None = hashlib.md5(usedforsecurity=False) if md5 else None
        self._sha256: Hasher | None = hashlib.sha256() if sha256 else None
        self._checksums: dict[Algorithm, Hasher] = {}
        for algorithm in algorithms:
            # One digest serves the payload's signature, or its ETag, and the checksum.
            shared = {Algorithm.SHA256: self._sha256, Algorithm.MD5: self._md5}.get(algorithm)
            self._checksums[algorithm] = shared or new(algorithm)
        seen = (self._md5, self._sha256, *self._checksums.values())
        self._all = list({id(hasher): hasher for hasher in seen if hasher is not None}.values())

    def update(self, pieces: Iterable[Buffer]) -> None:
        for piece in pieces:
            for hasher in self._all:
                hasher.update(piece)

    @property
    def md5(self) -> bytes:
        assert self._md5 is not None
        return self._md5.digest()

    @property
    def sha256(self) -> bytes:
        assert self._sha256 is not None
        return self._sha256.digest()

    def checksum(self, algorithm: Algorithm) -> bytes:
        return self._checksums[algorithm].digest()
