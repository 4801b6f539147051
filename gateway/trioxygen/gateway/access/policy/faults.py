"""What is wrong with a policy, and in which words S3 and IAM say it.

Source: what S3 answers to PutBucketPolicy (MalformedPolicy); what IAM answers to PutUserPolicy and
CreateRole (MalformedPolicyDocument)."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class PolicyFault(Exception):
    """A policy that is refused. Its text is a message for who sent it."""


class Fault(Enum):
    """BOTH_FIELDS: an element and its negation. REPEATED_SID, SID: of statements. CONDITION_KEY:
    one that there is not; UNUSED_KEY: that none of the actions has. CONDITION_VALUE: of another
    form than its operator compares."""

    FIRST_BYTE = auto()
    JSON = auto()
    SIZE = auto()
    VERSION = auto()
    NO_STATEMENT = auto()
    EMPTY_STATEMENT = auto()
    UNKNOWN_FIELD = auto()
    MISSING_FIELD = auto()
    BOTH_FIELDS = auto()
    PROHIBITED_FIELD = auto()
    SID = auto()
    REPEATED_SID = auto()
    EFFECT = auto()
    PRINCIPAL = auto()
    NOT_PRINCIPAL = auto()
    ACTION = auto()
    VENDOR = auto()
    COLONS = auto()
    NO_ACTION = auto()
    RESOURCE = auto()
    NO_RESOURCE = auto()
    MISMATCH = auto()
    OPERATOR = auto()
    CONDITION_KEY = auto()
    UNUSED_KEY = auto()
    CONDITION_VALUE = auto()


class Malformed(Exception):
    """Attributes:
    fault, detail: {} of its message.
    """

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.name}: {detail}")
        self.fault, self.detail = fault, detail

    def says(self, messages: Mapping[Fault, str]) -> str:
        return messages[self.fault].replace("{}", self.detail[:_DETAIL_CHARACTERS_MAX])


_DETAIL_CHARACTERS_MAX: Final = 200

_INVALID_JSON: Final = "This policy contains invalid Json"
S3_MESSAGES: Final[Mapping[Fault, str]] = {
    Fault.FIRST_BYTE: "Policies must be valid JSON and the first byte must be '{'",
    Fault.JSON: _INVALID_JSON,
    Fault.SIZE: "Normalized policy document exceeds the maximum allowed size of {} bytes.",
    Fault.VERSION: "The policy must contain a valid version string",
    Fault.NO_STATEMENT: "Missing required field Statement",
    Fault.EMPTY_STATEMENT: "Could not parse the policy: Statement is empty!",
    Fault.UNKNOWN_FIELD: "Unknown field {}",
    Fault.MISSING_FIELD: "Missing required field {}",
    Fault.BOTH_FIELDS: "Statement has both {}",
    Fault.SID: _INVALID_JSON,
    Fault.EFFECT: "Invalid effect: {}",
    Fault.PRINCIPAL: "Invalid principal in policy",
    Fault.NOT_PRINCIPAL: "Allow with NotPrincipal is not allowed.",
    Fault.ACTION: "Policy has invalid action",
    Fault.RESOURCE: "Policy has invalid resource",
    Fault.MISMATCH: "Action does not apply to any resource(s) in statement",
    Fault.OPERATOR: "Invalid Condition type : {}",
    Fault.CONDITION_KEY: "Policy has an invalid condition key",
    Fault.UNUSED_KEY: (
        "Conditions do not apply to combination of actions and resources in statement"
    ),
    Fault.CONDITION_VALUE: "Invalid condition value: {}",
}

_SYNTAX: Final = "Syntax errors in policy."
IAM_MESSAGES: Final[Mapping[Fault, str]] = {
    Fault.FIRST_BYTE: _SYNTAX,
    Fault.JSON: _SYNTAX,
    Fault.SIZE: "The policy is longer than {} characters.",
    Fault.VERSION: "Policy document must be version 2012-10-17 or greater.",
    Fault.NO_STATEMENT: _SYNTAX,
    Fault.EMPTY_STATEMENT: _SYNTAX,
    Fault.UNKNOWN_FIELD: _SYNTAX,
    Fault.MISSING_FIELD: "Missing required field {}",
    Fault.BOTH_FIELDS: _SYNTAX,
    Fault.PROHIBITED_FIELD: "Has prohibited field {}",
    Fault.SID: (
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular"
        " expression [0-9A-Za-z]*"
    ),
    Fault.REPEATED_SID: "Statement IDs (SID) in a single policy must be unique.",
    Fault.EFFECT: _SYNTAX,
    Fault.PRINCIPAL: "Invalid principal in policy: {}",
    Fault.NOT_PRINCIPAL: "Allow with NotPrincipal is not allowed.",
    Fault.ACTION: "AssumeRole policy may only specify STS AssumeRole actions.",
    Fault.VENDOR: ("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    Fault.COLONS: "Actions/Condition can contain only one colon.",
    Fault.NO_ACTION: "Policy statement must contain actions.",
    Fault.RESOURCE: 'Resource {} must be in ARN format or "*".',
    Fault.NO_RESOURCE: "Policy statement must contain resources.",
    Fault.OPERATOR: "Invalid Condition type : {}",
    Fault.CONDITION_VALUE: "Invalid condition value: {}",
}
