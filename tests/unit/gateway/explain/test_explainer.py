"""Explanations of what arrived: clocks, keys, whoever asks."""

import asyncio
from dataclasses import replace

from tests.unit.gateway.auth.signing import ACCESS_KEY
from tests.unit.gateway.explain.signed import claim_of, explainer_of, proxied, signed
from tests.unit.gateway.explain.test_ring import refused
from tests.unit.gateway.s3.one_bucket import OWNER
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.explain.refused import RefusedRequest
from trioxygen.gateway.explain.signing_clock import signed_time_s
from trioxygen.gateway.protocol.head import RequestHead

KNOWN = {ACCESS_KEY: OWNER}


def of_head(
    head: RequestHead, *, code: str = "SignatureDoesNotMatch", late_s: int = 0
) -> RefusedRequest:
    signed_s = signed_time_s(head) or 0
    wall_ms = (signed_s + late_s) * 1_000
    return refused(1, head)._replace(code=code, wall_ms=wall_ms)


def explained(request: RefusedRequest, known: dict[str, object] | None = None) -> Explanation:
    explainer = explainer_of(KNOWN if known is None else {})
    return asyncio.run(explainer.explain_to_caller(request, None))


def test_clock_that_is_off_comes_first() -> None:
    explanation = explained(of_head(signed(), code="RequestTimeTooSkewed", late_s=3_600))
    clock = explanation.clock
    assert clock is not None and (clock.seconds, clock.seconds_max) == (-3_600, 900)
    assert explanation.findings[0].startswith("The client's clock is 3600 seconds behind")
    assert explanation.signature is not None and explanation.signature.is_right


def test_clock_that_is_near_enough_is_shown_and_no_finding() -> None:
    explanation = explained(of_head(signed(), code="NoSuchKey", late_s=10))
    assert explanation.clock is not None and explanation.clock.seconds == -10
    assert list(explanation.findings) == []


def test_presigned_request_that_is_over_is_of_no_wrong_clock() -> None:
    head = signed(expires_seconds=60)
    explanation = explained(of_head(head, code="AccessDenied", late_s=3_600))
    assert list(explanation.findings) == []
    assert "X-Amz-Signature=(not shown)" in explanation.query


def test_key_that_is_not_known_is_said_to_be_none() -> None:
    explanation = explained(of_head(proxied(signed(), headers={"Host": "a"})), known={})
    assert explanation.findings == [
        "There is no such access key, or its session is over or another one."
    ]


def test_header_that_a_proxy_added_is_named() -> None:
    head = proxied(signed(), headers={"x-amz-meta-zone": "a"})
    [finding] = explained(of_head(head, code="AccessDenied")).findings
    assert finding.startswith("Not signed are: x-amz-meta-zone")


def test_what_nobody_signed_says_so() -> None:
    head = RequestHead("GET", b"/b/k", b"", [(b"host", b"a")])
    explanation = explained(of_head(head, code="AccessDenied"))
    assert "Nobody signed the request as it arrived" in explanation.findings[0]
    assert explanation.signature is None


def test_version_2_is_said_to_be_none_that_is_tried() -> None:
    query = b"AWSAccessKeyId=AK&Expires=99&Signature=abc"
    head = RequestHead("GET", b"/b/k", query, [(b"host", b"a")])
    explanation = explained(of_head(head))
    assert explanation.signature is not None and explanation.signature.version == "2"
    assert "Version 2" in explanation.findings[0] and "abc" not in explanation.as_text()


def test_body_that_was_changed_is_told_from_the_head() -> None:
    head = signed()
    request = of_head(head)._replace(account=OWNER, claim=claim_of(head))
    assert "that of a chunk of the body is not" in explained(request).findings[-1]


def test_whose_the_key_is_only_its_owner_is_told() -> None:
    request = of_head(proxied(signed(), headers={"Host": "a"}))
    assert explained(request).caller is None
    signer = request._replace(account=OWNER, arn="arn:aws:iam::1:root")
    caller = explained(signer).caller
    assert caller is not None and caller.account_id == OWNER.account_id


def test_header_has_as_many_findings_as_fit() -> None:
    explanation = explained(of_head(signed()))
    long = replace(explanation, findings=["f" * 900] * 5)
    assert len(long.as_header()) <= 2_048 and long.as_header().count("f" * 900) == 2
    longest = replace(explanation, findings=["f" * 5_000])
    assert "f" * 5_000 not in longest.as_header()
    odd = replace(explanation, findings=["caf\u00e9\n"])
    assert odd.as_header().isascii() and "\n" not in odd.as_header()


def test_query_that_cannot_be_read_is_explained_too() -> None:
    head = proxied(signed(), query="a=%ZZ")
    explanation = explained(refused(1, head)._replace(code="InvalidURI"))
    assert explanation.query == "a=%ZZ"


def test_form_is_not_said_to_be_signed_by_nobody() -> None:
    head = RequestHead("POST", b"/b", b"", [(b"content-type", b"multipart/form-data; boundary=x")])
    assert list(explained(of_head(head, code="AccessDenied")).findings) == []
