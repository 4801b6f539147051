"""An object's bytes, as the port hands them on."""

from trioxygen.gateway.store.contents_port import Written
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.lease import TakenBlock
from trioxygen.hdds.client.writing import BlocksWritten
from trioxygen.proto.v1.om_pb2 import SealedPiece


class ObjectWritten(BlocksWritten, Written):
    """In leased blocks. Exactly one of the three ends is to be called.

    Attributes: pieces: how they are sealed; none: they are not."""

    __slots__ = ("pieces",)

    def __init__(
        self,
        keeper: LeaseKeeper,
        taken: list[TakenBlock],
        lengths: list[int],
        tags: list[int],
    ) -> None:
        super().__init__(keeper, taken, lengths, tags)
        self.pieces: list[SealedPiece] = []
