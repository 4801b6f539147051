"""Accounts by their names: asked for once in a while."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import Corrupt
from trioxygen.common.units import MINUTE_MS
from trioxygen.gateway.account_directory import (
    KnownAccounts,
    public_access_of,
    set_public_access,
)
from trioxygen.gateway.store.values.acls import NOTHING_BLOCKED, PublicAccessBlock
from trioxygen.gateway.store.values.iam import AccountDetails

ANN: Final = AccountDetails(account_id="1", canonical_id="ann", display_name="Ann")
T = TypeVar("T")


class Directory:
    """asked: how often."""

    def __init__(self) -> None:
        self.accounts, self.asked = [ANN], 0
        self.stored: bytes | None = None

    async def find(
        self, *, account_id: str = "", canonical_id: str = "", email: str = ""
    ) -> AccountDetails | None:
        self.asked += 1
        names = (account_id, canonical_id)
        rows = [row for row in self.accounts if {row.account_id, row.canonical_id} & set(names)]
        return rows[0] if rows else None

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        assert kind == "public_access_block"
        return self.stored

    async def put_setting(self, account_id: str, kind: str, document: bytes | None) -> None:
        assert kind == "public_access_block"
        self.stored = document


def run(step: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(step)


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def known(directory: Directory, clock: ManualClock) -> KnownAccounts:
    return KnownAccounts(directory, clock)  # type: ignore[arg-type]


def test_account_is_asked_for_once_whatever_it_is_called_by(
    known: KnownAccounts, directory: Directory
) -> None:
    for _ in range(2):
        assert run(known.of("1")) == run(known.of_canonical_id("ann")) == ANN
        assert run(known.canonical_id_of("1")) == "ann"
    assert directory.asked == 1


def test_account_is_asked_for_again_after_a_while(
    known: KnownAccounts, directory: Directory, clock: ManualClock
) -> None:
    run(known.of("1"))
    clock.advance(5 * MINUTE_MS)
    run(known.of("1"))
    assert directory.asked == 2


def test_that_there_is_none_is_not_remembered(known: KnownAccounts, directory: Directory) -> None:
    assert run(known.of_canonical_id("bob")) is None
    with pytest.raises(Corrupt):
        run(known.canonical_id_of("2"))
    directory.accounts.append(AccountDetails(account_id="2", canonical_id="bob", display_name="B"))
    assert run(known.canonical_id_of("2")) == "bob"


def test_what_an_account_blocks_is_stored_and_read(directory: Directory) -> None:
    port: Any = directory
    assert run(public_access_of(port, "1")) is None
    for block in (PublicAccessBlock(block_public_acls=True), NOTHING_BLOCKED, None):
        run(set_public_access(port, "1", block))
        assert run(public_access_of(port, "1")) == block
    directory.stored = b"x"
    with pytest.raises(Corrupt):
        run(public_access_of(port, "1"))
