"""The KMS of HashiCorp Vault's transit engine: its master keys wrap intermediate keys, and those
the keys of pieces, so that a million objects do not cost a million calls.

An intermediate key is made here, wrapped once by Vault, used for minutes and then forgotten; its
wrapped form travels in each key that it wraps:

    length (2), intermediate key as Vault wrapped it (`vault:v3:...`), AES-SIV of the piece's key
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trioxygen.common import logs
from trioxygen.common.errors import (
    ChecksumMismatch,
    KmsUnavailable,
    TrioxygenError,
    again,
)
from trioxygen.common.retry import Backoff
from trioxygen.common.runtime import Runtime
from trioxygen.common.shared_ask import SharedAsk
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.kms.intermediate_keys import OpenedKeys, joined, parted
from trioxygen.gateway.kms.keyring_content import SECRET_BYTES
from trioxygen.gateway.kms.metrics import KmsMetrics
from trioxygen.gateway.kms.port import ArnPlace, KeyDescription, WrappedKey, key_id_of
from trioxygen.gateway.kms.siv import unwrapped_with, wrapped_with
from trioxygen.gateway.kms.vault_answers import VaultBusy
from trioxygen.gateway.kms.vault_http import VaultTransit

log = logs.get(__name__)

T = TypeVar("T")

_TRY_MS: Final = 2.0 * SECOND_MS
_WAIT_MS_FIRST: Final = 100.0
_WAIT_MS_MAX: Final = 1_000.0
# Of the pool's threads, which disks wait for as well.
_CALLS_MAX: Final = 4
_BATCH_MAX: Final = 500
_RENEW_AGAIN_MS: Final = 1.0 * SECOND_MS
_PREFIX: Final = "vault:"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultConfig:
    """Attributes:
    call_ms_max: of a call with all its repetitions.
    key_ms: how long an intermediate key wraps and is kept; while Vault does not answer, twice that.
    """

    default_key: str
    arns: ArnPlace
    call_ms_max: float = 10.0 * SECOND_MS
    key_ms: float = 300.0 * SECOND_MS


@dataclass(frozen=True, slots=True)
class _Intermediate:
    """What wraps, of one master key.

    Attributes:
        renew_ms, end_ms: by the monotonic clock: another one is made, and must have been.
    """

    master_key: str
    wrapped: bytes
    cipher: AESSIV = field(repr=False)
    renew_ms: float
    end_ms: float


class Vault:
    """A `Kms`."""

    def __init__(
        self, runtime: Runtime, transit: VaultTransit, config: VaultConfig, metrics: KmsMetrics
    ) -> None:
        self._runtime, self._transit, self._config = runtime, transit, config
        self._metrics = metrics
        self._wrapping: dict[str, _Intermediate] = {}
        self._renewing: dict[str, SharedAsk] = {}
        self._opened = OpenedKeys(keep_ms=config.key_ms, now_ms=runtime.clock.monotonic_ms)
        self._opening: dict[bytes, SharedAsk] = {}
        self._calls = asyncio.Semaphore(_CALLS_MAX)

    async def start(self) -> None:
        """Vault may be away: that is told, and whoever needs it waits for it."""
        try:
            await self.describe("")
        except TrioxygenError as error:
            log.error("vault_not_usable", reason=error)

    def close(self) -> None:
        self._transit.close()

    async def _called(self, call: Callable[[float], T]) -> T:
        """Of Vault, tried again while it may succeed, within the call's time.

        Raises: KmsUnavailable: it did not; what Vault refuses."""
        clock, backoff = self._runtime.clock, Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)
        end_ms = clock.monotonic_ms() + self._config.call_ms_max
        while True:
            try:
                async with self._calls:
                    left_ms = max(1.0, min(_TRY_MS, end_ms - clock.monotonic_ms()))
                    result = await self._runtime.blocking.run(call, left_ms / SECOND_MS)
                self._metrics.vault_calls.labels("answered").inc()
                return result
            except VaultBusy as error:
                self._metrics.vault_calls.labels("busy").inc()
                wait_ms = backoff.take_ms(rng=self._runtime.rng)
                if clock.monotonic_ms() + wait_ms >= end_ms:
                    raise
                log.debug("vault_tried_again", reason=error)
            except TrioxygenError:
                self._metrics.vault_calls.labels("refused").inc()
                raise
            await clock.sleep_ms(wait_ms)

    # ---- wrapping ----

    async def _renewed(self, key_id: str) -> None:
        """Makes an intermediate key. That the master key is there is asked before: encrypting with
        one that is not would make it."""
        key = await self._called(partial(self._transit.read_key, key_id))
        secret = self._runtime.rng.randbytes(SECRET_BYTES)
        wrapped = await self._called(partial(self._transit.encrypt, key, secret))
        version = wrapped.split(":", 2)[1].removeprefix("v")
        now_ms, keep_ms = self._runtime.clock.monotonic_ms(), self._config.key_ms
        cipher = AESSIV(secret)
        self._wrapping[key_id] = _Intermediate(
            f"{_PREFIX}{key_id}:{version}",
            wrapped.encode(),
            cipher,
            now_ms + keep_ms,
            now_ms + 2 * keep_ms,
        )
        self._opened.put(key_id, wrapped.encode(), cipher)

    def _renewal(self, key_id: str) -> SharedAsk:
        asked = self._renewing.get(key_id)
        if asked is None or not asked.is_under_way:
            asked = SharedAsk(
                self._runtime.tasks,
                partial(self._renew_noted, key_id),
                name="vault-intermediate-key",
            )
            self._renewing[key_id] = asked
        return asked

    async def _renew_noted(self, key_id: str) -> None:
        try:
            await self._renewed(key_id)
        except TrioxygenError as error:
            current = self._wrapping.get(key_id)
            if isinstance(error, KmsUnavailable) and current is not None:
                log.warning("intermediate_key_not_renewed", key=key_id, reason=error)
                next_ms = self._runtime.clock.monotonic_ms() + _RENEW_AGAIN_MS
                self._wrapping[key_id] = replace(current, renew_ms=next_ms)
            else:
                # Gone, or not to be used any more.
                self._wrapping.pop(key_id, None)
            raise
        finally:
            self._renewing.pop(key_id, None)

    async def _wrapping_with(self, key_id: str) -> _Intermediate:
        now_ms = self._runtime.clock.monotonic_ms()
        current = self._wrapping.get(key_id)
        if current is not None and now_ms < current.renew_ms:
            return current
        renewal = self._renewal(key_id)
        if current is not None and now_ms < current.end_ms:
            # Nobody waits for what the next one will have.
            return current
        await renewal.ended()
        return self._wrapping[key_id]

    async def describe(self, key_name: str) -> KeyDescription:
        key_id = key_id_of(key_name, self._config.default_key)
        await self._wrapping_with(key_id)
        return self._config.arns.described(key_id)

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        key_id = key_id_of(key_name, self._config.default_key)
        by = await self._wrapping_with(key_id)
        sealed = wrapped_with(by.cipher, by.master_key, context, keys)
        return [WrappedKey(by.master_key, joined(by.wrapped, each)) for each in sealed]

    # ---- unwrapping ----

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        parts = [(_key_id_of(each), *parted(each.sealed)) for each in wrapped]
        ciphers = await self._opened_with({(key_id, by): None for key_id, by, _ in parts})
        return [
            unwrapped_with(ciphers[key_id, by], each.master_key, context, sealed)
            for each, (key_id, by, sealed) in zip(wrapped, parts, strict=True)
        ]

    async def _opened_with(
        self, wanted: Iterable[tuple[str, bytes]]
    ) -> dict[tuple[str, bytes], AESSIV]:
        """Intermediate keys, of Vault where they are not at hand; each is asked for once however
        many want it."""
        opened: dict[tuple[str, bytes], AESSIV | TrioxygenError] = {}
        missing: dict[str, list[bytes]] = {}
        for key_id, by in wanted:
            known = self._opened.get(key_id, by)
            if known is not None:
                opened[key_id, by] = known
            else:
                missing.setdefault(key_id, []).append(by)
        for key_id, forms in missing.items():
            for start in range(0, len(forms), _BATCH_MAX):
                batch = forms[start : start + _BATCH_MAX]
                opened.update(await self._asked(key_id, batch))
        for result in opened.values():
            if isinstance(result, TrioxygenError):
                raise again(result)
        return {at: result for at, result in opened.items() if isinstance(result, AESSIV)}

    async def _asked(
        self, key_id: str, forms: Sequence[bytes]
    ) -> dict[tuple[str, bytes], AESSIV | TrioxygenError]:
        got: dict[bytes, AESSIV | TrioxygenError] = {}
        free = [form for form in forms if not self._is_asked(key_id, form)]
        if free:
            asked = SharedAsk(
                self._runtime.tasks,
                partial(self._open, key_id, free, got),
                name="vault-open-keys",
            )
            self._opening.update({_asked_as(key_id, form): asked for form in free})
        asks: dict[SharedAsk, None] = {}
        for form in forms:
            asks[self._opening[_asked_as(key_id, form)]] = None
        for asked in asks:
            await asked.ended()
        opened: dict[tuple[str, bytes], AESSIV | TrioxygenError] = {}
        for form in forms:
            result = got.get(form) or self._opened.get(key_id, form)
            opened[key_id, form] = result or KmsUnavailable("Vault has not answered")
        return opened

    def _is_asked(self, key_id: str, form: bytes) -> bool:
        asked = self._opening.get(_asked_as(key_id, form))
        return asked is not None and asked.is_under_way

    async def _open(
        self, key_id: str, forms: Sequence[bytes], got: dict[bytes, AESSIV | TrioxygenError]
    ) -> None:
        try:
            texts = [form.decode("ascii", "replace") for form in forms]
            answers = await self._called(partial(self._transit.decrypt, key_id, texts))
        finally:
            for form in forms:
                self._opening.pop(_asked_as(key_id, form), None)
        for form, answer in zip(forms, answers, strict=True):
            if isinstance(answer, TrioxygenError):
                got[form] = answer
            elif len(answer) != SECRET_BYTES:
                got[form] = ChecksumMismatch("Vault holds no key of ours there", key_id=key_id)
            else:
                got[form] = AESSIV(answer)
            self._opened.put(key_id, form, got[form])


def is_of_vault(master_key: str) -> bool:
    """Whether it wrapped with it: a keyring may have a key of the name `vault`, as `vault:1`, for
    ids have no colons."""
    return master_key.startswith(_PREFIX) and ":" in master_key[len(_PREFIX) :]


def _asked_as(key_id: str, form: bytes) -> bytes:
    return key_id.encode() + b":" + form


def _key_id_of(wrapped: WrappedKey) -> str:
    return wrapped.master_key.removeprefix(_PREFIX).rpartition(":")[0]
