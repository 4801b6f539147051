"""The KMS of a gateway, and how gateways see that they have the same master keys."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from trioxygen.cli.config.schema import Config
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.kms.keyring import Keyring
from trioxygen.gateway.kms.keyring_content import Fingerprint
from trioxygen.gateway.kms.keyring_store import KeyringStore
from trioxygen.gateway.kms.port import ArnPlace, Kms
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
        encryption = config.encryption
        store = KeyringStore(
            runtime.disk, runtime.rng, encryption.keyring_path(data), encryption.passphrase_path
        )
        self._runtime = runtime
        regions = config.s3.regions
        self._keyring = Keyring(
            runtime,
            store,
            NotedByOm(om_client),
            default_key=encryption.key,
            arns=ArnPlace(region=regions[0]) if regions else ArnPlace(),
            lost=encryption.keyring_lost,
        )
        self.kms: Kms = self._keyring
        self._working: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Raises: KeyringUnusable, OSError, Unavailable."""
        await self._keyring.start()
        self._working.append(self._runtime.tasks.start_worker(self._keyring))

    async def stop(self) -> None:
        await self._runtime.tasks.end(*self._working)
