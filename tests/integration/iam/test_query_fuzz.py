"""Odd forms: whatever is sent, nothing fails that is not the client's."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.iam.conftest import Site
from tests.integration.iam.test_query_api import code_of, encoded, send
from trioxygen.gateway.iam.action import Action
from trioxygen.gateway.iam.arguments import Kind
from trioxygen.gateway.iam.table import ACTIONS

_ODD = st.one_of(
    st.sampled_from(
        [
            "",
            "/",
            "*",
            "true",
            "-1",
            "9" * 12,
            "a" * 3_000,
            "\0",
            "\ud7ff\u2028\x7f",
            "arn:aws:iam::111111111111:user/",
            "arn:aws:iam::111111111111:policy//",
            "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            "arn:aws:iam::111111111111:role/x/y",
            '{"Version":"2012-10-17","Statement":[]}',
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
            "{" * 2_000,
            "e30.e30.e30",
            "9:x",
            "user/x",
        ]
    ),
    st.text(max_size=40),
)


@st.composite
def forms(draw: st.DrawFn) -> tuple[Action, dict[str, str]]:
    action = draw(st.sampled_from(ACTIONS))
    fields = {"Action": action.name, "Version": action.api.version}
    for argument in action.arguments:
        if not argument.is_needed and draw(st.booleans()):
            continue
        name = argument.name
        if argument.kind is Kind.TEXTS:
            name += draw(st.sampled_from([".member.1", ".member.0", ".member.x", ""]))
        elif argument.kind is Kind.STRUCTURES:
            for field in argument.fields or {}:
                fields[f"{name}.member.1.{field}"] = draw(_ODD)
            continue
        fields[name] = draw(_ODD)
    return action, fields


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forms())
def test_no_form_is_our_failure(site: Site, form: tuple[Action, dict[str, str]]) -> None:
    check_form(site, form)


@pytest.mark.slow
@settings(
    max_examples=4_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forms())
def test_none_of_many_forms_is_our_failure(site: Site, form: tuple[Action, dict[str, str]]) -> None:
    check_form(site, form)


def check_form(site: Site, form: tuple[Action, dict[str, str]]) -> None:
    action, fields = form
    body = encoded(**{name: value for name, value in fields.items()})
    status, document = send(site, body, service=action.api.service)
    assert status < 500 or code_of(document) == "NotImplemented", (fields, code_of(document))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_no_bytes_are_our_failure(site: Site, body: bytes) -> None:
    assert send(site, b"Action=GetUser&Version=2010-05-08&" + body)[0] < 500
    assert send(site, body)[0] < 500
