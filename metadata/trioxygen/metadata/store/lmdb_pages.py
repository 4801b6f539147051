"""A look at all pages of a store's file before the engine maps it, which takes them on trust: a
size or a page number that is wrong there ends the process, or leads past rows without a word.

What is checked, of the newest state: each page that is in use is reachable once, says its own
number, and holds nodes that lie in it; separators of inner pages bound the keys below them; keys
rise; the counters of each tree are right; each page is in use or free, and none is both. What rows
hold is not (see `seal`): a row that is damaged itself is no fault of the file.

Written against LMDB 1.0's layout, 64 bits, little endian. Nothing here can be made to fail by what
a file holds, other than with `Fault`.
"""

from array import array
from collections.abc import Callable
from struct import Struct, unpack_from
from struct import error as StructError
from typing import Final, NamedTuple

# (bytes, offset): what is there of the file; less at its end.
Read = Callable[[int, int], bytes]
# (name of the table, key, stored value) -> whether the row's seal holds
IsWhole = Callable[[bytes, bytes, bytes], bool]

_MAGIC: Final = 0xBEEFC0DE
_DATA_VERSION: Final = 3
_METAS: Final = 2
_NO_PAGE: Final = (1 << 64) - 1
_DEPTH_MAX: Final = 32
_PAGE_BYTES_MAX: Final = 0x10000
_BRANCH, _LEAF, _OVERFLOW, _META = 1, 2, 4, 8
_BIG, _TREE = 1, 2
_NUMBER_BYTES: Final = 8

_PAGE: Final = Struct("<QQHHHH")  # number, transaction, -, flags, lower, upper
_META_HEAD: Final = Struct("<IIQQ")  # magic, version, -, size of the map
_COUNTS: Final = Struct("<IHHQQQQQ")
_META_END: Final = Struct("<QQ")  # last page, transaction
_NODE: Final = Struct("<HHHH")  # size or child, its upper half, flags, size of the key
_EXTENT: Final = Struct("<QQQ")  # first page, transaction, pages
_OVERFLOW_PAGES: Final = Struct("<I")
_HEAD_BYTES: Final = _PAGE.size
_NODE_BYTES: Final = _NODE.size
_META_BYTES: Final = _HEAD_BYTES + _META_HEAD.size + 2 * _COUNTS.size + _META_END.size


class Fault(Exception):
    """What is wrong with the file; one is enough."""


class NoHead(Fault):
    """Perhaps no store's file at all."""


class _Tree(NamedTuple):
    """As a record of the file has it. `page_bytes` only means something of the free pages' tree."""

    page_bytes: int
    flags: int
    depth: int
    branches: int
    leaves: int
    overflows: int
    entries: int
    root: int


class _Meta(NamedTuple):
    free: _Tree
    main: _Tree
    last_page: int
    transaction: int


class _Tally:
    """Of one tree, as it is walked over.

    Attributes:
    name: of a table; of the others what they are.
    leaves_at: the depth of leaves that are not to be looked at; 0: all are.
    """

    __slots__ = (
        "branches",
        "depth",
        "entries",
        "is_free",
        "leaves",
        "leaves_at",
        "name",
        "overflows",
    )

    def __init__(self, name: bytes, *, is_free: bool, leaves_at: int) -> None:
        self.name, self.is_free, self.leaves_at = name, is_free, leaves_at
        self.branches = self.leaves = self.overflows = self.entries = self.depth = 0

    def fault(self, page: int, what: str) -> Fault:
        return Fault(f"page {page} of {self.name.decode('ascii', 'replace')}: {what}")


def _read_meta(read: Read, page: int, page_bytes: int) -> _Meta:
    data = read(_META_BYTES, page * page_bytes)
    if len(data) < _META_BYTES:
        raise Fault("it ends in its head")
    number, _, _, flags, _, _ = _PAGE.unpack_from(data)
    magic, version, _, _ = _META_HEAD.unpack_from(data, _HEAD_BYTES)
    if magic != _MAGIC or flags != _META or number != page:
        raise NoHead(f"page {page} is no head of a store")
    if version != _DATA_VERSION:
        raise Fault(f"page {page} has version {version}")
    at = _HEAD_BYTES + _META_HEAD.size
    free = _Tree._make(_COUNTS.unpack_from(data, at))
    main = _Tree._make(_COUNTS.unpack_from(data, at + _COUNTS.size))
    last_page, transaction = _META_END.unpack_from(data, at + 2 * _COUNTS.size)
    if transaction and transaction % _METAS != page:
        raise Fault(f"page {page} is of transaction {transaction}")
    return _Meta(free, main, last_page, transaction)


class _Walk:
    def __init__(self, read: Read, file_bytes: int, is_whole: IsWhole, *, only_inner: bool) -> None:
        self._read, self._is_whole, self._only_inner = read, is_whole, only_inner
        first = _read_meta(read, 0, 1)
        self._page_bytes = first.free.page_bytes
        is_power = self._page_bytes and not self._page_bytes & (self._page_bytes - 1)
        if not is_power or not 2 * _META_BYTES <= self._page_bytes <= _PAGE_BYTES_MAX:
            raise Fault(f"pages of {self._page_bytes} bytes")
        second = _read_meta(read, 1, self._page_bytes)
        if second.free.page_bytes != self._page_bytes:
            raise Fault("its heads do not agree on the size of pages")
        self._meta = first if first.transaction > second.transaction else second
        self._pages = self._meta.last_page + 1
        # A transaction that gives its newest pages back leaves them unwritten: the file ends before
        # them. All of them are free, and each one's number stands in the file.
        pages_held = min(self._pages, file_bytes // self._page_bytes)
        pages_absent = self._pages - pages_held
        if self._pages < _METAS or pages_absent * _NUMBER_BYTES > file_bytes:
            raise Fault(f"{self._pages} pages do not fit into {file_bytes} bytes")
        self._pages_held = pages_held
        self._used = bytearray(self._pages)
        self._used[0] = self._used[1] = 1
        self._trees: list[tuple[bytes, _Tree]] = []
        self._freed = array("Q")

    def run(self) -> None:
        self._tree(b"the free pages", self._meta.free, is_free=True)
        self._tree(b"the tables", self._meta.main)
        for name, tree in self._trees:
            self._tree(name, tree, only_inner=self._only_inner)
        used = self._used
        for page in self._freed:
            if page >= self._pages or used[page]:
                raise Fault(f"page {page} is free, and is in use or free already")
            used[page] = 1
        missing = used.find(0, self._pages_held if self._only_inner else 0)
        if missing >= 0:
            raise Fault(f"page {missing} is neither in use nor free")

    def _tree(
        self, name: bytes, tree: _Tree, *, is_free: bool = False, only_inner: bool = False
    ) -> None:
        tally = _Tally(name, is_free=is_free, leaves_at=tree.depth if only_inner else 0)
        if tree.root != _NO_PAGE:
            self._page(tally, tree.root, 1, None, None)
        for what, walked, stated in (
            ("levels", tally.depth, tree.depth),
            ("inner pages", tally.branches, tree.branches),
            ("leaves", tally.leaves, tree.leaves),
            ("pages of large rows", tally.overflows, tree.overflows),
            ("rows", tally.entries, tree.entries),
        ):
            is_known = not only_inner or what in ("inner pages", "leaves")
            if walked != stated and is_known:
                raise Fault(f"{name.decode('ascii', 'replace')} has {walked} {what}, not {stated}")

    def _take(self, tally: _Tally, page: int) -> None:
        if not _METAS <= page < self._pages_held:
            raise tally.fault(page, "there is no such page")
        if self._used[page]:
            raise tally.fault(page, "it is used twice")
        self._used[page] = 1

    def _page(
        self, tally: _Tally, page: int, depth: int, low: bytes | None, high: bytes | None
    ) -> None:
        self._take(tally, page)
        if depth == tally.leaves_at:
            tally.leaves += 1
            return
        data = self._read(self._page_bytes, page * self._page_bytes)
        number, transaction, _, flags, lower, upper = _PAGE.unpack_from(data)
        if number != page or transaction > self._meta.transaction:
            raise tally.fault(page, "another page stands there")
        if lower % 2 or lower > upper or upper + _HEAD_BYTES > self._page_bytes:
            raise tally.fault(page, "its bounds are wrong")
        if flags not in (_BRANCH, _LEAF) or depth > _DEPTH_MAX:
            raise tally.fault(page, f"it is of no kind that belongs there ({flags})")
        nodes = unpack_from(f"<{lower // 2}H", data, _HEAD_BYTES)
        if len({*nodes}) != len(nodes) or (nodes and min(nodes) < upper):
            raise tally.fault(page, "its nodes are not where they should be")
        if nodes and max(nodes) + _HEAD_BYTES + _NODE_BYTES > self._page_bytes:
            raise tally.fault(page, "a node begins outside of it")
        tally.depth = max(tally.depth, depth)
        if flags == _LEAF:
            self._leaf(tally, page, data, nodes, low, high)
        else:
            self._branch(tally, page, data, nodes, depth, low, high)

    def _branch(
        self,
        tally: _Tally,
        page: int,
        data: bytes,
        nodes: tuple[int, ...],
        depth: int,
        low: bytes | None,
        high: bytes | None,
    ) -> None:
        tally.branches += 1
        children: list[tuple[int, bytes | None]] = []
        for position, node in enumerate(nodes):
            at = node + _HEAD_BYTES
            first, second, third, key_bytes = _NODE.unpack_from(data, at)
            key = _ordered(data[at + _NODE_BYTES : at + _NODE_BYTES + key_bytes], tally.is_free)
            # The first one's key is not looked at.
            bound = key if position else low
            before = children[-1][1] if children else None
            is_between = not position or (
                (before is None or key > before) and (high is None or key < high)
            )
            if at + _NODE_BYTES + key_bytes > self._page_bytes or not is_between:
                raise tally.fault(page, "its separators are not in order")
            children.append((first | second << 16 | third << 32, bound))
        if not children:
            raise tally.fault(page, "it has no children")
        for (child, bound), (_, end) in zip(children, [*children[1:], (0, high)], strict=True):
            self._page(tally, child, depth + 1, bound, end)

    def _leaf(
        self,
        tally: _Tally,
        page: int,
        data: bytes,
        nodes: tuple[int, ...],
        low: bytes | None,
        high: bytes | None,
    ) -> None:
        tally.leaves += 1
        tally.entries += len(nodes)
        unpack, page_bytes = _NODE.unpack_from, self._page_bytes
        rows: list[bytes] = []
        for node in nodes:
            at = node + _HEAD_BYTES
            size_bytes, upper_half, flags, key_bytes = unpack(data, at)
            size_bytes |= upper_half << 16
            stored_at = at + _NODE_BYTES + key_bytes + (key_bytes & 1)
            if flags:
                self._special(tally, page, data, at, key_bytes, stored_at, size_bytes, flags)
            elif stored_at + size_bytes > page_bytes:
                raise tally.fault(page, "a row does not end in it")
            elif tally.is_free:
                self._free(tally, page, data[stored_at : stored_at + size_bytes])
            rows.append(data[at + _NODE_BYTES : at + _NODE_BYTES + key_bytes])
        if tally.is_free:
            rows = [_ordered(row, is_free=True) for row in rows]
        for position, key in enumerate(rows):
            before = rows[position - 1] if position else low
            is_right = before is None or key > before or (not position and key == before)
            if is_right and (high is None or key < high):
                continue
            # Of a damaged key the row says it. Of whole rows the place is wrong.
            suspects = (position - 1, position) if position else (position,)
            if all(self._row_is_whole(tally, data, nodes[suspect]) for suspect in suspects):
                raise tally.fault(page, "a row is where it does not belong")

    def _row_is_whole(self, tally: _Tally, data: bytes, node: int) -> bool:
        at = node + _HEAD_BYTES
        size_bytes, upper_half, flags, key_bytes = _NODE.unpack_from(data, at)
        size_bytes |= upper_half << 16
        key = data[at + _NODE_BYTES : at + _NODE_BYTES + key_bytes]
        stored_at = at + _NODE_BYTES + key_bytes + (key_bytes & 1)
        if flags == _BIG:
            first, _, _ = _EXTENT.unpack_from(data, stored_at)
            stored = self._read(size_bytes, first * self._page_bytes + _HEAD_BYTES)
        else:
            stored = data[stored_at : stored_at + size_bytes]
        return tally.is_free or self._is_whole(tally.name, key, stored)

    def _special(
        self,
        tally: _Tally,
        page: int,
        data: bytes,
        at: int,
        key_bytes: int,
        stored_at: int,
        size_bytes: int,
        flags: int,
    ) -> None:
        if flags == _TREE and size_bytes == _COUNTS.size:
            if stored_at + size_bytes > self._page_bytes:
                raise tally.fault(page, "a table's record does not end in it")
            name = data[at + _NODE_BYTES : at + _NODE_BYTES + key_bytes].rstrip(b"\0")
            self._trees.append((name, _Tree._make(_COUNTS.unpack_from(data, stored_at))))
            return
        if flags != _BIG or stored_at + _EXTENT.size > self._page_bytes:
            raise tally.fault(page, f"a row of no known kind ({flags})")
        first, _, count = _EXTENT.unpack_from(data, stored_at)
        needed = (_HEAD_BYTES - 1 + size_bytes) // self._page_bytes + 1
        if count != needed or first + count > self._pages_held:
            raise tally.fault(page, "a large row has a wrong size")
        for extent_page in range(first, first + count):
            self._take(tally, extent_page)
        head = self._read(_HEAD_BYTES, first * self._page_bytes)
        number, transaction, _, kind, _, _ = _PAGE.unpack_from(head)
        [pages] = _OVERFLOW_PAGES.unpack_from(head, _HEAD_BYTES - _OVERFLOW_PAGES.size)
        is_right = (number, kind, pages) == (first, _OVERFLOW, count)
        if not is_right or transaction > self._meta.transaction:
            raise tally.fault(first, "another page stands there")
        tally.overflows += count
        if tally.is_free:
            self._free(tally, page, self._read(size_bytes, first * self._page_bytes + _HEAD_BYTES))

    def _free(self, tally: _Tally, page: int, value: bytes) -> None:
        """A count, and as many page numbers."""
        if len(value) < _NUMBER_BYTES or len(value) % _NUMBER_BYTES:
            raise tally.fault(page, "a row of a wrong size")
        numbers = array("Q", value)
        if numbers[0] != len(numbers) - 1:
            raise tally.fault(page, "a row with a wrong count")
        self._freed.extend(numbers[1:])


def _ordered(key: bytes, is_free: bool) -> bytes:
    """Free pages are kept by number: as bytes that compare alike."""
    return key[::-1] if is_free else key


def check_pages(
    read: Read, file_bytes: int, is_whole: IsWhole, *, only_inner: bool = False
) -> None:
    """Nobody may write meanwhile. Measured: 300 MB/s, 2,400 MB/s without the leaves.

    Args:
        only_inner: leaves and what hangs on them are taken for right.
    Raises: Fault.
    """
    try:
        _Walk(read, file_bytes, is_whole, only_inner=only_inner).run()
    except StructError as error:
        raise Fault("it ends early, or a number in it leads out of it") from error
