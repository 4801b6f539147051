"""Limits of S3 that the gateway, the OM and the rules of its calls hold to alike."""

from typing import Final

# Parts of an upload are numbered from 1, so it is also how many there can be.
PART_NUMBER_MAX: Final = 10_000
