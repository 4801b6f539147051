"""The end of a volume's index while threads still read it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from trioxygen.common.errors import Unavailable
from trioxygen.hdds.container.blocks import TABLES, Block, BlockIndex, block_key, put_block
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import ReadTxn


class SlowStore(MemoryStore):
    """Attributes: is_read: a transaction is open. go_on: it may end."""

    def __init__(self) -> None:
        super().__init__(TABLES)
        self.is_read, self.go_on = threading.Event(), threading.Event()

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        with super().read() as txn:
            self.is_read.set()
            assert self.go_on.wait(60)
            yield txn


def test_index_is_closed_when_those_that_read_it_have_ended() -> None:
    store = SlowStore()
    txn = store.begin()
    put_block(txn, block_key(1, 1), Block(5, 1, b"1234", 0, 0, None))
    txn.commit()
    index = BlockIndex(store, cached_blocks_max=10)
    rows: list[object] = []
    reading = threading.Thread(
        target=lambda: rows.extend(index.whole_after(block_key(1, 0), count_max=10))
    )
    closing = threading.Thread(target=index.close)
    reading.start()
    assert store.is_read.wait(60)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    store.go_on.set()
    closing.join(60)
    assert not closing.is_alive()
    reading.join(60)
    assert len(rows) == 1
    with pytest.raises(Unavailable):
        index.whole_after(block_key(1, 0), count_max=10)
