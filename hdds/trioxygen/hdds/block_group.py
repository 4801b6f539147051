"""What the parts of an erasure-coded block have in common: writers say it, each part stores it."""

from typing import NamedTuple

from trioxygen.proto.v1 import datanode_pb2


class BlockGroup(NamedTuple):
    """Of an erasure-coded block: what the replicas of all indexes have together.

    Attributes:
    tag: what references to it carry.
    size_bytes: of the block as its writer and its readers see it.
    """

    tag: int
    size_bytes: int

    @classmethod
    def of_message(cls, group: datanode_pb2.BlockGroup) -> "BlockGroup | None":
        """None: it is not set."""
        return cls(group.tag, group.size_bytes) if group.size_bytes else None

    @property
    def message(self) -> datanode_pb2.BlockGroup:
        return datanode_pb2.BlockGroup(tag=self.tag, size_bytes=self.size_bytes)
