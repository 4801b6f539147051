"""Which blocks of a range nothing refers to."""

from collections.abc import Iterable

from trioxygen.metadata.leases.rows import LeaseRow, collected_blocks
from trioxygen.metadata.store.ports import ReadTxn, Table


def block_key(container: int, local: int) -> bytes:
    return container.to_bytes(8, "big") + local.to_bytes(8, "big")


def unreferenced(
    txn: ReadTxn,
    references: Table,
    container: int,
    first_local: int,
    count: int,
    *,
    within: bytes = b"",
    besides: Iterable[int] = (),
) -> list[tuple[int, int]]:
    """(first, count) of the runs of a range's blocks that nothing references.

    Args:
        references: a row of each block that is held, by `within` and its `block_key`.
        besides: blocks of the range that are left out as well.
    """
    held = list(besides)
    end = first_local + count
    prefix = within + container.to_bytes(8, "big")
    after = within + block_key(container, first_local - 1) if first_local else None
    for key, _ in txn.scan(references, prefix=prefix, after=after):
        local = int.from_bytes(key[len(prefix) :], "big")
        if local >= end:
            break
        held.append(local)
    runs: list[tuple[int, int]] = []
    position = first_local
    for local in (*sorted(held), end):
        if local > position:
            runs.append((position, local - position))
        position = local + 1
    return runs


def left_of(
    txn: ReadTxn, references: Table, lease: LeaseRow, *, within: bytes = b""
) -> list[tuple[int, int]]:
    """(first, count) of the runs of a lease's blocks that go when it ends: nothing references them,
    and they were not let go before. Args: references, within: see `unreferenced`."""
    return unreferenced(
        txn,
        references,
        lease.container,
        lease.first_local,
        lease.count,
        within=within,
        besides=collected_blocks(lease),
    )
