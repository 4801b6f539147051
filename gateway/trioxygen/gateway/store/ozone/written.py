"""An object's bytes, as the port hands them on."""

from trioxygen.gateway.store.port import Written
from trioxygen.hdds.client.writing import BlocksWritten


class ObjectWritten(BlocksWritten, Written):
    """In leased blocks. Exactly one of the three ends is to be called."""

    __slots__ = ()
