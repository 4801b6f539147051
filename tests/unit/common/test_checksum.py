import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common import checksum
from trioxygen.common.checksum import Algorithm

CHECK = b"123456789"

# The "check" values of the catalogue of CRC algorithms; hashlib for the rest.
KNOWN = {
    Algorithm.CRC32: bytes.fromhex("cbf43926"),
    Algorithm.CRC32C: bytes.fromhex("e3069283"),
    Algorithm.CRC64NVME: bytes.fromhex("ae8b14860a799888"),
    Algorithm.SHA1: hashlib.sha1(CHECK).digest(),
    Algorithm.SHA256: hashlib.sha256(CHECK).digest(),
    Algorithm.SHA512: hashlib.sha512(CHECK).digest(),
    Algorithm.MD5: hashlib.md5(CHECK).digest(),
    Algorithm.XXHASH64: bytes.fromhex("8cb841db40e6ae83"),
    Algorithm.XXHASH3: bytes.fromhex("72dcb18b67a17dff"),
    Algorithm.XXHASH128: bytes.fromhex("33119477ede5dcd5e9716427681d5860"),
}
# As `xxhsum` prints them: in canonical, big-endian form, which SDKs send.
XXHASH_OF_ABC = {
    Algorithm.XXHASH64: "44bc2cf5ad770999",
    Algorithm.XXHASH3: "78af5f94892f3950",
    Algorithm.XXHASH128: "06b05ab6733a618578af5f94892f3950",
}
COMPOSABLE = [member for member in Algorithm if member.composable]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_digest_is_the_published_one(algorithm: Algorithm) -> None:
    assert checksum.digest_of(algorithm, CHECK) == KNOWN[algorithm]
    assert len(KNOWN[algorithm]) == algorithm.digest_size_bytes


@pytest.mark.parametrize("algorithm", XXHASH_OF_ABC)
def test_xxhash_is_in_canonical_form(algorithm: Algorithm) -> None:
    assert checksum.digest_of(algorithm, b"abc").hex() == XXHASH_OF_ABC[algorithm]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_view_of_more_than_one_step_equals_bytes(algorithm: Algorithm) -> None:
    data = bytes(range(256)) * 4_100
    assert checksum.digest_of(algorithm, memoryview(bytearray(data))) == checksum.digest_of(
        algorithm, data
    )


@pytest.mark.parametrize("algorithm", Algorithm)
def test_algorithm_is_found_by_name_and_by_header(algorithm: Algorithm) -> None:
    assert checksum.ALGORITHM_BY_NAME[algorithm.value] is algorithm
    assert algorithm.header == "x-amz-checksum-" + algorithm.value.lower()
    assert checksum.ALGORITHM_BY_HEADER[algorithm.header] is algorithm


@pytest.mark.parametrize("algorithm", Algorithm)
def test_hasher_fed_piecewise_from_views_equals_one_pass(algorithm: Algorithm) -> None:
    data = bytes(range(256)) * 41
    hasher = checksum.new(algorithm)
    for start in range(0, len(data), 1000):
        hasher.update(memoryview(data)[start : start + 1000])
        hasher.digest()
    assert hasher.digest() == checksum.digest_of(algorithm, bytearray(data))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_hasher_refuses_a_view_that_is_not_contiguous(algorithm: Algorithm) -> None:
    with pytest.raises(BufferError):
        checksum.new(algorithm).update(memoryview(CHECK)[::2])


@pytest.mark.parametrize("algorithm", COMPOSABLE)
@given(parts=st.lists(st.binary(max_size=300), max_size=6))
def test_combined_checksum_equals_that_of_the_whole(
    algorithm: Algorithm, parts: list[bytes]
) -> None:
    pairs = [(checksum.digest_of(algorithm, part), len(part)) for part in parts]
    assert checksum.combine(algorithm, pairs) == checksum.digest_of(algorithm, b"".join(parts))


def test_combining_a_hash_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        checksum.combine(Algorithm.SHA256, [])


def test_composite_is_the_digest_of_the_raw_digests() -> None:
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
    expected = hashlib.sha256(b"".join(digests)).digest()
    assert checksum.composite(Algorithm.SHA256, digests) == expected
    with pytest.raises(AssertionError):
        checksum.composite(Algorithm.SHA256, [b"short"])


@given(st.binary(), st.binary())
def test_crc32c_continues_from_a_previous_value(first: bytes, second: bytes) -> None:
    assert checksum.crc32c(second, checksum.crc32c(first)) == checksum.crc32c(first + second)


@given(st.binary(max_size=2000))
def test_crc32_agrees_with_zlib(data: bytes) -> None:
    assert checksum.digest_of(Algorithm.CRC32, data) == zlib.crc32(data).to_bytes(4, "big")
