"""Addresses of servers as people write them."""

import re
from typing import Final

_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")


def checked_address(address: str) -> str:
    """Raises: ValueError."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 1 <= int(match[2]) <= 65_535:
        raise ValueError(f"'{address}' is not an address: write HOST:PORT")
    return address
