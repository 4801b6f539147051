"""What the parts of an erasure-coded block have in common: writers say it, each part stores it."""

from typing import NamedTuple

from trioxygen.proto.v1 import datanode_pb2


class BlockGroup(NamedTuple):
    """Of an erasure-coded block: what the replicas of all indexes have together.

    Attributes:
    tag: what references to it carry.
    size_bytes: of the block as its writer and its readers see it.
    data_cells: data indexes that have bytes of it; 0: of before it was kept.
    """

    tag: int
    size_bytes: int
    data_cells: int = 0

    @classmethod
    def of_message(cls, group: datanode_pb2.BlockGroup) -> "BlockGroup | None":
        """None: it is not set."""
        if not group.size_bytes:
            return None
        return cls(group.tag, group.size_bytes, group.data_cells)

    @property
    def message(self) -> datanode_pb2.BlockGroup:
        return datanode_pb2.BlockGroup(
            tag=self.tag, size_bytes=self.size_bytes, data_cells=self.data_cells
        )
