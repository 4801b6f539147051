"""CORS documents: which are read, which S3 takes, how they are shown."""

from typing import Final

import pytest

from tests.unit.gateway.s3.as_client import Client
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.cors import CORS, RULES_MAX
from trioxygen.gateway.store.values.cors import CorsRule, CorsRules

ORIGIN: Final = "<AllowedOrigin>*</AllowedOrigin>"
METHOD: Final = "<AllowedMethod>GET</AllowedMethod>"
FULL: Final = CorsRule(
    ("https://*.example", "*"),
    ("GET", "HEAD"),
    ("x-amz-*", "Range"),
    ("ETag",),
    max_age_seconds=3000,
    rule_id='a "<&>" b',
)


def document(*rules: str) -> bytes:
    content = "".join(f"<CORSRule>{rule}</CORSRule>" for rule in rules)
    return f"<CORSConfiguration>{content}</CORSConfiguration>".encode()


def taken(body: bytes) -> CorsRules:
    rules = CORS.parse(body)
    CORS.check(rules)
    return rules


def refusal(body: bytes) -> S3Error:
    with pytest.raises(S3Error) as refused:
        taken(body)
    return refused.value


def test_what_a_client_writes_is_read_shown_and_read_again() -> None:
    client = Client()
    rule = {
        "ID": FULL.rule_id,
        "AllowedOrigins": list(FULL.origins),
        "AllowedMethods": list(FULL.methods),
        "AllowedHeaders": list(FULL.headers),
        "ExposeHeaders": list(FULL.exposed),
        "MaxAgeSeconds": FULL.max_age_seconds,
    }
    least = {"AllowedOrigins": ["http://a"], "AllowedMethods": ["PUT"]}
    parameters = {"Bucket": "b", "CORSConfiguration": {"CORSRules": [rule, least]}}
    rules = taken(client.body("PutBucketCors", parameters))
    assert rules == (FULL, CorsRule(("http://a",), ("PUT",)))
    assert CORS.parse(CORS.show(rules)) == rules
    assert client.parsed("GetBucketCors", CORS.show(rules)) == {"CORSRules": [rule, least]}


def test_hundred_rules_are_taken_and_no_more() -> None:
    rule = ORIGIN + METHOD
    assert len(taken(document(*[rule] * RULES_MAX))) == RULES_MAX
    assert refusal(document(*[rule] * (RULES_MAX + 1))).code == "InvalidRequest"


@pytest.mark.parametrize(
    "body",
    [
        document(),
        document(""),
        document(ORIGIN),
        document(METHOD),
        document(ORIGIN + METHOD + "<MaxAgeSeconds/>"),
        document(ORIGIN + METHOD + "<MaxAgeSeconds>-1</MaxAgeSeconds>"),
        document(ORIGIN + METHOD + "<MaxAgeSeconds>1.5</MaxAgeSeconds>"),
        document(ORIGIN + METHOD + f"<MaxAgeSeconds>{2**31}</MaxAgeSeconds>"),
        document(ORIGIN + METHOD + "<MaxAgeSeconds>1</MaxAgeSeconds>" * 2),
        document(ORIGIN + METHOD + "<ID>a</ID><ID>b</ID>"),
        document(ORIGIN + METHOD + f"<ID>{'i' * 256}</ID>"),
        document(ORIGIN + METHOD + "<AllowedOrigins>a</AllowedOrigins>"),
        document(ORIGIN + "<AllowedMethod><M/></AllowedMethod>"),
        b"<CORSConfiguration><Rule/></CORSConfiguration>",
        b"<CORSRule/>",
        b"<CORSConfiguration>",
        b"{}",
    ],
)
def test_document_that_is_no_configuration(body: bytes) -> None:
    assert refusal(body).code == "MalformedXML"


def test_no_document() -> None:
    assert refusal(b"").code == "MissingRequestBodyError"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "<AllowedOrigin>http://*.*</AllowedOrigin>" + METHOD,
            'AllowedOrigin "http://*.*" can not have more than one wildcard.',
        ),
        ("<AllowedOrigin>a b</AllowedOrigin>" + METHOD, "AllowedOrigin"),
        ("<AllowedOrigin/>" + METHOD, "AllowedOrigin"),
        (
            ORIGIN + "<AllowedMethod>get</AllowedMethod>",
            "Found unsupported HTTP method in CORS config. Unsupported method is get",
        ),
        (ORIGIN + METHOD + "<AllowedMethod>OPTIONS</AllowedMethod>", "method is OPTIONS"),
        (
            ORIGIN + METHOD + "<AllowedHeader>a b</AllowedHeader>",
            'AllowedHeader "a b" contains invalid character.',
        ),
        (
            ORIGIN + METHOD + "<AllowedHeader>*-*</AllowedHeader>",
            'AllowedHeader "*-*" can not have more than one wildcard.',
        ),
        (ORIGIN + METHOD + "<ExposeHeader>*</ExposeHeader>", 'ExposeHeader "*" contains wildcard'),
        (
            ORIGIN + METHOD + "<ExposeHeader>a\r\nb: c</ExposeHeader>",
            "contains invalid character.",
        ),
    ],
)
def test_rule_that_s3_does_not_take(rule: str, message: str) -> None:
    error = refusal(document(rule))
    assert error.code == "InvalidRequest" and message in error.message
