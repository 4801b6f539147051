import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import LogCorrupt, UnknownFormat
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Buffer,
    Kind,
    SegmentHeader,
    check_kind,
    frame_entries,
    is_intact,
    parse_record_header,
    parse_segment_header,
    record_header,
)
from trioxygen.metadata.raft.ports import Entry, EntryKind, GroupId

HEADER = SegmentHeader(log_id=5, base_offset=4096, size_bytes=65_536, salt=77)
U64 = st.integers(0, 2**64 - 1)


def test_segment_header_comes_back_from_its_page() -> None:
    page = HEADER.page()
    assert len(page) == SEGMENT_HEADER_BYTES
    assert parse_segment_header(page, file="x") == HEADER


def test_segment_header_of_another_version_is_unknown() -> None:
    page = bytearray(HEADER.page())
    page[8] += 1
    with pytest.raises(UnknownFormat, match="version=2"):
        parse_segment_header(bytes(page), file="x")


@pytest.mark.parametrize("at", [0, 20, 30, 40, 50])
def test_damaged_segment_header_is_corrupt(at: int) -> None:
    page = bytearray(HEADER.page())
    page[at] ^= 1
    with pytest.raises(LogCorrupt, match="file=x"):
        parse_segment_header(bytes(page), file="x")


@given(
    index=U64,
    term=U64,
    synced=U64,
    group=U64,
    payload=st.binary(max_size=100),
    kind=st.sampled_from(EntryKind),
)
def test_framed_entry_comes_back(
    index: int, term: int, synced: int, group: int, payload: bytes, kind: EntryKind
) -> None:
    buffers: list[Buffer] = []
    offsets: list[int] = []
    end = frame_entries(
        buffers,
        offsets,
        [Entry(index, term, payload, kind)],
        GroupId(group),
        offset=100,
        synced_offset=synced,
        seed=9,
    )
    data = b"".join(buffers)
    assert (offsets, end - 100) == ([100], len(data))
    header = parse_record_header(data, 0)
    assert header is not None
    assert header[1:] == (len(payload), Kind.ENTRY, kind, group, synced, index, term)
    assert is_intact(data[:RECORD_HEADER_BYTES], data[RECORD_HEADER_BYTES:], seed=9)
    assert not is_intact(data[:RECORD_HEADER_BYTES], data[RECORD_HEADER_BYTES:], seed=10)


@given(at=st.integers(4, RECORD_HEADER_BYTES + 9), bit=st.integers(0, 7))
def test_record_with_any_flipped_bit_is_not_intact(at: int, bit: int) -> None:
    payload = b"0123456789"
    head = record_header(
        Kind.HARD_STATE, GroupId(3), synced_offset=11, index=1, term=2, payload=payload, seed=4
    )
    data = bytearray(head + payload)
    data[at] ^= 1 << bit
    assert not is_intact(data[:RECORD_HEADER_BYTES], data[RECORD_HEADER_BYTES:], seed=4)


def test_record_without_the_magic_number_is_none() -> None:
    assert parse_record_header(bytes(RECORD_HEADER_BYTES), 0) is None


def test_record_of_an_unknown_kind_is_an_unknown_format() -> None:
    data = bytearray(record_header(Kind.SYNCED, GroupId(0), synced_offset=0, seed=0))
    data[12] = 99
    header = parse_record_header(data, 0)
    assert header is not None
    with pytest.raises(UnknownFormat, match="kind=99"):
        check_kind(header, file="x", at=0)
