"""An account whose ARNs have no number: put in on the way in, taken out on the way out."""

import pytest

from trioxygen.gateway.access.unnumbered import ALL_NUMBERED, UnnumberedAccount

NUMBER = "100000000001"
ACCOUNT = UnnumberedAccount(NUMBER)
NUMBERED = [
    (f"arn:aws:iam::{NUMBER}:role/a/b", "arn:aws:iam:::role/a/b"),
    (
        f"arn:aws:iam::{NUMBER}:oidc-provider/localhost:8080/x",
        "arn:aws:iam:::oidc-provider/localhost:8080/x",
    ),
    (f"arn:aws:sts::{NUMBER}:assumed-role/r/s", "arn:aws:sts:::assumed-role/r/s"),
]


@pytest.mark.parametrize(("numbered", "unnumbered"), NUMBERED)
def test_number_is_put_in_and_taken_out(numbered: str, unnumbered: str) -> None:
    assert ACCOUNT.numbered(unnumbered) == ACCOUNT.numbered(numbered) == numbered
    assert ACCOUNT.numbered_document(unnumbered.encode()) == numbered.encode()
    assert ACCOUNT.shown(f"<Arn>{numbered}</Arn>".encode()) == f"<Arn>{unnumbered}</Arn>".encode()


def test_policies_of_answers_are_percent_encoded() -> None:
    shown = ACCOUNT.shown(f"arn%3Aaws%3Aiam%3A%3A{NUMBER}%3Auser%2Fx".encode())
    assert shown == b"arn%3Aaws%3Aiam%3A%3A%3Auser%2Fx"


def test_session_may_be_named_as_ceph_does() -> None:
    assert ACCOUNT.numbered("arn:aws:iam:::assumed-role/r/s") == NUMBERED[2][0]


def test_other_arns_are_left_as_they_are() -> None:
    text = "arn:aws:s3:::bucket/key arn:aws:iam::100000000002:root arn:aws:iam::aws:policy/X"
    assert ACCOUNT.numbered(text) == text
    assert ACCOUNT.shown(text.encode()) == text.encode()


def test_where_no_account_is_named_nothing_is_changed() -> None:
    text = "arn:aws:iam:::user/x"
    assert ALL_NUMBERED.numbered(text) == text
    assert ALL_NUMBERED.numbered_document(text.encode()) == text.encode()
    assert ALL_NUMBERED.shown(b"arn:aws:iam::100000000001:user/x").endswith(
        b"::100000000001:user/x"
    )
