"""Which DataNodes the SCM knows, for commands."""

from trioxygen.cli.config.schema import Config
from trioxygen.cli.wiring.clients import build_scm_client
from trioxygen.cli.wiring.network import grpc_config, node_tls
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.proto.v1.scm_pb2 import DescribeScmReply, DescribeScmRequest


async def known_datanodes(config: Config) -> set[str]:
    """Raises: TrioxygenError."""
    network = GrpcNetwork(
        grpc_config(config),
        cluster_id=config.cluster.id,
        role=Role.OPERATOR,
        tls=node_tls(config),
    )
    runtime = system_runtime(network)
    client, known, after = build_scm_client(config, runtime, config.scm.addresses), set[str](), b""
    try:
        while True:
            page = await client.call(DescribeScmRequest(after=after), DescribeScmReply)
            known.update(each.node.node_id for each in page.nodes)
            after = page.next
            # Nodes come first.
            if not after or page.pipelines or page.containers:
                return known
    finally:
        await network.close()
        await runtime.stop()
