"""Each action of the table, asked by whom it is not for."""

from typing import Any, Final

import pytest

from tests.integration.endpoint import Keys
from tests.integration.iam.conftest import ACCOUNT, Site
from tests.integration.iam.test_query_api import code_of, encoded, send
from trioxygen.gateway.iam.action import Action, Decides
from trioxygen.gateway.iam.arguments import Kind
from trioxygen.gateway.iam.table import ACTIONS

_BY_POLICIES: Final = [each for each in ACTIONS if each.decides is Decides.IDENTITY]
_SIGNED: Final = [each for each in ACTIONS if each.is_signed]
# Where any text will not do.
_VALUES: Final = {
    "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/none",
    "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none",
    "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/none",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/none.example",
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none",
    "VersionId": "v1",
    "Status": "Inactive",
    "AccessKeyId": "AKIANONENONENONENONE",
    "Url": "https://none.example",
    "ThumbprintList": "0" * 40,
}
_KINDS: Final = {Kind.TEXT: "none", Kind.FLAG: "true", Kind.NUMBER: "1", Kind.TEXTS: "none"}


def form_of(action: Action) -> bytes:
    """What it needs, about things that are not there."""
    fields = {"Action": action.name, "Version": action.api.version}
    for argument in action.arguments:
        if not argument.is_needed:
            continue
        name = argument.name
        if argument.kind is Kind.STRUCTURES:
            fields |= {f"{name}.member.1.{field}": "none" for field in argument.fields or {}}
            continue
        value = _VALUES.get(name, _KINDS[argument.kind])
        fields[f"{name}.member.1" if argument.kind is Kind.TEXTS else name] = value
    return encoded(**fields)


@pytest.fixture(scope="module")
def idle(site: Site, iam: Any) -> Keys:
    """Of a user without a policy."""
    return site.user(iam, site.name("nobody"))


@pytest.mark.parametrize("action", _SIGNED, ids=lambda action: action.permission)
def test_nobody_may_who_does_not_sign(site: Site, action: Action) -> None:
    status, document = send(site, form_of(action), keys=None, service=action.api.service)
    assert (status, code_of(document)) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize("action", _BY_POLICIES, ids=lambda action: action.permission)
def test_user_without_a_policy_may_not_and_is_not_told_what_there_is(
    site: Site, idle: Keys, action: Action
) -> None:
    status, document = send(site, form_of(action), keys=idle, service=action.api.service)
    assert (status, code_of(document)) == (403, "AccessDenied")
    message = document.findtext("{*}Error/{*}Message", "")
    assert f"is not authorized to perform: {action.permission} on resource: " in message
    assert message.endswith(
        f"because no identity-based policy allows the {action.permission} action"
    )
