"""Transitions of lifecycle rules: what is taken, and what is refused in which words."""

from collections.abc import Sequence

import pytest

from tests.unit.gateway.protocol.settings.test_lifecycle import (
    ALL,
    EXPIRE,
    NONCURRENT,
    body,
    refused,
    rule,
)
from trioxygen.gateway.protocol.settings.lifecycle import LIFECYCLE

LATE = (
    "<NoncurrentVersionTransition><NoncurrentDays>{}</NoncurrentDays>"
    "<StorageClass>{}</StorageClass></NoncurrentVersionTransition>"
)
MOVE = "<Transition><{0}>{1}</{0}><StorageClass>{2}</StorageClass></Transition>"


@pytest.mark.parametrize(
    ("rules", "code", "message"),
    [
        (
            [rule(ALL + MOVE.format("Days", -1, "GLACIER_IR"))],
            "InvalidArgument",
            "'Days' in Transition action must be nonnegative",
        ),
        (
            [rule(ALL + MOVE.format("Days", 29, "STANDARD_IA"))],
            "InvalidArgument",
            "'Days' in Transition action must be greater than or equal to 30 for storageClass"
            " 'STANDARD_IA'",
        ),
        (
            [rule(ALL + EXPIRE + MOVE.format("Days", 1, "EC_3_2"))],
            "InvalidArgument",
            "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in"
            " the Transition action",
        ),
        (
            [rule(ALL + EXPIRE + MOVE.format("Date", "2030-01-01", "EC_3_2"))],
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle"
            " rule for filter '(prefix=)'",
        ),
        (
            [
                rule(
                    MOVE.format("Date", "2030-01-01", "EC_3_2")
                    + f"<Expiration><Date>2030-01-01</Date></Expiration>{ALL}"
                )
            ],
            "InvalidArgument",
            "'Date' in the Expiration action for filter '(prefix=)' must be greater than 'Date' in"
            " the Transition action",
        ),
        (
            [
                rule(
                    ALL
                    + MOVE.format("Days", 1, "EC_3_2")
                    + MOVE.format("Date", "2030-01-01", "EC_6_3")
                )
            ],
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for filter"
            " '(prefix=)'",
        ),
        (
            [
                rule(
                    "<Filter><And><Prefix>a/</Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan>"
                    "</And></Filter>"
                    + MOVE.format("Days", 30, "STANDARD_IA")
                    + MOVE.format("Days", 30, "GLACIER_IR")
                )
            ],
            "InvalidArgument",
            "'Days' in the Transition action for StorageClass 'GLACIER_IR' for filter"
            " '(prefix=a/ and objectsizelessthan=9)' must be greater than 'Days' in the Transition"
            " action for StorageClass 'STANDARD_IA' for filter '(prefix=a/ and"
            " objectsizelessthan=9)'",
        ),
        (
            [rule(ALL + LATE.format(1, "EC_3_2") + NONCURRENT.format(1, 1))],
            "InvalidArgument",
            "'NoncurrentDays' in the NoncurrentVersionExpiration action for filter '(prefix=)' must"
            " be greater than 'NoncurrentDays' in the NoncurrentVersionTransition action",
        ),
        (
            [rule(ALL + 2 * LATE.format(1, "EC_3_2"))],
            "InvalidRequest",
            "'StorageClass' must be different for 'NoncurrentVersionTransition' actions in same"
            " 'Rule' with filter '(prefix=)'",
        ),
        (
            [rule(ALL + 2 * MOVE.format("Days", 1, "EC_3_2"))],
            "InvalidRequest",
            "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter"
            " '(prefix=)'",
        ),
    ],
)
def test_transitions_that_s3_does_not_take_are_refused_in_its_words(
    rules: Sequence[str], code: str, message: str
) -> None:
    assert refused(*rules) == (code, message)


@pytest.mark.parametrize(
    "actions",
    [
        MOVE.format("Days", 0, "EC_3_2"),
        MOVE.format("Date", "2030-01-01", "EC_6_3") + MOVE.format("Date", "2029-01-01", "EC_3_2"),
        MOVE.format("Days", 30, "STANDARD_IA") + MOVE.format("Days", 90, "GLACIER_IR"),
        # S3 has no order for them.
        MOVE.format("Days", 30, "STANDARD_IA") + MOVE.format("Days", 1, "EC_3_2"),
        EXPIRE + MOVE.format("Days", 0, "EC_3_2"),
        LATE.format(0, "EC_3_2") + NONCURRENT.format(1, 1),
    ],
)
def test_transitions_between_classes_of_the_store_are_taken(actions: str) -> None:
    LIFECYCLE.check(LIFECYCLE.parse(body(rule(ALL + actions))))


@pytest.mark.parametrize(
    ("storage_class", "code"),
    [
        ("GLACIER", "InvalidStorageClass"),
        ("DEEP_ARCHIVE", "InvalidStorageClass"),
        ("STANDARD", "MalformedXML"),
        ("REDUCED_REDUNDANCY", "MalformedXML"),
        ("EC_5_2", "MalformedXML"),
    ],
)
def test_classes_that_nothing_can_be_moved_to_are_refused(storage_class: str, code: str) -> None:
    assert refused(rule(ALL + MOVE.format("Days", 90, storage_class)))[0] == code
    assert refused(rule(ALL + LATE.format(90, storage_class)))[0] == code
