"""No bit of a sealed file flips unnoticed."""

import json
from typing import Any

import pytest

from trioxygen.common.sealed_json import check_seal, sealed

FIELDS = {"format": 3, "cluster_id": "WYXYHXWAYNZ6DZW2G2ABGWJPHE", "complete": True}


def read(data: bytes) -> dict[str, Any]:
    """Raises: ValueError."""
    stored = json.loads(data)
    if not isinstance(stored, dict):
        raise ValueError("no object")
    check_seal(stored, FIELDS)
    return {name: stored[name] for name in FIELDS if name in stored}


def test_no_bit_flips_unnoticed() -> None:
    data = sealed(FIELDS)
    assert read(data) == FIELDS
    for at in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                said = read(bytes(flipped))
            except ValueError:
                continue
            # White space between the parts.
            assert said == FIELDS, (at, bit)


def test_file_of_before_there_were_seals_is_read() -> None:
    assert read(json.dumps(FIELDS).encode()) == FIELDS
    with pytest.raises(ValueError, match="checksum"):
        read(json.dumps({**FIELDS, "crc32b": "00000000"}).encode())


def test_what_is_sealed_anew_has_one_seal() -> None:
    again = sealed({**json.loads(sealed(FIELDS)), "complete": False})
    assert read(again) == {**FIELDS, "complete": False}
