"""POST forms that a session has signed: what a web application hands to its users' browsers."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from tests.integration.endpoint import REGION, Endpoint, Keys, empty, read
from tests.integration.iam.answers import policy, trust
from tests.integration.iam.conftest import DOMAIN, ROOT, Site, session_keys
from tests.integration.iam.test_roles import assume, make_role
from tests.integration.s3.forms import encoded, form_request, post, signed, signed_v2
from tests.integration.s3.wire import Answer, connection
from tests.integration.store_process import OTHER

BODY: Final = b"from a page"
VERSIONS: Final = ("s3v4", "s3")


@pytest.fixture
def bucket(site: Site) -> Iterator[str]:
    s3, name = site.client("s3"), site.name("forms-")
    s3.create_bucket(Bucket=name)
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def endpoint(site: Site) -> Endpoint:
    return Endpoint(site.url, ROOT, OTHER)


def session(site: Site, iam: Any, *actions: str, resource: str = "*", **limits: str) -> Keys:
    """Of a role that may do that."""
    role = make_role(
        site, iam, trust({"AWS": site.account_id}), policy(*actions, resource=resource)
    )
    user = site.user(iam, site.name("assumes"), policy("sts:AssumeRole"))
    return session_keys(assume(site, user, role, **limits)["Credentials"])


def boto3_form(keys: Keys, version: str, url: str, style: str, **asked: Any) -> dict[str, Any]:
    """As `generate_presigned_post` of a client with the session's credentials makes it."""
    s3 = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys.access,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
        config=Config(signature_version=version, s3={"addressing_style": style}),  # type: ignore[arg-type]
    )
    try:
        return dict(s3.generate_presigned_post(**asked))
    finally:
        s3.close()


def sent_as_to(endpoint: Endpoint, form: dict[str, Any]) -> Answer:
    """Posts a form to the URL that it names, whose host is the endpoint's."""
    scheme, _, rest = form["url"].partition("://")
    assert scheme == "http"
    host, _, path = rest.partition("/")
    request = form_request("", encoded(form["fields"].items(), BODY))
    request.path, request.host = f"/{path}", host
    with connection(endpoint) as wire:
        wire.send(request.bytes(request.fields, host))
        return wire.answer()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_form_of_boto3_says_where_the_object_is(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, version: str, style: str
) -> None:
    keys = session(site, iam, "s3:PutObject", resource=f"arn:aws:s3:::{bucket}/up/*")
    port = endpoint.address[1]
    for status, shown in (("200", 200), ("201", 201), ("204", 204), (None, 204)):
        fields = {} if status is None else {"success_action_status": status}
        form = boto3_form(
            keys,
            version,
            f"http://{DOMAIN}:{port}",
            style,
            Bucket=bucket,
            Key="up/${filename}",
            Fields=fields,
            Conditions=[fields] if fields else [],
        )
        assert form["fields"]["x-amz-security-token"] == keys.token
        answer = sent_as_to(endpoint, form)
        assert answer.status == shown, answer.body
        where = {
            "path": f"http://{DOMAIN}:{port}/{bucket}",
            "virtual": f"http://{bucket}.{DOMAIN}:{port}",
        }[style]
        assert answer.fields["location"] == f"{where}/up/f.txt"
        if shown == 201:
            assert f"<Location>{where}/up/f.txt</Location>".encode() in answer.body
        else:
            assert answer.body == b""
    s3 = site.client("s3")
    assert read(s3, bucket, "up/f.txt") == BODY
    # What is to be decided about is the form's, and no header of the object.
    assert s3.head_object(Bucket=bucket, Key="up/f.txt")["Metadata"] == {}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_form_of_boto3_leads_the_browser_on(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, version: str, style: str
) -> None:
    keys = session(site, iam, "s3:PutObject")
    redirect = {"success_action_redirect": "https://page.example/done"}
    url = f"http://{DOMAIN}:{endpoint.address[1]}"
    asked: dict[str, Any] = {"Fields": redirect, "Conditions": [redirect]}
    form = boto3_form(keys, version, url, style, Bucket=bucket, Key="a b", **asked)
    answer = sent_as_to(endpoint, form)
    tag = hashlib.md5(BODY).hexdigest()
    assert (answer.status, answer.fields["location"]) == (
        303,
        f"https://page.example/done?bucket={bucket}&key=a%20b&etag=%22{tag}%22",
    )


@pytest.mark.parametrize("sign", [signed, signed_v2])
def test_token_that_is_missing_or_wrong(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, sign: Any
) -> None:
    keys = session(site, iam, "s3:PutObject")
    made = sign(bucket, {"key": "k"}, keys=keys)
    name = "x-amz-security-token"
    assert post(endpoint, bucket, made).status == 204
    answer = post(endpoint, bucket, {field: made[field] for field in made if field != name})
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")
    for wrong in ("", "x" * 40, f"{made[name][:-4]}AAAA"):
        answer = post(endpoint, bucket, made | {name: wrong})
        assert (answer.status, answer.code) == (400, "InvalidToken"), wrong
    # Of another session, and one for a key that lasts.
    other = session(site, iam, "s3:PutObject")
    answer = post(endpoint, bucket, made | {name: str(other.token)})
    assert (answer.status, answer.code) == (400, "InvalidToken")
    answer = post(endpoint, bucket, sign(bucket, {"key": "k"}, keys=ROOT) | {name: str(keys.token)})
    assert (answer.status, answer.code) == (400, "InvalidToken")


@pytest.mark.parametrize("sign", [signed, signed_v2])
def test_policy_of_the_form_has_to_name_the_token(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, sign: Any
) -> None:
    keys = session(site, iam, "s3:PutObject")
    made = sign(bucket, {"key": "k"}, keys=Keys(keys.access, keys.secret))
    answer = post(endpoint, bucket, {**made, "x-amz-security-token": str(keys.token)})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.error["Message"] == (
        "Invalid according to Policy: Extra input fields: x-amz-security-token"
    )


def test_session_may_put_what_its_role_and_its_own_policy_allow(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str
) -> None:
    limit = policy("s3:PutObject", resource=f"arn:aws:s3:::{bucket}/mine/*")
    keys = session(site, iam, "s3:*", Policy=limit)
    for key, status in (("mine/k", 204), ("others/k", 403)):
        answer = post(endpoint, bucket, signed(bucket, {"key": key}, keys=keys), BODY)
        assert answer.status == status, answer.body
    # It says more than that it puts, which needs more.
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    fields = {"key": "mine/k", "tagging": tagging}
    answer = post(endpoint, bucket, signed(bucket, fields, keys=keys), BODY)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "s3:PutObjectTagging" in answer.error["Message"]
