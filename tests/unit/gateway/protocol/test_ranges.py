import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.ranges import parse_copy_range, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=4-7", (4, 4)),
        ("bytes=4-", (4, 7)),
        ("bytes=-7", (4, 7)),
        ("bytes=-100", (0, 11)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-99999999999999999999999", (10, 1)),
        ("Bytes= 0-1 ", (0, 2)),
        ("bytes=00-01", (0, 2)),
        ("bytes=,0-1, ,", (0, 2)),
        ("bytes=-" + "9" * 5000, (0, 11)),
    ],
)
def test_single_range_of_eleven_bytes(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 11) == expected


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "items=0-1"),
        *("bytes=0-1,,3-4", "bytes=20-,30-", "bytes=,", "bytes =0-1", "byte=0-1", "*=0-1"),
        *("bytes=1", "bytes 0-1", "bytes=--1", "bytes=0x0-1", "bytes=٠-١", "bytes=1-2-3"),
    ],
)
def test_range_that_is_not_well_formed_or_several_is_ignored(header: str) -> None:
    assert parse_range(header, 11) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=40-50", 11),
        ("bytes=11-", 11),
        ("bytes=-0", 11),
        ("bytes=0-", 0),
        ("bytes=-1", 0),
        ("bytes=" + "9" * 5000 + "-", 11),
    ],
)
def test_range_that_cannot_be_satisfied_is_refused(header: str, size: int) -> None:
    with pytest.raises(S3Error) as refused:
        parse_range(header, size)
    assert (refused.value.code, refused.value.status) == ("InvalidRange", 416)
    assert refused.value.details == {"RangeRequested": header, "ActualObjectSize": str(size)}
    assert refused.value.headers == {"Content-Range": f"bytes */{size}"}


NUMBERS = st.one_of(st.none(), st.integers(0, 30))


@given(first=NUMBERS, last=NUMBERS, size=st.integers(0, 20))
def test_range_selects_what_indexing_every_byte_would(
    first: int | None, last: int | None, size: int
) -> None:
    # The model decides for each offset on its own whether the range holds it (RFC 9110, 14.1.2).
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    well_formed = not (first is None and last is None) and not (
        first is not None and last is not None and last < first
    )

    def holds(offset: int) -> bool:
        if first is None:
            assert last is not None
            return offset >= size - last
        return first <= offset and (last is None or offset <= last)

    if not well_formed:
        assert parse_range(header, size) is None
        return
    held = [offset for offset in range(size) if holds(offset)]
    if held:
        assert parse_range(header, size) == (held[0], len(held))
    else:
        with pytest.raises(S3Error, match="InvalidRange"):
            parse_range(header, size)


@given(st.text("bytes=0123456789-, ", max_size=20), st.integers(0, 10**6))
def test_range_of_any_text_stays_inside_the_object(header: str, size: int) -> None:
    try:
        actual = parse_range(header, size)
    except S3Error as error:
        assert error.code == "InvalidRange"
        return
    if actual is not None:
        offset, length = actual
        assert offset >= 0 and length >= 1 and offset + length <= size


def test_copy_range_is_taken_only_inside_the_source() -> None:
    assert parse_copy_range(None, 5) is None
    assert parse_copy_range("bytes=0-4", 5) == (0, 5)
    assert parse_copy_range("bytes=4-4", 5) == (4, 1)
    for header, size in (("bytes=0-21", 5), ("bytes=0-0", 0)):
        with pytest.raises(S3Error) as refused:
            parse_copy_range(header, size)
        assert (refused.value.code, refused.value.message) == (
            "InvalidArgument",
            f"Range specified is not valid for source object of size: {size}",
        )


@pytest.mark.parametrize(
    "header",
    [
        *("0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-2,3-5"),
        *("bytes=0-", "bytes=-2", "bytes=3-2", ""),
    ],
)
def test_copy_range_of_another_form_is_an_invalid_argument(header: str) -> None:
    with pytest.raises(S3Error) as refused:
        parse_copy_range(header, 5)
    assert (refused.value.code, refused.value.status) == ("InvalidArgument", 400)
