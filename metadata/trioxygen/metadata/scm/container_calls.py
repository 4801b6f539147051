"""What operators ask of the SCM that leads, about containers, pipelines, repair and deletion."""

from collections.abc import Callable

from trioxygen.common.errors import InvalidRequest, NoSuchContainer
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.namespaces.held_blocks import holds_some
from trioxygen.metadata.scm.pipelines.pipelines import get_pipeline
from trioxygen.metadata.scm.replication.description import Descriptions
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.proto.v1 import scm_pb2 as scm


def forgetting_fault(container: scm.DescribeContainerReply) -> str | None:
    """Why a container cannot be given up; None: all that was in it is lost."""
    if container.health != Health.MISSING.value:
        return f"it is {container.health}"
    living = [each.node_id for each in container.replicas if each.health != scm.DEAD]
    return f"a DataNode that lives has a replica: {living[0]}" if living else None


class ContainerCalls:
    """Args: lead: raises NotLeader."""

    def __init__(
        self,
        lead: Callable[[], None],
        executor: Executor,
        descriptions: Descriptions,
        *,
        node_id: str,
    ) -> None:
        self._lead, self._executor = lead, executor
        self._descriptions, self._node_id = descriptions, node_id

    def handlers(self) -> dict[str, Handler]:
        return {
            "DescribeReplication": self._replication,
            "DescribeDeletion": self._deletion,
            "DescribeContainer": self._container,
            "CloseOpenContainer": self._close_container,
            "ForgetContainer": self._forget_container,
            "CloseOpenPipeline": self._close_pipeline,
        }

    async def _replication(
        self, request: scm.DescribeReplicationRequest, call: Call
    ) -> scm.DescribeReplicationReply:
        self._lead()
        reply = self._descriptions.replication(request.samples_max)
        reply.node_id = self._node_id
        return reply

    async def _deletion(
        self, request: scm.DescribeDeletionRequest, call: Call
    ) -> scm.DescribeDeletionReply:
        self._lead()
        return self._descriptions.deletion()

    async def _container(
        self, request: scm.DescribeContainerRequest, call: Call
    ) -> scm.DescribeContainerReply:
        self._lead()
        return self._known(request.container_id)

    def _known(self, container_id: int) -> scm.DescribeContainerReply:
        described = self._descriptions.container(container_id)
        if described is None:
            raise NoSuchContainer(container=container_id)
        return described

    async def _close_container(
        self, request: scm.CloseOpenContainerRequest, call: Call
    ) -> scm.CloseOpenContainerReply:
        """Nothing is done where it is closed, or being closed."""
        self._lead()
        self._known(request.container_id)
        command = scm.MoveContainers(container_ids=[request.container_id], to=scm.CLOSING)
        await self._executor.execute(command)
        return scm.CloseOpenContainerReply()

    async def _forget_container(
        self, request: scm.ForgetContainerRequest, call: Call
    ) -> scm.ForgetContainerReply:
        self._lead()
        container_id = request.container_id
        fault = forgetting_fault(self._known(container_id))
        if self._descriptions.is_waiting():
            fault = "not all DataNodes have reported: see o3 admin safemode status"
        if fault is None and not request.force and self._has_blocks_of_a_namespace(container_id):
            fault = "a namespace has blocks in it; --force forgets it all the same"
        if fault is not None:
            raise InvalidRequest(f"it is not forgotten: {fault}", container=container_id)
        await self._executor.execute(scm.DropContainer(container_id=container_id))
        self._descriptions.container_is_gone(container_id)
        return scm.ForgetContainerReply()

    def _has_blocks_of_a_namespace(self, container_id: int) -> bool:
        """What an OM knows nothing of."""
        with self._executor.store.read() as txn:
            row = CONTAINERS.get(txn, id_key(container_id))
            return (
                row is not None
                and row.namespace_id != 0
                and holds_some(txn, row.namespace_id, container_id)
            )

    async def _close_pipeline(
        self, request: scm.CloseOpenPipelineRequest, call: Call
    ) -> scm.CloseOpenPipelineReply:
        """As of a container."""
        self._lead()
        with self._executor.store.read() as txn:
            if get_pipeline(txn, request.pipeline_id) is None:
                raise InvalidRequest("no such pipeline", pipeline=request.pipeline_id)
        await self._executor.execute(scm.ClosePipeline(pipeline_id=request.pipeline_id))
        return scm.CloseOpenPipelineReply()
