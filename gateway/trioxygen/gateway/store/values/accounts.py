"""Accounts, as the store gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """canonical_id: what S3 shows of it, as an owner's id."""

    account_id: str
    canonical_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What an access key's secret gives for one day, region and service; whose it is."""

    key: bytes
    account: Account
