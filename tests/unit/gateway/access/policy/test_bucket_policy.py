"""What S3 refuses of bucket policies, and how."""

import json
from collections.abc import Mapping

import pytest

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET,
    BUCKET_ARN,
    bucket_policy,
    document,
    statement,
)
from trioxygen.gateway.access.policy.bucket_policy import (
    BUCKET_POLICY_BYTES_MAX,
    invalid_principal,
    read_bucket_policy,
)
from trioxygen.gateway.access.policy.principals import Principal, PrincipalKind
from trioxygen.gateway.access.policy.s3_actions import S3_ACTIONS, ResourceType
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.operation import Resource
from trioxygen.gateway.s3.table import OPERATIONS

KEYS_ARN = f"{BUCKET_ARN}/*"
# What an action is about, by the resource of an operation.
TYPES = {
    Resource.ACCOUNT: ResourceType.OTHER,
    Resource.SERVICE: ResourceType.OTHER,
    Resource.NEW_BUCKET: ResourceType.BUCKET,
    Resource.BUCKET: ResourceType.BUCKET,
    Resource.OBJECT: ResourceType.OBJECT,
    Resource.OBJECTS: ResourceType.OBJECT,
    Resource.SOURCE: ResourceType.OBJECT,
}
NO_JSON = "This policy contains invalid Json"
FIRST_BYTE = "Policies must be valid JSON and the first byte must be '{'"
PRINCIPAL = "Invalid principal in policy"
ACTION = "Policy has invalid action"
RESOURCE = "Policy has invalid resource"
MISMATCH = "Action does not apply to any resource(s) in statement"
UNUSED = "Conditions do not apply to combination of actions and resources in statement"
NOT_ALLOWED = "Allow with NotPrincipal is not allowed."
VERSION = "The policy must contain a valid version string"
KEY = "Policy has an invalid condition key"
OPERATOR = "Invalid Condition type : "
VALUE = "Invalid condition value: "
TOO_LONG = "Normalized policy document exceeds the maximum allowed size of 20480 bytes."


def refusal(text: bytes | str) -> str:
    with pytest.raises(S3Error) as refused:
        read_bucket_policy(text.encode() if isinstance(text, str) else text, BUCKET)
    assert refused.value.code == "MalformedPolicy"
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FIRST_BYTE),
        ("[]", FIRST_BYTE),
        (" {}", FIRST_BYTE),
        ("\ufeff{}", FIRST_BYTE),
        ("{", NO_JSON),
        ("{'Version': 1}", NO_JSON),
        (b'{"Version": "\xff"}', NO_JSON),
        ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', NO_JSON),
        ('{"Statement": "\\ud800"}', NO_JSON),
        ('{"Statement": NaN}', NO_JSON),
        ('{"Statement": ' + "1" * 10_000 + "}", NO_JSON),
        ('{"Statement": ' + "[" * 100_000, NO_JSON),
        ('{"Statement": ' + '{"a":' * 30_000, NO_JSON),
        ('{"Statement": "' + '\\"' * 100_000, NO_JSON),
        ("{" + " " * 400_000, TOO_LONG),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Statement": "Allow"}', NO_JSON),
        ('{"Statement": [[]]}', NO_JSON),
        ('{"Statement": [{}], "Statments": []}', "Unknown field Statments"),
        ('{"Version": "2012-10-18", "Statement": [{}]}', VERSION),
        ('{"Version": 20121017, "Statement": [{}]}', VERSION),
        ('{"Id": 7, "Statement": [{}]}', NO_JSON),
    ],
)  # fmt: skip
def test_document_is_refused(text: bytes | str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Effect": None}, "Missing required field Effect"),
        ({"Principal": None}, "Missing required field Principal"),
        ({"Action": None}, "Missing required field Action"),
        ({"Resource": None}, "Missing required field Resource"),
        ({"Conditions": {}}, "Unknown field Conditions"),
        ({"Sid": 1}, NO_JSON),
        ({"Effect": "allow"}, "Invalid effect: allow"),
        ({"Effect": ["Allow"]}, "Invalid effect: "),
        ({"NotAction": "s3:*"}, "Statement has both Action and NotAction"),
        ({"Principal": "everybody"}, PRINCIPAL),
        ({"Principal": ""}, PRINCIPAL),
        ({"Principal": {}}, PRINCIPAL),
        ({"Principal": []}, PRINCIPAL),
        ({"Principal": {"AWS": []}}, PRINCIPAL),
        ({"Principal": {"AWS": 111111111111}}, PRINCIPAL),
        ({"Principal": {"AWS": "11111111111"}}, PRINCIPAL),
        ({"Principal": {"AWS": "\u0661" * 12}}, PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::111111111111:user/*"}}, PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::111111111111:group/g"}}, PRINCIPAL),
        ({"Principal": {"Aws": "*"}}, PRINCIPAL),
        ({"Principal": {"CanonicalUser": "bob"}}, PRINCIPAL),
        ({"Principal": {"Service": "*"}}, PRINCIPAL),
        ({"Principal": None, "NotPrincipal": {"AWS": ACCOUNT}}, NOT_ALLOWED),
        ({"Action": []}, ACTION),
        ({"Action": ""}, ACTION),
        ({"Action": 3}, ACTION),
        ({"Action": "s3:GetObjects"}, ACTION),
        ({"Action": "s3:Gt*"}, ACTION),
        ({"Action": "GetObject"}, ACTION),
        ({"Action": "*:GetObject"}, ACTION),
        ({"Action": "iam:*"}, ACTION),
        ({"Action": ["s3:GetObject", "ec2:Run"]}, ACTION),
        ({"Resource": []}, RESOURCE),
        ({"Resource": "*"}, RESOURCE),
        ({"Resource": "pictures/*"}, RESOURCE),
        ({"Resource": "arn:aws:s3:::other/*"}, RESOURCE),
        ({"Resource": "arn:aws:s3:::picture"}, RESOURCE),
        ({"Resource": "arn:aws:s3:::picturesque/*"}, RESOURCE),
        ({"Resource": [KEYS_ARN, "arn:aws:s3:::other"]}, RESOURCE),
        ({"Resource": BUCKET_ARN}, MISMATCH),
        ({"Action": "s3:ListBucket"}, MISMATCH),
        ({"Action": "s3:ListBucket*"}, MISMATCH),
        ({"Action": ["s3:GetObject", "s3:GetBucketAcl"]}, MISMATCH),
        ({"Action": "s3:ListAllMyBuckets", "Resource": BUCKET_ARN}, MISMATCH),
        ({"Condition": []}, NO_JSON),
        ({"Condition": {"StringEquals": []}}, NO_JSON),
        ({"Condition": {"StringEquals": {"aws:Referer": []}}}, NO_JSON),
        ({"Condition": {"StringEquals": {"aws:Referer": None}}}, NO_JSON),
        ({"Condition": {"StringEqual": {"aws:Referer": "x"}}}, f"{OPERATOR}StringEqual"),
        ({"Condition": {"NullIfExists": {"aws:Referer": "true"}}}, f"{OPERATOR}NullIfExists"),
        ({"Condition": {"StringEquals": {"aws:Nothing": "x"}}}, KEY),
        ({"Condition": {"StringEquals": {"s3:nothing": "x"}}}, KEY),
        ({"Condition": {"StringEquals": {"s3:ExistingObjectTag": "x"}}}, KEY),
        ({"Condition": {"StringEquals": {"s3:prefix": "x"}}}, UNUSED),
        ({"Condition": {"StringEquals": {"s3:x-amz-acl": "x"}}}, UNUSED),
        (
            {
                "Action": ["s3:ListBucket", "s3:GetBucketAcl"],
                "Resource": BUCKET_ARN,
                "Condition": {"StringEquals": {"s3:prefix": "x"}},
            },
            UNUSED,
        ),
        (
            {
                "Action": "s3:Put*",
                "Resource": BUCKET_ARN,
                "Condition": {"Null": {"s3:if-none-match": True}},
            },
            UNUSED,
        ),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}}, f"{VALUE}10.0.0.0/33"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "yes"}}}, f"{VALUE}yes"),
        ({"Condition": {"DateLessThan": {"aws:CurrentTime": "now"}}}, f"{VALUE}now"),
        ({"Condition": {"Null": {"aws:Referer": "no"}}}, f"{VALUE}no"),
    ],
)  # fmt: skip
def test_statement_is_refused(elements: Mapping[str, object], message: str) -> None:
    assert refusal(document(statement(**elements))) == message


@pytest.mark.parametrize(
    "elements",
    [
        {"Sid": "Allow Public Access to All Objects"},
        {"Principal": {"AWS": ["*"]}},
        {"Principal": {"CanonicalUser": "a" * 64, "Service": "logging.s3.amazonaws.com"}},
        {"Effect": "Deny", "Principal": None, "NotPrincipal": {"AWS": ACCOUNT}},
        {"Action": "*"},
        {"Action": "S3:getobject"},
        {"Action": "s3:*", "Resource": [BUCKET_ARN, KEYS_ARN]},
        {"Action": None, "NotAction": "s3:GetObject"},
        {"Resource": "arn:aws:s3:::*"},
        {"Resource": f"{BUCKET_ARN}/${{aws:username}}/*"},
        {"Resource": f"{BUCKET_ARN[:-1]}?/*"},
        {"Resource": None, "NotResource": KEYS_ARN},
        {"Action": "s3:ListBucket", "Resource": [BUCKET_ARN, KEYS_ARN]},
        {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::*"},
        {"Condition": {}},
        {"Condition": {"StringLikeIfExists": {"AWS:referer": "http://www.example.com/*"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": False}}},
        {"Condition": {"StringEquals": {"s3:ExistingObjectTag/security": "public"}}},
        {"Action": "s3:*", "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}},
        {"Action": "s3:Put*", "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}},
        {
            "Action": "s3:ListBucket",
            "Resource": BUCKET_ARN,
            "Condition": {"NumericLessThanEquals": {"s3:max-keys": 10}},
        },
    ],
)
def test_statement_is_taken(elements: Mapping[str, object]) -> None:
    bucket_policy(statement(**elements))


def test_single_statement_needs_no_list() -> None:
    read_bucket_policy(json.dumps({"Statement": statement()}).encode(), BUCKET)


def test_size_counts_no_white_space_between_tokens() -> None:
    def padded(characters: int) -> str:
        return document(statement(Sid="x" * characters))

    free = BUCKET_POLICY_BYTES_MAX - len(padded(0).replace(" ", ""))
    spaced = padded(free).replace(" ", " \n" * 4_000)
    read_bucket_policy(spaced.encode(), BUCKET)
    assert refusal(padded(free + 1)) == TOO_LONG
    # In a text it counts.
    assert refusal(padded(free - 1).replace("xx", "x" + " " * 3)) == TOO_LONG


def test_policy_tells_whom_it_names() -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/a/b"
    policy = bucket_policy(
        statement(Principal={"AWS": [ACCOUNT, user]}),
        statement(Effect="Deny", Principal=None, NotPrincipal={"CanonicalUser": "a" * 64}),
    )
    assert policy.named_principals == {
        Principal(PrincipalKind.ACCOUNT, ACCOUNT, ACCOUNT),
        Principal(PrincipalKind.USER, user, ACCOUNT),
        Principal(PrincipalKind.CANONICAL_USER, "a" * 64),
    }
    assert invalid_principal().message == PRINCIPAL


def test_operations_ask_for_actions_that_there_are() -> None:
    asked = {
        (access.action, TYPES[access.resource])
        for row in OPERATIONS
        for access in row.accesses
        if access.action.startswith("s3:")
    }
    known = {(action.name, action.resource) for action in S3_ACTIONS.values()}
    assert asked - known == set()
