"""A request that was refused explains itself: to its sender, and to operators. Nothing of it is a
secret."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, Keys, refusal
from tests.integration.rewriting_proxy import RewritingProxy
from tests.integration.s3.wire import (
    Answer,
    Request,
    Signed,
    connection,
    presign,
    send,
    sign,
    signing_key,
)
from tests.integration.store_process import OTHER, StoreProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ASKS: Final = {"x-o3-explain": "1"}
WRONG: Final = Keys("AKTESTMAIN", "not-the-secret-of-this-key")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    folder: Path = tmp_path_factory.mktemp("explain")
    running = StoreProcess(folder, {"s3.domains": "s3.test"})
    try:
        running.start()
        running.add_account("other", OTHER)
        with running.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
        yield running
        running.stop()
    finally:
        running.discard()


@pytest.fixture(scope="module")
def endpoint(store: StoreProcess) -> Endpoint:
    return store.endpoint


def explained(answer: Answer) -> dict[str, Any]:
    explanation: dict[str, Any] = json.loads(answer.error["Explanation"])
    assert explanation["request_id"] == answer.fields["x-amz-request-id"]
    assert explanation["code"] == answer.code
    return explanation


def asked(method: str = "GET", path: str = "/bucket/key", **fields: str) -> Request:
    return Request(method, path, fields={**ASKS, **fields})


def sent_raw(endpoint: Endpoint, signed: Signed, head: bytes | None = None) -> Answer:
    with connection(endpoint) as wire:
        wire.send(signed.bytes if head is None else head)
        return wire.answer()


def test_nothing_is_explained_unasked_or_to_what_is_served(endpoint: Endpoint) -> None:
    plain = Request("GET", "/bucket/key")
    assert "Explanation" not in send(endpoint, plain, keys=WRONG).error
    unasked = Request("GET", "/bucket/key", fields={"x-o3-explain": "0"})
    assert "Explanation" not in send(endpoint, unasked, keys=WRONG).error
    served = send(endpoint, asked("GET", "/bucket"))
    assert served.status == 200 and b"Explanation" not in served.body


def test_wrong_secret_shows_the_client_what_arrived(endpoint: Endpoint) -> None:
    explanation = explained(send(endpoint, asked(), keys=WRONG))
    signature = explanation["signature"]
    assert (signature["is_right"], signature["key_is_right"]) == (False, None)
    assert signature["canonical_request"].startswith("GET\n/bucket/key\n\nhost:")
    # Whose the key is, a stranger is not told.
    assert explanation["caller"] is None and explanation["accesses"] == []


def test_client_that_says_what_it_signed_learns_where_they_part(endpoint: Endpoint) -> None:
    signed = sign(endpoint, asked())
    said = b64encode(signed.canonical.encode()).decode()
    head = signed.bytes.replace(b"Host: ", f"x-o3-canonical-request: {said}\r\nHost: a.".encode())
    explanation = explained(sent_raw(endpoint, signed, head))
    signature = explanation["signature"]
    assert signature["key_is_right"] is True
    [difference] = signature["differences"]
    assert (difference["part"], difference["column"]) == ("header host", 0)
    assert difference["server"] == f"a.{endpoint.host}" and difference["client"] == endpoint.host
    at = signature["differs_at"]
    assert signature["canonical_request"].encode()[at:].startswith(b"a.127")
    assert signed.canonical.encode()[:at] == signature["canonical_request"].encode()[:at]

    wrong = sign(endpoint, asked(), keys=WRONG)
    said = b64encode(wrong.canonical.encode()).decode()
    head = wrong.bytes.replace(b"Host: ", f"x-o3-canonical-request: {said}\r\nHost: ".encode())
    assert explained(sent_raw(endpoint, wrong, head))["signature"]["key_is_right"] is False


def test_clocks_are_compared(endpoint: Endpoint) -> None:
    explanation = explained(send(endpoint, asked(), skew_seconds=-7_200))
    assert explanation["code"] == "RequestTimeTooSkewed"
    assert -7_260 < explanation["clock"]["seconds"] <= -7_200
    assert "seconds behind the server's" in explanation["findings"][0]
    # That it is signed well is known too; not to whom that does not help.
    assert explanation["signature"]["is_right"] and explanation["caller"] is None


def test_stranger_of_another_account_does_not_learn_what_the_owner_has_set(
    endpoint: Endpoint,
) -> None:
    explanation = explained(send(endpoint, asked(), keys=OTHER))
    assert explanation["code"] == "AccessDenied"
    assert explanation["caller"]["account_id"] == "other"
    [access] = explanation["accesses"]
    assert (access["action"], access["allowed"]) == ("s3:GetObject", False)
    assert (access["reason"], access["policies"]) == ("", [])


def test_nobody_is_told_that_nobody_signed(endpoint: Endpoint) -> None:
    request = asked()
    signed = sign(endpoint, request)
    head = request.bytes(ASKS, endpoint.host)
    explanation = explained(sent_raw(endpoint, signed, head))
    assert explanation["signature"] is None and explanation["accesses"] == []
    assert "Nobody signed the request as it arrived" in explanation["findings"][0]


def test_head_is_explained_in_a_header(endpoint: Endpoint) -> None:
    answer = send(endpoint, asked("HEAD"), keys=WRONG)
    said = json.loads(answer.fields["x-o3-explanation"])
    assert said["code"] == "SignatureDoesNotMatch" and len(said["findings"]) >= 1


REWRITES: Final[tuple[tuple[bytes, bytes, str], ...]] = (
    # What a proxy replaces in a head, by what, and what is said of it.
    (
        rb"(?i)\r\nhost: ",
        rb"\r\nHost: 10.9.8.7:9878\r\nX-Forwarded-Host: ",
        "and 10.9.8.7:9878 arrived: a proxy has rewritten Host",
    ),
    (
        rb"^GET /",
        rb"GET /storage/",
        "The signature is right for /bucket/a%20b: a proxy has put something before the path",
    ),
    (rb"^GET /bucket/a%20b", rb"GET /bucket/a+b", "made a + of the blank of the path"),
    (rb"x-amz-checksum-mode", rb"x-was", "x-amz-checksum-mode is signed and did not arrive"),
    (rb"\Z", rb"\r\nx-amz-meta-added: 1", "Not signed are: x-amz-meta-added"),
    (rb"(?s)\r\nAuthorization: [^\r]*", rb"", "a proxy has taken that away"),
)


@pytest.mark.parametrize(("pattern", "by", "sentence"), REWRITES)
def test_what_a_proxy_has_rewritten_is_named(
    endpoint: Endpoint, pattern: bytes, by: bytes, sentence: str
) -> None:
    proxy = RewritingProxy(endpoint, lambda head: re.sub(pattern, by, head, count=1))
    with closing(proxy), proxy.endpoint.client() as s3:
        ask_for_explanations(s3)
        error = refusal(s3.get_object, Bucket="bucket", Key="a b")
    explanation = json.loads(error.details["Explanation"])
    assert any(sentence in each for each in explanation["findings"]), explanation["findings"]


def ask_for_explanations(s3: "S3Client") -> None:
    """As docs/operations/proxies.md tells users of boto3."""

    def ask(request: Any, **_: object) -> None:
        request.headers["x-o3-explain"] = "1"

    s3.meta.events.register("before-sign.s3", ask)


def test_operator_is_told_afterwards(store: StoreProcess, endpoint: Endpoint) -> None:
    answer = send(endpoint, Request("GET", "/bucket/key"), keys=OTHER)
    request_id = answer.fields["x-amz-request-id"]
    told = store.o3("explain", request_id)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("403 AccessDenied: Access Denied\n- s3:GetObject on")
    explanation = json.loads(store.o3("explain", request_id.lower(), "--json").stdout)
    [access] = explanation["accesses"]
    assert access["reason"] == "not_owner" and explanation["caller"]["account_id"] == "other"


def test_operator_is_told_of_what_was_never_refused(
    store: StoreProcess, endpoint: Endpoint
) -> None:
    served = send(endpoint, Request("GET", "/bucket")).fields["x-amz-request-id"]
    for request_id in (served, "0" * 16):
        refused = store.o3("explain", request_id)
        assert refused.returncode == 1 and "no request" in refused.stderr
    # Whatever the status is: also what is not there.
    missing = send(endpoint, Request("GET", "/bucket/missing")).fields["x-amz-request-id"]
    explanation = json.loads(store.o3("explain", missing, "--json").stdout)
    assert explanation["code"] == "NoSuchKey" and explanation["signature"]["is_right"]


def test_no_secret_is_in_an_explanation(store: StoreProcess, endpoint: Endpoint) -> None:
    token, customer_key, cookie = "SESSION-TOKEN-OF-X", "CUSTOMER-KEY-OF-X", "COOKIE-OF-X"
    request = asked(
        **{
            "x-amz-security-token": token,
            "x-amz-server-side-encryption-customer-key": customer_key,
            "cookie": cookie,
        }
    )
    signed = sign(endpoint, request)
    said = b64encode(signed.canonical.encode()).decode()
    target = presign(endpoint, asked(), 60, keys=WRONG)
    heads = (
        signed.bytes.replace(b"Host: ", f"x-o3-canonical-request: {said}\r\nHost: a.".encode()),
        sign(endpoint, request, skew_seconds=3_600).bytes,
        f"GET {target}&X-Amz-Security-Token={token} HTTP/1.1\r\nHost: a.b\r\n"
        "x-o3-explain: 1\r\n\r\n".encode(),
    )
    signature = target.partition("X-Amz-Signature=")[2]
    key = signing_key(endpoint.main, signed.timestamp)
    secrets = [
        *(token, customer_key, cookie, signed.signature, signature, endpoint.main.secret),
        *(key.hex(), b64encode(key).decode(), said),
    ]
    for head in heads:
        answer = sent_raw(endpoint, signed, head)
        shown = [answer.error["Explanation"]]
        told = store.o3("explain", answer.fields["x-amz-request-id"], "--json")
        shown += [told.stdout, store.o3("explain", answer.fields["x-amz-request-id"]).stdout]
        assert told.returncode == 0, told.stderr
        assert [secret for secret in secrets for text in shown if secret in text] == []
        # No signature at all: those that would be right are as long.
        assert "Signature=" not in "".join(shown).replace("Signature=(not shown)", "")
