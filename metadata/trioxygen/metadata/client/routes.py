"""Which group of OMs has what. Pure.

One group has all buckets; volumes, accounts and leases are always the first one's."""

from collections.abc import Callable
from typing import Final

# (volume, bucket) -> the id of the group that has the bucket.
Route = Callable[[str, str], int]

FIRST_GROUP: Final = 0


def route(volume: str, bucket: str) -> int:
    return FIRST_GROUP
