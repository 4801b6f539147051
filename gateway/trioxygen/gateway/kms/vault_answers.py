"""What Vault's answers mean. Pure.

Source: Vault API documentation, "HTTP API", status codes; "Transit secrets engine". A batch is
answered with its results also where some or all of them failed, whatever the status is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trioxygen.common.errors import (
    ChecksumMismatch,
    KmsKeyDisabled,
    KmsUnavailable,
    NoSuchKmsKey,
    TrioxygenError,
)

_REASON_MAX: Final = 200
# A standby that is behind; too many requests; standbys that do not serve.
_BUSY: Final = (412, 429, 472, 473)
_CIPHERS: Final = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305")


class VaultBusy(KmsUnavailable):
    """It may serve the same call in a moment."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    data: bytes = field(repr=False)

    def body(self) -> Mapping[str, Any]:
        """Empty: it is not JSON, as of something that stands before Vault."""
        try:
            parsed = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def errors(self) -> str:
        """What Vault says was wrong; it has nothing of what was to be kept secret."""
        listed = self.body().get("errors")
        texts = listed if isinstance(listed, list) else []
        return "; ".join(str(text) for text in texts)[:_REASON_MAX]


@dataclass(frozen=True, slots=True)
class TransitKey:
    name: str
    is_derived: bool


def key_of(answer: Answer, name: str) -> TransitKey:
    """Raises: KmsKeyDisabled: it does not encrypt."""
    data = answer.body().get("data")
    if not isinstance(data, dict) or "type" not in data:
        raise KmsUnavailable("Vault's answer is not one of the transit engine")
    if data["type"] not in _CIPHERS or data.get("soft_deleted"):
        raise KmsKeyDisabled(key_id=name)
    return TransitKey(name, bool(data.get("derived")))


def batch_of(answer: Answer) -> Sequence[Mapping[str, Any]] | None:
    """None: the whole batch was refused."""
    data = answer.body().get("data")
    results = data.get("batch_results") if isinstance(data, dict) else None
    if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
        return None
    return results


def error_of_answer(answer: Answer, name: str) -> TrioxygenError:
    """Of one that is not what was asked for."""
    status, said = answer.status, answer.errors()
    if status == 404 and not said:
        return NoSuchKmsKey(key_id=name)
    if status == 403:
        return KmsUnavailable("Vault refuses the gateway's token", status=status)
    if status == 400 and said:
        return _error_of(said, name)
    busy = status in _BUSY or status >= 500
    kind = VaultBusy if busy else KmsUnavailable
    return kind(said or "Vault's answer is not one of the transit engine", status=status)


def error_of_item(item: Mapping[str, Any], name: str) -> TrioxygenError:
    return _error_of(str(item.get("error", ""))[:_REASON_MAX], name)


def _error_of(said: str, name: str) -> TrioxygenError:
    if "key not found" in said or "policy not found" in said:
        return NoSuchKmsKey(key_id=name)
    if "too old" in said or "soft deleted" in said or "soft-deleted" in said:
        return KmsKeyDisabled(key_id=name)
    if "authentication failed" in said or "invalid ciphertext" in said:
        return ChecksumMismatch("a wrapped key is not what Vault wrapped", key_id=name)
    return KmsUnavailable(said or "Vault's answer is not one of the transit engine")
