"""What is looked at in answers, and policies that tests use."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    """(code, status, message)"""
    response = error.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


def policy(*actions: str, resource: str = "*", effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(
    principal: Mapping[str, Any], *actions: str, condition: Mapping[str, Any] | None = None
) -> str:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions or ("sts:AssumeRole",)),
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
