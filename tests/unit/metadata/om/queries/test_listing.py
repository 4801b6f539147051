"""Listing agrees with the model, page by page, and costs what its answer costs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models import namespace as model
from trioxygen.metadata.om.queries import listing
from trioxygen.metadata.om.state.schema import ALL_TABLES, KEYS, UPLOADS, key_key, upload_key
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Cursor, ReadTxn, Store, Table
from trioxygen.proto.v1.om_pb2 import KeyRow, ObjectHeaders, ObjectPart, UploadRow
from trioxygen.proto.v1.types_pb2 import BlockSlice

BUCKET = 2
MAP_BYTES = 256 << 20
PIECES = ("a", "b", "ab", "/", "//", "a/", "\0", "\1", "é", "\U0010ffff", "\ue000", ".", "-")

texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
keys = texts.filter(bool).map(str.encode)
delimiters = st.one_of(
    st.just(""), st.just("/"), st.sampled_from(PIECES), texts.filter(lambda text: len(text) < 4)
).map(str.encode)


@st.composite
def questions(draw: st.DrawFn) -> tuple[set[bytes], bytes, bytes, bytes]:
    """(keys, prefix, delimiter, after): the last three often near keys."""
    held = draw(st.sets(keys, max_size=25))
    near = [key.decode() for key in sorted(held)] or ["a"]
    some = st.one_of(texts, st.sampled_from(near))

    def cut(text: str) -> bytes:
        return text[: draw(st.integers(0, len(text)))].encode()

    prefix = cut(draw(st.one_of(st.just(""), some)))
    after = draw(st.one_of(st.just(b""), some.map(cut), some.map(str.encode)))
    return held, prefix, draw(delimiters), after


@contextmanager
def reading(store: Store, held: set[bytes]) -> Iterator[ReadTxn]:
    """The bucket holds these keys, and so do its neighbours."""
    txn = store.begin()
    txn.delete_range(KEYS.table, b"\0", b"\xff")
    for key in held:
        for bucket_id in (BUCKET - 1, BUCKET, BUCKET + 1):
            txn.put(KEYS.table, key_key(bucket_id, key), b"row of " + key)
    txn.commit()
    with store.read() as read:
        yield read


@pytest.fixture(params=["memory", "lmdb"], scope="module")
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("listing")
    made: Store = (
        MemoryStore(ALL_TABLES)
        if request.param == "memory"
        else LmdbStore(path, ALL_TABLES, map_bytes=MAP_BYTES)
    )
    yield made
    made.close()


property_test = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@property_test
@given(question=questions(), count_max=st.integers(0, 6), inclusive=st.booleans())
def test_page_of_keys_is_the_models(
    store: Store,
    question: tuple[set[bytes], bytes, bytes, bytes],
    count_max: int,
    inclusive: bool,
) -> None:
    held, prefix, delimiter, after = question
    with reading(store, held) as txn:
        page = listing.list_keys(
            txn,
            bucket_id=BUCKET,
            prefix=prefix,
            delimiter=delimiter,
            after=after,
            count_max=count_max,
            inclusive=inclusive,
        )
    expected = model.list_keys(
        held,
        prefix=prefix,
        delimiter=delimiter,
        after=after,
        count_max=count_max,
        inclusive=inclusive,
    )
    assert page.keys == expected.keys
    assert page.common_prefixes == expected.common_prefixes
    assert page.truncated == expected.truncated
    assert page.rows == [b"row of " + key for key in page.keys]
    assert page.last == (expected.entries[-1].name if expected.entries else b"")


@property_test
@given(question=questions(), count_max=st.integers(1, 4))
def test_pages_together_show_everything_once_and_in_order(
    store: Store, question: tuple[set[bytes], bytes, bytes, bytes], count_max: int
) -> None:
    held, prefix, delimiter, _ = question
    shown: list[tuple[bytes, bool]] = []
    after, truncated = b"", True
    with reading(store, held) as txn:
        while truncated:
            page = listing.list_keys(
                txn,
                bucket_id=BUCKET,
                prefix=prefix,
                delimiter=delimiter,
                after=after,
                count_max=count_max,
            )
            actual = [(key, False) for key in page.keys]
            actual += [(rolled, True) for rolled in page.common_prefixes]
            assert not page.truncated or len(actual) == count_max
            shown += sorted(actual)
            after, truncated = page.last, page.truncated
    entries = model.all_entries(held, prefix=prefix, delimiter=delimiter)
    assert shown == [(entry.name, entry.is_prefix) for entry in entries]
    assert all(each[0] < other[0] for each, other in pairwise(shown))


class CountingCursor:
    def __init__(self, cursor: Cursor, count: Callable[[], None]) -> None:
        self._cursor, self._count = cursor, count

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        self._count()
        return self._cursor.seek(key)

    def next(self) -> tuple[bytes, bytes] | None:
        self._count()
        return self._cursor.next()


class CountingTxn:
    """A read transaction that counts what its cursors do."""

    def __init__(self, txn: ReadTxn) -> None:
        self._txn = txn
        self.operations = 0

    def _count(self) -> None:
        self.operations += 1

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self._txn.get(table, key)

    def cursor(self, table: Table) -> Cursor:
        return CountingCursor(self._txn.cursor(table), self._count)

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        raise AssertionError("listing walks cursors")


def test_common_prefix_costs_one_seek_whatever_it_holds(store: Store) -> None:
    held = {
        b"%s/%05d" % (folder, number) for folder in (b"a", b"b", b"c") for number in range(3_333)
    }
    held |= {b"between a and b"}
    with reading(store, held) as txn:
        counting = CountingTxn(txn)
        page = listing.list_keys(
            counting, bucket_id=BUCKET, prefix=b"", delimiter=b"/", after=b"", count_max=1_000
        )
        assert page.common_prefixes == [b"a/", b"b/", b"c/"]
        assert (page.keys, page.truncated) == ([b"between a and b"], False)
        assert counting.operations < 10

        counting = CountingTxn(txn)
        page = listing.list_keys(
            counting, bucket_id=BUCKET, prefix=b"", delimiter=b"/", after=b"a/", count_max=1
        )
        assert (page.common_prefixes, page.truncated) == ([b"b/"], True)
        assert counting.operations < 6

        counting = CountingTxn(txn)
        page = listing.list_keys(
            counting, bucket_id=BUCKET, prefix=b"b/", delimiter=b"", after=b"b/01000", count_max=50
        )
        assert len(page.keys) == 50
        assert counting.operations < 55


def test_page_shows_a_large_row_without_what_no_listing_shows(store: Store) -> None:
    row = KeyRow(
        object_id=1,
        size_bytes=2,
        modified_ms=3,
        etag="etag",
        storage_class="class",
        account_id="account",
        checksum=b"1234",
        headers=ObjectHeaders(content_type="text/plain"),
        parts=[ObjectPart(number=number, size_bytes=1) for number in range(1, 10_001)],
        blocks=[BlockSlice(container=1, local=local) for local in range(10_000)],
    )
    small = KeyRow(object_id=1, headers=row.headers)
    txn = store.begin()
    for name, value in ((b"large", row), (b"small", small), (b"z/large", row)):
        KEYS.put(txn, key_key(77, name), value)
    txn.commit()
    shown = KeyRow()
    shown.CopyFrom(row)
    for field in ("headers", "parts", "blocks"):
        shown.ClearField(field)
    with store.read() as read:
        for delimiter in (b"", b"|"):
            page = listing.list_keys(
                read, bucket_id=77, prefix=b"", delimiter=delimiter, after=b"", count_max=10
            )
            assert [KeyRow.FromString(value) for value in page.rows] == [shown, small, shown]
            assert sum(map(len, page.rows)) < 500


# ---- uploads ----


@st.composite
def upload_questions(
    draw: st.DrawFn,
) -> tuple[set[model.Upload], bytes, bytes, bytes, bytes]:
    """(uploads, prefix, delimiter, key marker, upload id marker)"""
    ids = st.sampled_from((b"\0" * 16, b"\1" * 16, b"\xff" * 16, bytes(range(16))))
    held = draw(st.sets(st.tuples(keys, ids), max_size=25))
    near = [key.decode() for key, _ in sorted(held)] or ["a"]
    some = st.one_of(texts, st.sampled_from(near))
    prefix = draw(st.one_of(st.just(""), some))
    prefix = prefix[: draw(st.integers(0, len(prefix)))]
    marker = draw(st.one_of(st.just(""), some))
    id_marker = draw(st.one_of(st.just(b""), ids, st.just(b"\1" * 15), st.just(b"\1" * 17)))
    return held, prefix.encode(), draw(delimiters), marker.encode(), id_marker


@contextmanager
def reading_uploads(store: Store, held: set[model.Upload]) -> Iterator[ReadTxn]:
    txn = store.begin()
    txn.delete_range(UPLOADS.table, b"\0", b"\xff")
    for key, upload_id in held:
        for bucket_id in (BUCKET - 1, BUCKET, BUCKET + 1):
            row = UploadRow(bucket_id=bucket_id, key=key, upload_id=upload_id)
            UPLOADS.put(txn, upload_key(bucket_id, key, upload_id), row)
    txn.commit()
    with store.read() as read:
        yield read


def shown_in(page: listing.UploadPage) -> list[model.Upload | bytes]:
    assert all(row.bucket_id == BUCKET for row in page.uploads)
    uploads: list[model.Upload] = [(row.key, row.upload_id) for row in page.uploads]
    both: list[model.Upload | bytes] = [*uploads, *page.common_prefixes]
    return sorted(both, key=lambda each: (each, b"") if isinstance(each, bytes) else each)


@property_test
@given(question=upload_questions(), count_max=st.integers(0, 6))
def test_page_of_uploads_is_the_models(
    store: Store,
    question: tuple[set[model.Upload], bytes, bytes, bytes, bytes],
    count_max: int,
) -> None:
    held, prefix, delimiter, key_marker, id_marker = question
    with reading_uploads(store, held) as txn:
        page = listing.list_uploads(
            txn,
            bucket_id=BUCKET,
            prefix=prefix,
            delimiter=delimiter,
            key_marker=key_marker,
            upload_id_marker=id_marker,
            count_max=count_max,
        )
    expected, truncated = model.list_uploads(
        held,
        prefix=prefix,
        delimiter=delimiter,
        key_marker=key_marker,
        upload_id_marker=id_marker,
        count_max=count_max,
    )
    assert (shown_in(page), page.truncated) == (expected, truncated)


@property_test
@given(question=upload_questions(), count_max=st.integers(1, 4))
def test_pages_of_uploads_together_show_everything_once_and_in_order(
    store: Store,
    question: tuple[set[model.Upload], bytes, bytes, bytes, bytes],
    count_max: int,
) -> None:
    held, prefix, delimiter, _, _ = question
    shown: list[model.Upload | bytes] = []
    key_marker, id_marker, truncated = b"", b"", True
    with reading_uploads(store, held) as txn:
        while truncated:
            page = listing.list_uploads(
                txn,
                bucket_id=BUCKET,
                prefix=prefix,
                delimiter=delimiter,
                key_marker=key_marker,
                upload_id_marker=id_marker,
                count_max=count_max,
            )
            shown += shown_in(page)
            key_marker, id_marker = page.next_key, page.next_upload_id
            truncated = page.truncated
    expected, _ = model.list_uploads(
        held,
        prefix=prefix,
        delimiter=delimiter,
        key_marker=b"",
        upload_id_marker=b"",
        count_max=10_000,
    )
    assert shown == expected


def test_common_prefix_of_uploads_costs_one_seek(store: Store) -> None:
    held = {
        (b"%s/%04d" % (folder, number), b"\1" * 16)
        for folder in (b"a", b"b")
        for number in range(500)
    }
    with reading_uploads(store, held) as txn:
        counting = CountingTxn(txn)
        page = listing.list_uploads(
            counting,
            bucket_id=BUCKET,
            prefix=b"",
            delimiter=b"/",
            key_marker=b"",
            upload_id_marker=b"",
            count_max=1_000,
        )
    assert page.common_prefixes == [b"a/", b"b/"]
    assert counting.operations < 6
