"""What a lease's row says of single blocks. Pure: rows of the OM and of the SCM's namespaces."""

from typing import Protocol


class LeaseRow(Protocol):
    """Attributes:
    collected: a bit for each block that was let go before the lease's end.
    expires_ms: by the group's time.
    """

    container: int
    first_local: int
    count: int
    collected: bytes
    expires_ms: int


class Block(Protocol):
    """A BlockId, or a slice of a block."""

    @property
    def container(self) -> int: ...
    @property
    def local(self) -> int: ...


def holds(lease: LeaseRow, block: Block) -> bool:
    end = lease.first_local + lease.count
    return block.container == lease.container and lease.first_local <= block.local < end


def is_collected(lease: LeaseRow, local: int) -> bool:
    """It went to the gc queue before the lease's end."""
    byte, bit = divmod(local - lease.first_local, 8)
    return byte < len(lease.collected) and bool(lease.collected[byte] >> bit & 1)


def mark_collected(lease: LeaseRow, local: int) -> None:
    byte, bit = divmod(local - lease.first_local, 8)
    bits = bytearray(lease.collected.ljust(byte + 1, b"\0"))
    bits[byte] |= 1 << bit
    lease.collected = bytes(bits)


def collected_blocks(lease: LeaseRow) -> list[int]:
    """Local ids, in order."""
    bits = int.from_bytes(lease.collected, "little")
    return [lease.first_local + offset for offset in range(lease.count) if bits >> offset & 1]
