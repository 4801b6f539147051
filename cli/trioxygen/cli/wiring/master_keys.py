"""The KMS of a gateway, and how gateways see that they have the same master keys."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from trioxygen.cli.config.encryption import EncryptionConfig
from trioxygen.cli.config.schema import Config
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.kms.chosen import ChosenKms
from trioxygen.gateway.kms.keyring import Keyring
from trioxygen.gateway.kms.keyring_content import Fingerprint
from trioxygen.gateway.kms.keyring_store import KeyringStore
from trioxygen.gateway.kms.metrics import KmsMetrics
from trioxygen.gateway.kms.port import ArnPlace, Kms
from trioxygen.gateway.kms.vault import Vault, VaultConfig
from trioxygen.gateway.kms.vault_http import VaultPlace, VaultTransit
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class NotedByOm:
    """`Noted`, in the replicated state."""

    def __init__(self, om_client: OmClient) -> None:
        self._om_client = om_client

    async def note(
        self, fingerprints: Sequence[Fingerprint], *, replaces_all: bool = False
    ) -> Sequence[Fingerprint]:
        rows = [
            om_pb2.MasterKeyRow(
                key_id=each.key_id,
                version=each.version,
                check=each.check,
                was_primary=each.is_primary,
            )
            for each in fingerprints
        ]
        request = om_pb2.NoteMasterKeysRequest(keys=rows, replaces_all=replaces_all)
        reply = await self._om_client.note_master_keys(request)
        return [
            Fingerprint(row.key_id, row.version, row.check, row.was_primary) for row in reply.keys
        ]


class MasterKeys:
    """Attributes: kms: of use from `start` on; before, it is unavailable."""

    def __init__(self, config: Config, data: Path, runtime: Runtime, om_client: OmClient) -> None:
        encryption, regions = config.encryption, config.s3.regions
        arns = ArnPlace(region=regions[0]) if regions else ArnPlace()
        self._runtime = runtime
        metrics = KmsMetrics(runtime.registry)
        self._is_chosen = encryption.kms == "keyring"
        self._store = KeyringStore(
            runtime.disk, runtime.rng, encryption.keyring_path(data), encryption.passphrase_path
        )
        self._keyring = Keyring(
            runtime,
            self._store,
            NotedByOm(om_client),
            metrics,
            default_key=encryption.key,
            arns=arns,
            lost=encryption.keyring_lost,
        )
        self._vault = (
            _vault_of(encryption, runtime, arns, metrics) if encryption.vault_url else None
        )
        wraps: Kms | None = self._keyring if self._is_chosen else self._vault
        assert wraps is not None, "the configuration has been checked"
        self.kms: Kms = ChosenKms(wraps, keyring=self._keyring, vault=self._vault)
        self._working: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Raises: KeyringUnusable, OSError, Unavailable."""
        # Beside Vault a keyring is for what was wrapped before, where there is one.
        if self._is_chosen or await self._runtime.blocking.run(self._store.exists):
            await self._keyring.start(wraps=self._is_chosen)
            self._working.append(self._runtime.tasks.start_worker(self._keyring))
        if self._vault is not None:
            await self._vault.start()

    async def stop(self) -> None:
        await self._runtime.tasks.end(*self._working)
        if self._vault is not None:
            self._vault.close()


def _vault_of(
    encryption: EncryptionConfig, runtime: Runtime, arns: ArnPlace, metrics: KmsMetrics
) -> Vault:
    ca_file = encryption.vault_ca_file
    place = VaultPlace(
        url=encryption.vault_url,
        token_path=Path(encryption.vault_token_file),
        mount=encryption.vault_mount,
        namespace=encryption.vault_namespace,
        ca_path=Path(ca_file) if ca_file else None,
    )
    config = VaultConfig(
        default_key=encryption.key,
        arns=arns,
        call_ms_max=encryption.vault_seconds_max * SECOND_MS,
        key_ms=encryption.vault_key_seconds * SECOND_MS,
    )
    return Vault(runtime, VaultTransit(runtime.disk, place), config, metrics)
