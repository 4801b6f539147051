"""Which DataNodes the SCM knows, for commands."""

from trioxygen.cli.config.schema import Config
from trioxygen.cli.wiring.clients import build_scm_client
from trioxygen.cli.wiring.network import grpc_config, node_tls
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.metadata.client.described import described_nodes


async def known_datanodes(config: Config) -> set[str]:
    """Raises: TrioxygenError."""
    network = GrpcNetwork(
        grpc_config(config),
        cluster_id=config.cluster.id,
        role=Role.OPERATOR,
        tls=node_tls(config),
    )
    runtime = system_runtime(network)
    scm = build_scm_client(config, runtime, config.scm.addresses)
    try:
        return {described.node.node_id async for described in described_nodes(scm)}
    finally:
        await network.close()
        await runtime.stop()
