"""Managed policies that are there from the beginning, for all accounts, under AWS's ARNs.

They say what AWS's say of the services that there are here; nobody changes them.
Source: AWS managed policy reference."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

# Instead of an account's id, in their ARNs.
OWNER: Final = "aws"
_ARN: Final = "arn:aws:iam::aws:policy/"


class BuiltInPolicy(NamedTuple):
    """unique_id: ANPA…, the same for ever."""

    name: str
    unique_id: str
    description: str
    document: str

    @property
    def arn(self) -> str:
        return _ARN + self.name


def _allowing(*actions: str) -> Sequence[Mapping[str, object]]:
    action: object = actions[0] if len(actions) == 1 else list(actions)
    return [{"Effect": "Allow", "Action": action, "Resource": "*"}]


def _policy(
    number: int, name: str, description: str, statements: Sequence[Mapping[str, object]]
) -> BuiltInPolicy:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    unique_id = f"ANPAO3BUILTIN{chr(ord('A') + number) * 8}"
    return BuiltInPolicy(name, unique_id, description, document)


_S3_READS: Final = ("s3:Get*", "s3:List*", "s3:Describe*")
_IAM_READS: Final = (
    "iam:GenerateCredentialReport",
    "iam:GenerateServiceLastAccessedDetails",
    "iam:Get*",
    "iam:List*",
    "iam:SimulateCustomPolicy",
    "iam:SimulatePrincipalPolicy",
)

BUILT_IN_POLICIES: Final[Mapping[str, BuiltInPolicy]] = {
    policy.arn: policy
    for policy in (
        _policy(0, "AdministratorAccess", "Everything.", _allowing("*")),
        _policy(
            1,
            "AmazonS3FullAccess",
            "All of S3.",
            _allowing("s3:*", "s3-object-lambda:*"),
        ),
        _policy(
            2,
            "AmazonS3ReadOnlyAccess",
            "Reads and lists all of S3.",
            _allowing(*_S3_READS, "s3-object-lambda:Get*", "s3-object-lambda:List*"),
        ),
        _policy(3, "IAMFullAccess", "All of IAM.", _allowing("iam:*")),
        _policy(4, "IAMReadOnlyAccess", "Reads and lists all of IAM.", _allowing(*_IAM_READS)),
        _policy(
            5,
            "PowerUserAccess",
            "Everything but identities.",
            [
                {
                    "Effect": "Allow",
                    "NotAction": ["iam:*", "organizations:*", "account:*"],
                    "Resource": "*",
                },
                *_allowing("iam:ListRoles"),
            ],
        ),
        _policy(
            6,
            "ReadOnlyAccess",
            "Reads and lists everything.",
            _allowing(*_S3_READS, *_IAM_READS, "sts:GetAccessKeyInfo", "sts:GetCallerIdentity"),
        ),
    )
}
