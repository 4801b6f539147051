"""Which member leads the ring of a pipeline, as members have said."""

from collections import OrderedDict
from typing import Final

from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

_PIPELINES_MAX: Final = 10_000


class Leaders:
    """Args: pipelines_max: those that were asked for last are remembered."""

    def __init__(self, *, pipelines_max: int = _PIPELINES_MAX) -> None:
        self._pipelines_max = pipelines_max
        # pipeline -> place among its members; the first, where nothing is known.
        self._places: OrderedDict[int, int] = OrderedDict()

    def of(self, pipeline: Pipeline) -> DataNodeAddress:
        """Whom to ask first."""
        members = pipeline.datanodes
        return members[self._places.get(pipeline.pipeline_id, 0) % len(members)]

    def refused(self, pipeline: Pipeline, member: DataNodeAddress, leader: str) -> bool:
        """A member does not lead, or does not answer. Whether it has named another that does; else
        the next one is asked.

        Args: leader: the address that it named; empty: none."""
        addresses = [datanode.address for datanode in pipeline.datanodes]
        is_named = leader in addresses and leader != member.address
        if self.of(pipeline).address != member.address:
            return is_named  # another call has moved on already
        place = addresses.index(leader) if is_named else addresses.index(member.address) + 1
        self._places[pipeline.pipeline_id] = place % len(addresses)
        self._places.move_to_end(pipeline.pipeline_id)
        if len(self._places) > self._pipelines_max:
            self._places.popitem(last=False)
        return is_named
