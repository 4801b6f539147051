"""Ownership controls, the public access block and request payment: read, shown, stored."""

from itertools import product

import pytest

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.ownership import OWNERSHIP, load_ownership
from trioxygen.gateway.protocol.settings.public_access import (
    PUBLIC_ACCESS_BLOCK,
    load_public_access,
    store_public_access,
)
from trioxygen.gateway.protocol.settings.request_payment import (
    REQUEST_PAYMENT,
    Payer,
    load_request_payment,
    says_it_pays,
)
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.store.values.acls import Ownership, PublicAccessBlock

BLOCKS = [PublicAccessBlock(*each) for each in product((False, True), repeat=4)]


@pytest.mark.parametrize("ownership", Ownership)
def test_ownership_is_shown_and_stored_as_it_was_put(ownership: Ownership) -> None:
    assert OWNERSHIP.parse(OWNERSHIP.show(ownership)) is ownership
    assert OWNERSHIP.store is not None
    assert load_ownership(OWNERSHIP.store(ownership)) is ownership


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block_is_shown_and_stored_as_it_was_put(block: PublicAccessBlock) -> None:
    assert PUBLIC_ACCESS_BLOCK.parse(PUBLIC_ACCESS_BLOCK.show(block)) == block
    assert load_public_access(store_public_access(block)) == block
    # It is set, whatever it blocks.
    assert block


@pytest.mark.parametrize("payer", Payer)
def test_payer_is_shown_and_stored_as_it_was_put(payer: Payer) -> None:
    assert REQUEST_PAYMENT.parse(REQUEST_PAYMENT.show(payer)) is payer
    assert REQUEST_PAYMENT.store is not None
    assert load_request_payment(REQUEST_PAYMENT.store(payer)) is payer


def test_deleted_is_not_never_set() -> None:
    assert OWNERSHIP.deleted is not None and PUBLIC_ACCESS_BLOCK.deleted is not None
    assert load_ownership(OWNERSHIP.deleted) is None is not OWNERSHIP.default
    assert load_public_access(PUBLIC_ACCESS_BLOCK.deleted) is None
    assert PUBLIC_ACCESS_BLOCK.default == PublicAccessBlock(True, True, True, True)


def test_what_is_not_said_is_not_blocked() -> None:
    body = (
        b"<PublicAccessBlockConfiguration><IgnorePublicAcls>TRUE</IgnorePublicAcls>"
        b"</PublicAccessBlockConfiguration>"
    )
    assert PUBLIC_ACCESS_BLOCK.parse(body) == PublicAccessBlock(ignore_public_acls=True)


def test_union_blocks_what_either_does() -> None:
    for mine, its in product(BLOCKS, repeat=2):
        assert mine.union(its) == tuple(a or b for a, b in zip(mine, its, strict=True))


@pytest.mark.parametrize(
    ("setting", "body", "code"),
    [
        (OWNERSHIP, b"<OwnershipControls/>", "MalformedXML"),
        (OWNERSHIP, b"<OwnershipControls><Rule/></OwnershipControls>", "MalformedXML"),
        (
            OWNERSHIP,
            b"<OwnershipControls>" + b"<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
            b"<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
            "MalformedXML",
        ),
        (
            OWNERSHIP,
            b"<OwnershipControls><Rule><ObjectOwnership>Mine</ObjectOwnership></Rule>"
            b"</OwnershipControls>",
            "MalformedXML",
        ),
        (PUBLIC_ACCESS_BLOCK, b"<PublicAccessBlockConfiguration/>", "InvalidRequest"),
        (
            PUBLIC_ACCESS_BLOCK,
            b"<PublicAccessBlockConfiguration><A>true</A></PublicAccessBlockConfiguration>",
            "MalformedXML",
        ),
        (
            PUBLIC_ACCESS_BLOCK,
            b"<PublicAccessBlockConfiguration><BlockPublicAcls>yes</BlockPublicAcls>"
            b"</PublicAccessBlockConfiguration>",
            "MalformedXML",
        ),
        (REQUEST_PAYMENT, b"<RequestPaymentConfiguration/>", "MalformedXML"),
        *((setting, b"", "MissingRequestBodyError") for setting in (OWNERSHIP, REQUEST_PAYMENT)),
    ],
)
def test_other_documents_are_refused(setting: Setting[object], body: bytes, code: str) -> None:
    with pytest.raises(S3Error) as refused:
        setting.parse(body)
    assert refused.value.code == code


@pytest.mark.parametrize("stored", [b"", b"11", b"111x", b"11111", b"<a/>", b"\xff"])
def test_other_bytes_are_nothing_that_was_stored(stored: bytes) -> None:
    for load in (load_ownership, load_public_access, load_request_payment):
        with pytest.raises(ValueError):
            load(stored)


def test_who_says_it_pays() -> None:
    assert says_it_pays(head({"x-amz-request-payer": "requester"}))
    assert not says_it_pays(head({"x-amz-request-payer": "owner"})) and not says_it_pays(head())
