"""Small files of JSON that say whose something is: a bit that flips in an id makes another id of
it, which nothing but a checksum tells from the right one."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from trioxygen.common.checksum import crc32c

_SEAL: Final = "crc32c"


def sealed(fields: Mapping[str, Any]) -> bytes:
    """A file's content. A seal that `fields` have, of the content before, is made anew."""
    plain = {name: value for name, value in fields.items() if name != _SEAL}
    return f"{json.dumps({**plain, _SEAL: _seal_of(plain)})}\n".encode()


def check_seal(stored: Mapping[str, Any], known: Collection[str]) -> None:
    """Of what a file says. Files of before there were seals have none, and nothing but `known`.

    Raises: ValueError: it is not what was written."""
    plain = {name: value for name, value in stored.items() if name != _SEAL}
    if _SEAL in stored:
        is_whole = stored[_SEAL] == _seal_of(plain)
    else:
        is_whole = plain.keys() <= set(known)
    if not is_whole:
        raise ValueError("the checksum does not match")


def _seal_of(plain: Mapping[str, Any]) -> str:
    return f"{crc32c(json.dumps(plain, sort_keys=True).encode()):08x}"
