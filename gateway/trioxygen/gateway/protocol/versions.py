"""Version ids of objects, as S3 shows them: 16 hexadecimal digits of the object's id, or "null".
Pure."""

import re
from typing import Final

from trioxygen.gateway.protocol.errors import invalid_argument

NULL: Final = "null"
NULL_VERSION: Final = 0
# Ids end below 2**62, which is what the services take for one.
_ID: Final = re.compile(r"[0-3][0-9a-f]{15}")
_HEADER: Final = b"x-amz-version-id"


def read_version_id(text: str | None, *, argument: str = "versionId") -> int | None:
    """As the store knows it by: 0 is the null version; None: none is named.

    Args:
        argument: where it was sent.
    Raises: InvalidArgument: no id looks so."""
    if text is None:
        return None
    version = known_version(text)
    if version is None:
        raise invalid_argument(
            "Invalid version id specified" if text else "Version id cannot be the empty string",
            argument,
            text,
        )
    return version


def known_version(text: str | None) -> int | None:
    """The same of what need not be looked over yet; None too for what is no id."""
    if text == NULL:
        return 0
    # No object has the id 0.
    return int(text, 16) or None if text and _ID.fullmatch(text) else None


def version_id(version: int) -> str:
    return f"{version:016x}" if version else NULL


def version_headers(version: int | None) -> list[tuple[bytes, bytes]]:
    """Args: version: None: of a bucket that never kept versions, which S3 says nothing of."""
    return [] if version is None else [(_HEADER, version_id(version).encode())]
