"""What the HTTP server refuses by itself can be explained to operators, and crowds out nothing."""

import asyncio
import random
from xml.etree import ElementTree

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.gateway.explain.signed import explainer_of
from trioxygen.common.clock import SystemClock
from trioxygen.gateway.explain.explainer import Explainer
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.http.refusal import Answer, Reason, Refused
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.s3.request import UNROUTED
from trioxygen.gateway.s3_refusals import S3Refusals

OF_WHAT_CAME = {
    Reason.MALFORMED: (400, "BadRequest", "not HTTP/1.1"),
    Reason.HEAD_TOO_SLOW: (400, "RequestTimeout", "did not come to its end"),
    Reason.HEAD_TOO_LARGE: (400, "RequestHeaderSectionTooLarge", "larger than 8000 bytes"),
    Reason.CODING_UNKNOWN: (501, "NotImplemented", "Transfer-Encoding"),
    Reason.VERSION_UNKNOWN: (505, "HttpVersionNotSupported", "neither 1.0 nor 1.1"),
}


def refused(explainer: Explainer, reason: Reason, method: str = "PUT") -> Answer:
    metrics = GatewayMetrics(CollectorRegistry(), (UNROUTED,))
    refusals = S3Refusals(
        IdSource(random.Random(1)), SystemClock(), metrics, None, explainer.refused
    )
    return refusals(Refused(reason=reason, method=method, remote="::1", head_bytes_max=8_000))


def explained(explainer: Explainer, answer: Answer) -> Explanation | None:
    request_id = dict(answer.fields)[b"x-amz-request-id"].decode()
    assert ElementTree.fromstring(answer.body).findtext("RequestId") == request_id
    return asyncio.run(explainer.explain(request_id, None))


@pytest.mark.parametrize("reason", OF_WHAT_CAME)
def test_refusal_of_what_came_is_explained(reason: Reason) -> None:
    explainer = explainer_of({})
    explanation = explained(explainer, refused(explainer, reason))
    status, code, why = OF_WHAT_CAME[reason]
    assert explanation is not None
    assert (explanation.status, explanation.code, explanation.method) == (status, code, "PUT")
    # Nothing else: that nobody signed it is not known.
    [finding] = explanation.findings
    assert why in finding and explanation.signature is None and explanation.clock is None


@pytest.mark.parametrize("reason", [each for each in Reason if each not in OF_WHAT_CAME])
def test_refusal_for_the_servers_own_state_is_not_kept(reason: Reason) -> None:
    explainer = explainer_of({})
    assert explained(explainer, refused(explainer, reason)) is None
    assert len(explainer.refused) == 0
