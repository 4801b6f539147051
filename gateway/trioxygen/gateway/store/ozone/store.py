"""The store over OM and DataNodes: the only wiring of its parts."""

from trioxygen.common.runtime import Runtime
from trioxygen.gateway.kms.port import Kms
from trioxygen.gateway.store.ozone.accounts import OzoneAccounts
from trioxygen.gateway.store.ozone.buckets import OzoneBuckets
from trioxygen.gateway.store.ozone.commits import Commits
from trioxygen.gateway.store.ozone.contents import OzoneContents
from trioxygen.gateway.store.ozone.keys import OzoneKeys
from trioxygen.gateway.store.ozone.leases import OmLeases
from trioxygen.gateway.store.ozone.piece_keys import PieceKeys
from trioxygen.gateway.store.ozone.sealed_contents import SealedContents
from trioxygen.gateway.store.ozone.settings import OzoneSettings
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
    ) -> None:
        """Args: kms: wraps the keys of what is sealed; None: nothing is that needs it."""
        self._writer = writer
        self._blocks = LeasedBlocks(runtime, OmLeases(om), writer.away, config)
        contents = OzoneContents(self._blocks, writer, reader, runtime.clock, config)
        commits = Commits(contents, self._blocks.keeper)
        self.store = ObjectStore(
            buckets=OzoneBuckets(om),
            settings=OzoneSettings(om),
            keys=OzoneKeys(om, commits),
            uploads=OzoneUploads(om, commits),
            accounts=OzoneAccounts(om),
            contents=SealedContents(contents, PieceKeys(kms, runtime.rng)),
        )

    def start(self) -> None:
        self._blocks.start()

    async def stop(self) -> None:
        """Gives back what is leased."""
        await self._blocks.stop()
        await self._writer.stop()
