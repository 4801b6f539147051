"""Signatures of forms, in both versions."""

import base64
import hashlib
import hmac
import json
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from tests.unit.gateway.auth.signing import SECRET
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.form import read_form_claim, verify_form
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.protocol.errors import S3Error

ACCESS_KEY: Final = "AKIAIOSFODNN7EXAMPLE"
CREDENTIAL: Final = f"{ACCESS_KEY}/20151229/us-east-1/s3/aws4_request"
POLICY: Final = base64.b64encode(b'{"conditions": []}').decode()
FIELDS: Final = {
    "policy": POLICY,
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": CREDENTIAL,
    "x-amz-date": "20151229T000000Z",
    "x-amz-signature": "s",
}


def claim_of(fields: dict[str, str], regions: Any = None) -> SignatureClaim:
    claim = read_form_claim(fields, regions=regions)
    assert isinstance(claim, SignatureClaim)
    return claim


def refusal(fields: dict[str, str], regions: Any = None) -> S3Error:
    with pytest.raises(S3Error) as refused:
        read_form_claim(fields, regions=regions)
    return refused.value


def presigned_post(signature_version: str, token: str | None = None) -> dict[str, str]:
    """The fields of a form as boto3 signs it, by name in lower case."""
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version=signature_version),
    )
    form = client.generate_presigned_post("b", "k")
    return {name.lower(): value for name, value in form["fields"].items()}


def test_nobody_signed() -> None:
    for fields in ({"key": "k"}, {"key": "k", "x-amz-security-token": "t"}):
        assert read_form_claim(fields, regions=None) is None


def test_version_4_as_boto3_signs_it() -> None:
    fields = presigned_post("s3v4", token="t/+=")
    claim = claim_of(fields, ["eu-west-1"])
    assert (claim.access_key, claim.region) == (ACCESS_KEY, "eu-west-1")
    assert claim.session_token == "t/+="
    key = derive_signing_key(secret=SECRET, date=claim.date, region="eu-west-1", service="s3")
    verify_form(claim, fields["policy"], key)
    other = base64.b64encode(base64.b64decode(fields["policy"]) + b" ").decode()
    with pytest.raises(S3Error) as refused:
        verify_form(claim, other, key)
    assert refused.value.code == "SignatureDoesNotMatch"
    assert refused.value.details == {
        "AWSAccessKeyId": ACCESS_KEY,
        "StringToSign": other,
        "SignatureProvided": claim.signature,
        "StringToSignBytes": other.encode().hex(" "),
    }
    assert json.loads(base64.b64decode(fields["policy"]))["conditions"]


def test_version_2_as_boto3_signs_it() -> None:
    fields = presigned_post("s3", token="t/+=")
    claim = read_form_claim(fields, regions=["eu-west-1"])
    assert isinstance(claim, SignatureClaimV2)
    assert claim.session_token == "t/+="
    [signed] = claim.strings_to_sign
    assert signed == fields["policy"].encode()
    expected = hmac.digest(SECRET.encode(), signed, hashlib.sha1)
    assert (claim.access_key, base64.b64decode(claim.signature)) == (ACCESS_KEY, expected)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_one_field_of_a_signature_means_all(name: str) -> None:
    error = refusal({key: value for key, value in FIELDS.items() if key != name})
    assert error.message == (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the"
        " order of the fields."
    )
    assert error.details == {"ArgumentName": name, "ArgumentValue": ""}


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "policy", "signature"])
def test_the_same_of_version_2(name: str) -> None:
    fields = {"awsaccesskeyid": "a", "policy": POLICY, "signature": "s"}
    del fields[name.lower()]
    # A policy alone is taken for version 4's.
    error = refusal(fields)
    assert error.details["ArgumentName"] == name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x-amz-algorithm", "AWS4-HMAC-SHA512", "Only AWS4-HMAC-SHA256 is supported"),
        ("x-amz-date", "2015-12-29", "X-Amz-Date must be formated via ISO8601 Long format"),
        (
            "x-amz-credential",
            "none",
            "the Credential is mal-formed; expecting"
            ' "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (
            "x-amz-credential",
            CREDENTIAL.replace("20151229", "2015"),
            'incorrect date format "2015". This date in the credential must be in the format'
            ' "yyyyMMdd".',
        ),
        (
            "x-amz-credential",
            CREDENTIAL.replace("s3", "ec2"),
            'incorrect service "ec2". This endpoint belongs to "s3".',
        ),
        (
            "x-amz-credential",
            CREDENTIAL.replace("us-east-1", "eu-west-1"),
            "the region 'eu-west-1' is wrong; expecting 'us-east-1'",
        ),
    ],
)
def test_mistakes_are_named_by_their_field(name: str, value: str, message: str) -> None:
    error = refusal({**FIELDS, name: value}, ["us-east-1"])
    assert (error.code, error.message) == ("InvalidArgument", message)
    assert error.details == {"ArgumentName": name, "ArgumentValue": value}


def test_version_4a_is_refused_by_its_name() -> None:
    fields = {**FIELDS, "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"}
    for without in ("", "x-amz-credential"):
        error = refusal({key: value for key, value in fields.items() if key != without})
        assert error.code == "NotImplemented"
        assert "Signature Version 4A" in error.details["additionalMessage"]
