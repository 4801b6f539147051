"""What differs between S3 and Ceph's gateway: S3's is what nobody asked to change."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from trioxygen.gateway.protocol.dialect import AWS, CEPH, Case, Dialect
from trioxygen.gateway.protocol.errors import CODES

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "dialects.md"
ANSWERS = [field.name for field in fields(Dialect) if field.name != "refusals"]


def test_s3_refuses_as_the_table_of_errors_has_it() -> None:
    assert not AWS.refusals


@pytest.mark.parametrize("case", Case)
def test_ceph_has_a_code_for_each_case(case: Case) -> None:
    assert CEPH.refusals[case].code in CODES


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_differs(name: str) -> None:
    assert getattr(AWS, name) is not getattr(CEPH, name)


def test_reference_names_every_difference_and_no_other() -> None:
    named = re.findall(r"^\| `(\w+)`", PAGE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted([*ANSWERS, *(case.name.lower() for case in Case)])


@pytest.mark.parametrize(
    ("name", "bucket"),
    [("films", "films"), ("tenant:films", "films"), (":films", "films"), (None, None)],
)
def test_only_ceph_cuts_a_tenant_off_the_name_of_a_bucket(
    name: str | None, bucket: str | None
) -> None:
    assert AWS.bucket_named(name) == name
    assert CEPH.bucket_named(name) == bucket
