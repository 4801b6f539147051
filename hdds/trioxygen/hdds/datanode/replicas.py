"""What the SCM tells a node to do with its own replicas of containers, whatever others are. Each is
idempotent; reports show what came of it."""

from trioxygen.common import logs
from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.ring.ring import Ring
from trioxygen.proto.v1.scm_pb2 import CloseContainerCommand, DeleteContainerCommand

log = logs.get(__name__)


def closed_by_force(container: Container, ring: Ring | None) -> ContainerState | None:
    """What it becomes. None: it stays.

    Args: ring: its pipeline's, if that is here: what is open is its to close, and is quasi-closed
        when it is left, once all is applied that its log holds."""
    if container.logged_state is ContainerState.QUASI_CLOSED:
        return ContainerState.CLOSED
    if container.logged_state in TAKES_BLOCKS and ring is None:
        return ContainerState.QUASI_CLOSED
    return None


def may_be_deleted(container: Container, command: DeleteContainerCommand) -> bool:
    """By force also one that has blocks. None that its ring still brings blocks to, unless it could
    not be written anyway."""
    if container.replica_index != command.replica_index:
        return False
    return container.may_become(ContainerState.DELETING) and (
        command.force or not container.block_count and not container.pending_bytes
    )


class Replicas:
    def __init__(self, homes: Homes) -> None:
        self._homes = homes

    async def close_by_force(self, command: CloseContainerCommand) -> None:
        """Raises: what the volume's own ring raises."""
        here = self._homes.find(command.container_id)
        if here is None:
            return
        work, container = here
        to = closed_by_force(container, work.rings.of_container(container))
        if to is not None:
            await (await work.rings.local()).move_replica(command.container_id, to)

    async def delete(self, command: DeleteContainerCommand) -> None:
        """Raises: what the volume's own ring raises."""
        here = self._homes.find(command.container_id)
        if here is None:
            return
        work, container = here
        if not command.force:
            # What is applied and not in the index yet is counted then.
            await work.flusher.flush_if_possible()
        if not may_be_deleted(container, command):
            log.warning(
                "container_kept",
                container=command.container_id,
                state=container.state.name,
                blocks=container.block_count,
            )
            return
        ring = await work.rings.local()
        await ring.move_replica(command.container_id, ContainerState.DELETING)
