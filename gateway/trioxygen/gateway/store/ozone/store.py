"""The store over OM and DataNodes: the only wiring of its parts."""

import asyncio

from trioxygen.common.runtime import Runtime
from trioxygen.common.units import DAY_MS
from trioxygen.gateway.kms.port import Kms
from trioxygen.gateway.store.ozone.accounts import OzoneAccounts
from trioxygen.gateway.store.ozone.buckets import OzoneBuckets
from trioxygen.gateway.store.ozone.commits import Commits
from trioxygen.gateway.store.ozone.contents import OzoneContents
from trioxygen.gateway.store.ozone.iam import OzoneIam
from trioxygen.gateway.store.ozone.keys import OzoneKeys
from trioxygen.gateway.store.ozone.leases import OmLeases
from trioxygen.gateway.store.ozone.piece_keys import PieceKeys
from trioxygen.gateway.store.ozone.rewriting import Rewriting
from trioxygen.gateway.store.ozone.sealed_contents import SealedContents
from trioxygen.gateway.store.ozone.settings import OzoneSettings
from trioxygen.gateway.store.ozone.transitions import ReplicationOf, Transitions
from trioxygen.gateway.store.ozone.uploads import OzoneUploads
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.hdds.client.leases.blocks import LeasedBlocks
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.metadata.client.om import OmClient


class OzoneStore:
    """Attributes: store: the port, to be used between `start` and `stop`."""

    def __init__(
        self,
        runtime: Runtime,
        om: OmClient,
        writer: BlockWriter,
        reader: BlockReader,
        config: LeasingConfig,
        kms: Kms | None = None,
        *,
        replication_of: ReplicationOf | None = None,
        day_ms: int = DAY_MS,
    ) -> None:
        """Args: kms: wraps the keys of what is sealed; None: nothing is that needs it.
        replication_of: how objects of each storage class are kept; None: others move them."""
        self._writer = writer
        self._blocks = LeasedBlocks(runtime, OmLeases(om), writer.away, config)
        contents = OzoneContents(self._blocks, writer, reader, runtime.clock, config)
        rewriting = Rewriting(contents)
        commits = Commits(rewriting, self._blocks.keeper)
        self._runtime, self._transitions = runtime, None
        if replication_of is not None:
            self._transitions = Transitions(om, rewriting, commits, runtime, replication_of, day_ms)
        self._working: list[asyncio.Task[None]] = []
        self.store = ObjectStore(
            buckets=OzoneBuckets(om),
            settings=OzoneSettings(om),
            keys=OzoneKeys(om, commits),
            uploads=OzoneUploads(om, commits),
            accounts=OzoneAccounts(om),
            iam=OzoneIam(om),
            contents=SealedContents(contents, PieceKeys(kms, runtime.rng, runtime.clock)),
        )

    def start(self) -> None:
        self._blocks.start()
        if self._transitions is not None:
            self._working.append(self._runtime.tasks.start_worker(self._transitions))

    async def stop(self) -> None:
        """Gives back what is leased."""
        await self._runtime.tasks.end(*self._working)
        await self._blocks.stop()
        await self._writer.stop()
