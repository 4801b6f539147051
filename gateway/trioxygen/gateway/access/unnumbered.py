"""An account whose ARNs have no number, as those of Ceph's users that are in no account. Pure.

Within the store they have one like all others: it is put in where a request comes in, and taken out
where an answer goes out. Other software's policies and roles can so be taken over as they are.
"""

from typing import Final
from urllib.parse import quote

_STARTS: Final = ("arn:aws:iam::", "arn:aws:sts::")


class UnnumberedAccount:
    """Args: account_id: "": there is none, and nothing is changed."""

    __slots__ = ("_pairs", "_shown")

    def __init__(self, account_id: str) -> None:
        self._pairs = [
            # Ceph's name of a session.
            ("arn:aws:iam:::assumed-role/", f"arn:aws:sts::{account_id}:assumed-role/"),
            *((f"{start}:", f"{start}{account_id}:") for start in _STARTS),
        ]
        # Answers hold policies percent-encoded.
        self._shown = [
            (encode(numbered).encode(), encode(unnumbered).encode())
            for unnumbered, numbered in self._pairs[1:]
            for encode in (str, _encoded)
        ]
        if not account_id:
            self._pairs, self._shown = [], []

    def numbered(self, text: str) -> str:
        """Of a request: an ARN, or a policy."""
        for unnumbered, numbered in self._pairs:
            text = text.replace(unnumbered, numbered)
        return text

    def numbered_document(self, document: bytes) -> bytes:
        """The same of bytes."""
        for unnumbered, numbered in self._pairs:
            document = document.replace(unnumbered.encode(), numbered.encode())
        return document

    def shown(self, document: bytes) -> bytes:
        """Of an answer."""
        for numbered, unnumbered in self._shown:
            document = document.replace(numbered, unnumbered)
        return document


def _encoded(text: str) -> str:
    return quote(text, safe="")


ALL_NUMBERED: Final = UnnumberedAccount("")
