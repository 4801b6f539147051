"""Requests as they are on the wire: what no client library would send, and what S3 keeps for
itself."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPError, Request, urlopen

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.endpoint import Keys
from tests.integration.iam.conftest import ROOT, Site
from trioxygen.gateway.iam.body import BODY_BYTES_MAX

IDENTITY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def send(
    site: Site,
    body: bytes,
    *,
    keys: Keys | None = ROOT,
    service: str = "sts",
    sent: bytes | None = None,
) -> tuple[int, ElementTree.Element]:
    """Args: sent: in place of the body that is signed."""
    request = AWSRequest("POST", f"{site.url}/", {"Content-Type": FORM}, body)
    if keys is not None:
        SigV4Auth(Credentials(keys.access, keys.secret), service, "eu-west-3").add_auth(request)
    return answered(
        Request(
            str(request.url),
            body if sent is None else sent,
            dict(request.headers.items()),
            method="POST",
        )
    )


def answered(request: Request) -> tuple[int, ElementTree.Element]:
    try:
        with urlopen(request) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except HTTPError as refusal:
        with refusal:
            return refusal.code, ElementTree.fromstring(refusal.read())


def code_of(document: ElementTree.Element) -> str:
    return document.findtext("{*}Error/{*}Code", "")


def encoded(**fields: str) -> bytes:
    return urlencode(fields).encode()


def test_answer_has_the_namespace_and_the_request(site: Site) -> None:
    status, document = send(site, encoded(**IDENTITY))
    start = "{https://sts.amazonaws.com/doc/2011-06-15/}"
    assert (status, document.tag) == (200, f"{start}GetCallerIdentityResponse")
    assert document.findtext(f"{start}ResponseMetadata/{start}RequestId")
    account = document.findtext(f"{start}GetCallerIdentityResult/{start}Account")
    assert account == site.account_id


def test_request_may_be_a_presigned_url(site: Site) -> None:
    request = AWSRequest("GET", f"{site.url}/?{urlencode(IDENTITY)}")
    SigV4QueryAuth(Credentials(ROOT.access, ROOT.secret), "sts", "us-east-1").add_auth(request)
    status, document = answered(Request(str(request.url)))
    assert (status, document.findtext(".//{*}Account")) == (200, site.account_id)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"Action": "Nothing", "Version": "2010-05-08"}, 400, "InvalidAction"),
        ({"Action": "GetUser", "Version": "2011-06-15"}, 400, "InvalidAction"),
        ({"Action": "GetUser", "Version": "1999-01-01"}, 400, "InvalidAction"),
        ({"Action": "CreateSAMLProvider", "Version": "2010-05-08"}, 501, "NotImplemented"),
        ({"Version": "2010-05-08"}, 400, "MissingAction"),
        ({}, 400, "MissingAction"),
    ],
)
def test_what_is_no_action_is_told_so(
    site: Site, fields: dict[str, str], status: int, code: str
) -> None:
    answer, document = send(site, encoded(**fields))
    assert (answer, code_of(document)) == (status, code)


def test_request_that_nobody_signed_lacks_a_token(site: Site) -> None:
    status, document = send(site, encoded(**IDENTITY), keys=None)
    assert (status, code_of(document)) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (Keys(ROOT.access, "another"), "SignatureDoesNotMatch"),
        (Keys("AKNOBODY", ROOT.secret), "InvalidClientTokenId"),
    ],
)
def test_signature_of_others_is_refused(site: Site, keys: Keys, code: str) -> None:
    status, document = send(site, encoded(**IDENTITY), keys=keys)
    assert (status, code_of(document)) == (403, code)


def test_body_is_what_was_signed(site: Site) -> None:
    other = encoded(Action="CreateUser", Version="2010-05-08", UserName="mallory")
    status, document = send(site, encoded(**IDENTITY), sent=other)
    assert (status, code_of(document)) == (403, "SignatureDoesNotMatch")


def test_signature_for_s3_is_none_for_iam(site: Site) -> None:
    status, document = send(site, encoded(**IDENTITY), service="s3")
    assert (status, code_of(document)) == (400, "IncompleteSignature")


def test_body_is_bounded(site: Site) -> None:
    status, document = send(site, b"a" * (BODY_BYTES_MAX + 1))
    assert (status, code_of(document)) == (413, "RequestEntityTooLarge")
    status, document = send(site, encoded(**IDENTITY) + b"&" * 5_000)
    assert (status, code_of(document)) == (404, "MalformedQueryString")


def test_buckets_are_listed_as_ever(site: Site) -> None:
    assert "Buckets" in site.client("s3").list_buckets()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("sts", "get-caller-identity"), "arn:aws:iam::111111111111:root"),
        (("iam", "list-policies", "--scope", "AWS"), "AmazonS3FullAccess"),
        (("iam", "get-account-summary"), "UsersQuota"),
    ],
)
def test_aws_cli_speaks_to_it(site: Site, arguments: tuple[str, ...], shown: str) -> None:
    environment: dict[str, Any] = {
        "AWS_ACCESS_KEY_ID": ROOT.access,
        "AWS_SECRET_ACCESS_KEY": ROOT.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    command = (sys.executable, "-m", "awscli", *arguments, "--endpoint-url", site.url)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
