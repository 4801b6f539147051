"""The SCM's keys of block tokens, as a process knows them: in its memory alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from trioxygen.common.block_token import (
    ALL_BLOCKS,
    BlockToken,
    Operation,
    signed,
)
from trioxygen.common.clock import Clock


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Attributes: signs_from_ms: by the monotonic clock; before, not everybody has it."""

    key_id: int
    secret: bytes = field(repr=False)
    signs_from_ms: float


class KeyRing:
    """Those that count, the oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: tuple[TokenKey, ...] = ()
        self._secrets: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def replace(self, keys: Iterable[TokenKey]) -> None:
        """No others count any more."""
        self._keys = tuple(keys)
        self._secrets = {key.key_id: key.secret for key in self._keys}

    def secret(self, key_id: int) -> bytes | None:
        """None: the key does not count."""
        return self._secrets.get(key_id)

    def signing(self) -> TokenKey | None:
        """The newest that everybody has; of those that nobody may have yet, the oldest. None: there
        is none at all."""
        now_ms = self._clock.monotonic_ms()
        for key in reversed(self._keys):
            if key.signs_from_ms <= now_ms:
                return key
        return self._keys[0] if self._keys else None


def signed_token(
    ring: KeyRing,
    client: str,
    operations: Operation,
    container: int,
    *,
    first_local: int = 0,
    blocks: int = ALL_BLOCKS,
) -> bytes:
    """For a client, as its connections show it. Empty: there is no key."""
    key = ring.signing()
    if key is None:
        return b""
    token = BlockToken(key.key_id, container, first_local, blocks, operations, client)
    return signed(token, key.secret)
