"""Decisions: what is asked, and the one reason it is answered with."""

import pytest

from trioxygen.gateway.access.decide import Decision, Reason, Resource, decide

OWNER, OTHER = "111111111111", "222222222222"
BUCKET = Resource("b", None, OWNER)
KEY = Resource("b", "k", OWNER)
NO_BUCKET = Resource(None, None, None)


@pytest.mark.parametrize(
    ("principal", "resource", "expected_owner", "reason"),
    [
        (OWNER, BUCKET, None, Reason.OWNER),
        (OWNER, KEY, None, Reason.OWNER),
        (OWNER, KEY, OWNER, Reason.OWNER),
        (OTHER, KEY, None, Reason.NOT_OWNER),
        (None, KEY, None, Reason.ANONYMOUS),
        (OTHER, NO_BUCKET, None, Reason.OWN_ACCOUNT),
        (None, NO_BUCKET, None, Reason.ANONYMOUS),
        (OWNER, KEY, OTHER, Reason.EXPECTED_OWNER_DIFFERS),
        (OWNER, KEY, "", Reason.EXPECTED_OWNER_MALFORMED),
        (OWNER, KEY, "11111111111", Reason.EXPECTED_OWNER_MALFORMED),
        (OWNER, KEY, "\u0661" * 12, Reason.EXPECTED_OWNER_MALFORMED),
        # Who may not come in at all is not told what is wrong with the rest.
        (OTHER, KEY, "nobody", Reason.NOT_OWNER),
        (OTHER, KEY, OTHER, Reason.NOT_OWNER),
        (None, KEY, OTHER, Reason.ANONYMOUS),
    ],
)
def test_decision_names_its_reason(
    principal: str | None, resource: Resource, expected_owner: str | None, reason: Reason
) -> None:
    decision = decide(
        principal=principal,
        action="s3:GetObject",
        resource=resource,
        expected_owner=expected_owner,
    )
    allows = reason in (Reason.OWNER, Reason.OWN_ACCOUNT)
    assert decision == Decision(allows, reason)


def test_reasons_have_words_for_the_log_and_sentences_for_people() -> None:
    words = [reason.word for reason in Reason]
    assert len(set(words)) == len(words)
    assert all(word.isidentifier() and word == word.lower() for word in words)
    assert all(reason.text.endswith(".") for reason in Reason)
