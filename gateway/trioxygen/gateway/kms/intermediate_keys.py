"""Intermediate keys of a KMS that is asked over a network: how one travels with what it wraps, and
those that are kept for a while. No I/O."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trioxygen.common.errors import ChecksumMismatch, TrioxygenError

_LENGTH_BYTES: Final = 2
_KEPT_MAX: Final = 10_000
# A refusal is not asked for again at once.
_REFUSED_MS: Final = 1_000.0


def joined(intermediate: bytes, sealed: bytes) -> bytes:
    """Args: intermediate: the key, as it is wrapped itself."""
    return len(intermediate).to_bytes(_LENGTH_BYTES, "big") + intermediate + sealed


def parted(data: bytes) -> tuple[bytes, bytes]:
    """Of `joined`. Raises: ChecksumMismatch: it is none."""
    end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "big")
    if not _LENGTH_BYTES < end < len(data):
        raise ChecksumMismatch("a wrapped key has no intermediate key")
    return data[_LENGTH_BYTES:end], data[end:]


@dataclass(frozen=True, slots=True)
class _Kept:
    result: AESSIV | TrioxygenError = field(repr=False)
    end_ms: float


class OpenedKeys:
    """By master key and wrapped form; the oldest go when there are too many.

    Args:
        keep_ms: after which one is asked for again: the master key may have been disabled.
    """

    def __init__(self, *, keep_ms: float, now_ms: Callable[[], float]) -> None:
        self._keep_ms, self._now_ms = keep_ms, now_ms
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()

    def get(self, key_id: str, form: bytes) -> AESSIV | TrioxygenError | None:
        kept = self._kept.get((key_id, form))
        if kept is None:
            return None
        if self._now_ms() >= kept.end_ms:
            del self._kept[key_id, form]
            return None
        return kept.result

    def put(self, key_id: str, form: bytes, result: AESSIV | TrioxygenError) -> None:
        keep_ms = _REFUSED_MS if isinstance(result, TrioxygenError) else self._keep_ms
        self._kept[key_id, form] = _Kept(result, self._now_ms() + keep_ms)
        self._kept.move_to_end((key_id, form))
        while len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
