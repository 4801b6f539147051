"""What operators ask of the SCM that leads, about containers, pipelines, repair and deletion."""

from collections.abc import Callable

from trioxygen.common.errors import InvalidRequest, NoSuchContainer
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.pipelines import get_pipeline
from trioxygen.metadata.scm.replication.description import Descriptions
from trioxygen.proto.v1 import scm_pb2 as scm


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
