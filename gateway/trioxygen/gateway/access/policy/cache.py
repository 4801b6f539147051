"""Policies that were read, by their text: the same one is attached to many, and fetched again and
again."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.identity_policy import (
    read_identity_policy,
    read_session_policy,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.trust_policy import read_trust_policy

# What a policy that was read takes, measured, for a byte of its text and besides.
_BYTES_FOR_A_BYTE: Final = 32
_BYTES_BESIDES: Final = 4_096


class PolicyCache:
    """Of one process; the ones that were asked for least lately go first. Refusals are not kept:
    nobody stores such policies.

    Args:
        bytes_max: of memory, about; what alone is larger is read each time.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self._bytes = bytes_max, 0
        self._policies: OrderedDict[bytes, tuple[CompiledPolicy, int]] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def bucket_policy(self, document: bytes, bucket: str) -> CompiledPolicy:
        """Raises S3Error: MalformedPolicy."""
        kind = b"bucket " + bucket.encode()
        return self._get(kind, document, lambda: read_bucket_policy(document, bucket))

    def identity_policy(self, text: str) -> CompiledPolicy:
        """Raises PolicyFault."""
        return self._get(b"identity", text.encode(), lambda: read_identity_policy(text))

    def session_policy(self, text: str) -> CompiledPolicy:
        """Raises PolicyFault."""
        return self._get(b"session", text.encode(), lambda: read_session_policy(text))

    def trust_policy(self, text: str) -> CompiledPolicy:
        """Raises PolicyFault."""
        return self._get(b"trust", text.encode(), lambda: read_trust_policy(text))

    def _get(self, kind: bytes, text: bytes, read: Callable[[], CompiledPolicy]) -> CompiledPolicy:
        # No kind and no bucket's name holds a zero.
        key = hashlib.sha256(kind + b"\0" + text).digest()
        kept = self._policies.get(key)
        if kept is not None:
            self._policies.move_to_end(key)
            return kept[0]
        policy = read()
        cost = _BYTES_BESIDES + _BYTES_FOR_A_BYTE * len(text)
        if cost <= self._bytes_max:
            self._policies[key] = policy, cost
            self._bytes += cost
            while self._bytes > self._bytes_max:
                _, (_, freed) = self._policies.popitem(last=False)
                self._bytes -= freed
        return policy
