"""The KMS as its users see it: it wraps the keys of pieces with a master key, and unwraps them.

Master keys never leave a KMS; nothing of S3's headers is known here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from trioxygen.common.errors import NoSuchKmsKey

PIECE_KEY_BYTES: Final = 32
# What AWS calls its own key for S3, where a request for SSE-KMS names none.
_DEFAULT_ALIAS: Final = "aws/s3"
_ARN: Final = re.compile(r"arn:[a-z0-9-]+:kms:[a-z0-9-]*:[0-9]*:(key|alias)/(.+)", re.DOTALL)
KEY_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?")
_NAME_SHOWN_MAX: Final = 256


class WrappedKey(NamedTuple):
    """A key of a piece, as it is kept beside the piece.

    Attributes:
        master_key: `id:version` of what wraps it.
        sealed: as its KMS made it; of use with the same encryption context alone.
    """

    master_key: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class KeyDescription:
    key_id: str
    arn: str


class Kms(Protocol):
    """Names of master keys are as S3's header has them: an id, an alias, the ARN of either; empty:
    the default key.

    All raise: NoSuchKmsKey, KmsKeyDisabled, KmsUnavailable.
    """

    async def describe(self, key_name: str) -> KeyDescription:
        """What a name stands for. A key that could not be used for writing is refused."""
        ...

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        """Args:
        context: the encryption context; the same bytes are needed to unwrap.
        keys: of pieces, 32 random bytes each.
        """
        ...

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        """Raises: ChecksumMismatch: one was not wrapped so, or with another context."""
        ...


def key_id_of(key_name: str, default: str) -> str:
    """The id in a name. Key ids are names here, so an alias is the key that is called so.

    Raises: NoSuchKmsKey: no key can be called so."""
    kind, key_id = "key", key_name
    if (whole := _ARN.fullmatch(key_name)) is not None:
        kind, key_id = whole[1], whole[2]
    elif key_name.startswith("alias/"):
        kind, key_id = "alias", key_name.removeprefix("alias/")
    if not key_name or (kind == "alias" and key_id == _DEFAULT_ALIAS):
        return default
    if KEY_ID.fullmatch(key_id) is None:
        raise NoSuchKmsKey(key_id=key_name[:_NAME_SHOWN_MAX])
    return key_id


@dataclass(frozen=True, slots=True)
class ArnPlace:
    """Where master keys are said to be, in ARNs."""

    region: str = "us-east-1"
    account: str = "000000000000"

    def described(self, key_id: str) -> KeyDescription:
        return KeyDescription(key_id, f"arn:aws:kms:{self.region}:{self.account}:key/{key_id}")
