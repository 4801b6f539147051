"""HDDS without an OM: a connection to the SCMs, and the namespaces of blocks that they keep."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.common.rpc.address import checked_address
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.tls import Tls
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.namespaces.namespace import Namespace, NamespaceInfo
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.tokens.granted import GrantedTokens
from trioxygen.hdds.tokens.network import TokenNetwork
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.namespaces_pb2 import ListNamespacesReply, ListNamespacesRequest

# A client that writes little needs few blocks at hand.
LEASING: Final = LeasingConfig(small_blocks_leased=64)


def held_to(leasing: LeasingConfig, block_bytes_max: int) -> LeasingConfig:
    """Blocks no larger than the cluster takes them."""
    return replace(
        leasing,
        block_bytes_max=min(leasing.block_bytes_max, block_bytes_max),
        packed_bytes_max=min(leasing.packed_bytes_max, block_bytes_max),
        small_bytes_max=min(leasing.small_bytes_max, block_bytes_max),
    )


def addresses_of(scms: Sequence[str]) -> list[str]:
    """Raises: ValueError: none, or what is no address."""
    # A text is a sequence of texts, too.
    if isinstance(scms, str) or not scms:
        raise ValueError("give the addresses of the SCMs, in a list")
    return [checked_address(address) for address in scms]


class Hdds:
    """Args:
    runtime: whose network says who calls.
    scms: addresses of all SCMs.
    leasing: how blocks are leased, and how long each may be: at most as the cluster says.
    datanodes: how DataNodes are dealt with.
    """

    def __init__(
        self,
        runtime: Runtime,
        scms: Sequence[str],
        *,
        leasing: LeasingConfig = LEASING,
        datanodes: ClientConfig | None = None,
    ) -> None:
        self._runtime, self._leasing = runtime, leasing
        self._scm = ScmClient(runtime, list(scms))
        tokens = GrantedTokens(self._scm.tokens_for, runtime.tasks, asks_first=False)
        network = TokenNetwork(runtime.network, tokens)
        self._pool = DataNodePool(network, runtime.clock, self._scm.locate, datanodes)
        self._writer, self._reader = BlockWriter(self._pool), BlockReader(self._pool)

    async def stop(self) -> None:
        """What goes on behind finished blocks has ended, and nothing begins any more."""
        self._scm.stop()
        await self._pool.stop()

    async def create_namespace(
        self,
        name: str,
        *,
        replication: str | None = None,
        blocks_max: int = 0,
        bytes_max: int = 0,
    ) -> NamespaceInfo:
        """It is this client's, where clients show certificates.

        Args:
        replication: of its blocks: RATIS/THREE, RATIS/ONE, EC/3-2, EC/6-3 or EC/10-4; None: as the
            cluster is configured.
        blocks_max, bytes_max: of what is committed in it; 0: no limit.
        Raises: NamespaceAlreadyExists; TooManyNamespaces; ValueError: no such replication."""
        chosen = None if replication is None else Replication.parse(replication).proto
        client = NamespaceClient(self._scm, name)
        row = await client.create(chosen, blocks_max=blocks_max, bytes_max=bytes_max)
        return NamespaceInfo.of(row)

    async def delete_namespace(self, name: str, *, force: bool = False) -> None:
        """Args: force: with all its blocks. Raises: NoSuchNamespace; NamespaceNotEmpty."""
        await NamespaceClient(self._scm, name).delete(force=force)

    async def namespaces(self) -> AsyncGenerator[NamespaceInfo, None]:
        """Those that this client may use, by name."""
        after = ""
        while True:
            request = ListNamespacesRequest(after=after)
            page = await self._scm.call(request, ListNamespacesReply)
            for row in page.namespaces:
                yield NamespaceInfo.of(row)
            after = page.next
            if not after:
                return

    @asynccontextmanager
    async def open(self, name: str, *, replication: str | None = None) -> AsyncIterator[Namespace]:
        """A namespace that was created. At the end what is leased is given back.

        Args: replication: of what is written now; None: as the namespace says.
        Raises: NoSuchNamespace; ValueError: no such replication."""
        chosen = None if replication is None else Replication.parse(replication)
        client = NamespaceClient(self._scm, name)
        leasing = held_to(self._leasing, (await client.describe()).block_bytes_max)
        namespace = Namespace(self._runtime, client, self._writer, self._reader, leasing, chosen)
        namespace.start()
        try:
            yield namespace
        finally:
            await namespace.stop()


@asynccontextmanager
async def connect(
    scms: Sequence[str],
    *,
    client: str = "",
    cluster_id: str = "",
    tls: Tls | None = None,
    leasing: LeasingConfig = LEASING,
    datanodes: ClientConfig | None = None,
) -> AsyncIterator[Hdds]:
    """To a cluster, from a program of its own.

    Args:
    scms: HOST:PORT of each SCM; those that are down may be among them.
    client: this client's name, as its certificate says it (trioxygen://client/NAME).
    cluster_id: others are refused; empty: whichever it is.
    tls: None: in the clear, where the cluster has no TLS either.
    Raises: ValueError: no address."""
    addresses = addresses_of(scms)
    # Who has a network of its own, in a process that has none of gRPC's, need not import it.
    from trioxygen.common.rpc.network_grpc import GrpcNetwork

    network = GrpcNetwork(cluster_id=cluster_id, peer=client, role=Role.CLIENT, tls=tls)
    runtime = system_runtime(network)
    hdds = Hdds(runtime, addresses, leasing=leasing, datanodes=datanodes)
    try:
        yield hdds
    finally:
        await hdds.stop()
        await network.close()
        await runtime.stop()
