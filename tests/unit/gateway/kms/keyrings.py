"""Keyrings in a folder, and what gateways of a cluster hold together, in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import MasterKeyDiffers
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.kms.keyring import Keyring
from trioxygen.gateway.kms.keyring_content import Fingerprint
from trioxygen.gateway.kms.keyring_store import KeyringStore
from trioxygen.gateway.kms.metrics import KmsMetrics
from trioxygen.gateway.kms.port import ArnPlace

T = TypeVar("T")


@dataclass
class Cluster:
    """As the OM: it notes fingerprints."""

    noted: dict[tuple[str, int], Fingerprint] = field(default_factory=dict)

    async def note(
        self, fingerprints: Sequence[Fingerprint], *, replaces_all: bool = False
    ) -> Sequence[Fingerprint]:
        if replaces_all:
            self.noted.clear()
        for each in fingerprints:
            known = self.noted.get((each.key_id, each.version), each)
            if known.check != each.check:
                raise MasterKeyDiffers(key_id=each.key_id, version=each.version)
        for each in fingerprints:
            known = self.noted.get((each.key_id, each.version), each)
            is_primary = each.is_primary or known.is_primary
            self.noted[each.key_id, each.version] = replace(each, is_primary=is_primary)
        return tuple(self.noted.values())


def store_in(folder: Path, seed: int = 1, passphrase_path: Path | None = None) -> KeyringStore:
    runtime = inline_runtime(ManualClock(), seed=seed)
    return KeyringStore(runtime.disk, runtime.rng, folder / "keyring", passphrase_path)


def run_with(test: Callable[[Runtime], Awaitable[T]], seed: int = 1) -> T:
    async def running() -> T:
        return await test(inline_runtime(ManualClock(), seed=seed))

    return asyncio.run(running())


def keyring_of(
    runtime: Runtime, store: KeyringStore, cluster: Cluster, *, lost: bool = False
) -> Keyring:
    metrics = KmsMetrics(CollectorRegistry())
    return Keyring(runtime, store, cluster, metrics, default_key="s3", arns=ArnPlace(), lost=lost)


async def keyring_in(
    folder: Path, runtime: Runtime, cluster: Cluster, seed: int = 1, **named: Path
) -> Keyring:
    """Started."""
    keyring = keyring_of(runtime, store_in(folder, seed, **named), cluster)
    await keyring.start()
    return keyring
