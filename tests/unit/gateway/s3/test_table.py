"""The table of S3 operations: what each row says, and the page that is written from it."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from trioxygen.gateway.s3.needs import BUCKET, SOURCE
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.reference import page
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.table import OPERATIONS

PAGE: Final = Path(__file__).parents[4] / "docs/reference/s3-operations.md"
ACTION: Final = re.compile(r"s3(express)?:[A-Z][A-Za-z]+")
# Those that a level's operations may be about.
RESOURCES: Final = {
    Level.ACCOUNT: {Resource.ACCOUNT},
    Level.SERVICE: {Resource.SERVICE},
    Level.BUCKET: {Resource.BUCKET, Resource.NEW_BUCKET, Resource.OBJECT, Resource.OBJECTS},
    Level.OBJECT: {Resource.OBJECT, Resource.SOURCE},
}


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_row_says_which_actions_on_what_it_needs(row: Operation) -> None:
    # Of what nobody signs there is nobody to ask about.
    assert bool(row.accesses) == row.is_signed
    for access in row.accesses:
        assert ACTION.fullmatch(access.action), access.action
        assert access.resource in RESOURCES[row.route.level]


@pytest.mark.parametrize(
    "accesses",
    [
        (Access("s3:GetBucketAcl", Resource.BUCKET),),
        (Access("s3:GetObjectAcl", Resource.OBJECT),),
        (Access("s3:ListAllMyBuckets", Resource.SERVICE, BUCKET),),
        # Said to be the caller's own, at a place where it is somebody's.
        (Access("s3:GetBucketAcl", Resource.SERVICE),),
        (Access("s3:GetBucketAcl", Resource.NEW_BUCKET),),
        (Access("s3:GetBucketAcl", Resource.ACCOUNT),),
        # Whose it is was fetched of the other one.
        (
            Access("s3:GetObject", Resource.SOURCE, SOURCE),
            Access("s3:PutObject", Resource.OBJECT),
        ),
        (
            Access("s3:PutObject", Resource.OBJECT, BUCKET),
            Access("s3:GetObject", Resource.SOURCE),
        ),
    ],
)
def test_row_with_a_handler_that_forgets_whose_its_resource_is_cannot_be_written(
    accesses: tuple[Access, ...],
) -> None:
    async def handler(services: Services, request: S3Request) -> Response:
        raise AssertionError("reached")

    fields: Any = {"name": "Forgetful", "route": Route("GET", Level.BUCKET, "acl")}
    with pytest.raises(AssertionError, match="has to be fetched"):
        Operation(**fields, accesses=accesses, handler=handler)
    with pytest.raises(AssertionError, match="who may do it is not said"):
        Operation(**fields, accesses=(), handler=handler)


def test_bucket_is_not_the_callers_own_because_another_resource_of_the_row_is() -> None:
    async def handler(services: Services, request: S3Request) -> Response:
        raise AssertionError("reached")

    own = Access("s3:ListAllMyBuckets", Resource.SERVICE)
    fields: Any = {"name": "Forgetful", "route": Route("GET", Level.SERVICE), "handler": handler}
    Operation(**fields, accesses=(own,))
    with pytest.raises(AssertionError, match="has to be fetched"):
        Operation(**fields, accesses=(own, Access("s3:ListBucket", Resource.BUCKET)))


def test_rows_that_read_a_body_are_writes() -> None:
    assert {row.route.method for row in OPERATIONS if row.reads_body} <= {"PUT", "POST"}


def test_two_rows_of_one_place_are_told_apart() -> None:
    places = [(row.route.place, row.route.query, row.route.header) for row in OPERATIONS]
    assert len(set(places)) == len(places)


def test_reference_page_is_what_the_table_gives() -> None:
    assert PAGE.read_text() == page(), "docs/reference/s3-operations.md: run `make docs`"


def test_page_shows_what_is_here_and_what_is_not() -> None:
    written = page([row for row in OPERATIONS if row.name in ("CopyObject", "GetBucketWebsite")])
    here, absent = written.split("## Not here yet: 1")
    assert (
        "| CopyObject | `PUT /bucket/key with x-amz-copy-source` | `s3:PutObject`,"
        " `s3:PutObjectAcl` if the request asks for it," in here
    )
    assert "`s3:GetObject` (of a version `s3:GetObjectVersion`) on source object, " in here
    assert "| GetBucketWebsite | `GET /bucket?website` | `s3:GetBucketWebsite` |" in absent
