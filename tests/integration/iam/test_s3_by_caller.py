"""Each operation on the wire, by each kind of caller: who is denied is denied all of them, and who
is let in none. Identities are made with IAM and STS, on the same port."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.integration.endpoint import REGION, Endpoint, Keys, empty
from tests.integration.iam.answers import refused
from tests.integration.iam.conftest import OTHER_ACCOUNT, ROOT, Site, session_keys
from tests.integration.s3.forms import post, signed
from tests.integration.s3.wire import Answer, connection
from tests.integration.store_process import OTHER
from trioxygen.gateway.s3.operation import OWN, Level, Operation
from trioxygen.gateway.s3.table import OPERATIONS

# What is not implemented is refused to whom it would be.
ROWS: Final = [
    row for row in OPERATIONS if row.accesses and row.accesses[0].action.startswith("s3:")
]
# Of a form, its fields say who signed it.
IN_BUCKETS: Final = [
    row for row in ROWS if row.accesses[0].resource not in OWN and row.name != "PostObject"
]
EMPTY_SHA256: Final = sha256(b"").hexdigest()
DENIED: Final = (403, "AccessDenied")
# Each key that a body names is decided by itself.
EACH_KEY: Final = "DeleteObjects"
# Also for a store whose clock is ahead.
FORM_SECONDS: Final = 3_600
NO_DIGEST: Final = (400, "InvalidRequest")
NO_KEY: Final = (403, "InvalidAccessKeyId")
DENIALS: Final = ("AccessDenied", "InvalidAccessKeyId", "InvalidToken")
ALL_OF_S3: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """keys: None: it does not sign. denied: how it is refused; None: it is let in. has_a_word: some
    policy might let it in for some key. has_own_account: in which it may do everything."""

    name: str
    keys: Keys | None
    denied: tuple[int, str] | None
    has_a_word: bool = False
    has_own_account: bool = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """One with a key, for one test. Attributes: s3: as root of its account."""

    name: str
    s3: Any
    endpoint: Endpoint

    def fill(self) -> str:
        """Puts the key, and begins an upload of it: the id."""
        self.s3.put_object(Bucket=self.name, Key="k", Body=b"mine")
        upload: str = self.s3.create_multipart_upload(Bucket=self.name, Key="k")["UploadId"]
        return upload

    def is_as_filled(self, upload_id: str) -> bool:
        body = self.s3.get_object(Bucket=self.name, Key="k")["Body"].read()
        uploads = self.s3.list_multipart_uploads(Bucket=self.name)["Uploads"]
        return body == b"mine" and upload_id in [upload["UploadId"] for upload in uploads]


@pytest.fixture
def bucket(site: Site) -> Iterator[Bucket]:
    s3, name = site.client("s3"), site.name("by-caller-")
    s3.create_bucket(Bucket=name)
    endpoint = Endpoint(site.url, ROOT, OTHER)
    yield Bucket(name, s3, endpoint)
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


def role_session(site: Site, iam: Any, **limits: str) -> dict[str, Any]:
    """Of a role that may do all of S3."""
    name = site.name("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": site.account_id}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=ALL_OF_S3)
    assumes = site.user(iam, site.name("assumes"), ALL_OF_S3.replace("s3:*", "sts:*"))
    sts = site.client("sts", assumes)
    credentials: dict[str, Any] = sts.assume_role(
        RoleArn=made["Arn"], RoleSessionName="session", **limits
    )["Credentials"]
    return credentials


def request(row: Operation, bucket: str, upload_id: str) -> tuple[str, str, dict[str, str]]:
    """(method, path and query, headers), without a body: what needs one is refused for that."""
    route = row.route
    values = {"list-type": "2", "uploadId": upload_id, "partNumber": "1"}
    path = {Level.BUCKET: f"/{bucket}", Level.OBJECT: f"/{bucket}/k"}.get(route.level, "/")
    query = "&".join(
        f"{name}={values.get(name, '')}" for name in (route.sub_resource, route.query) if name
    )
    headers = {"x-amz-object-attributes": "ETag"}
    if route.header:
        headers[route.header] = f"{bucket}/k"
    return route.method, f"{path}?{query}" if query else path, headers


class _OfNothing(SigV4Auth):
    """Signs a request without a body."""

    def payload(self, request: AWSRequest) -> str:
        return EMPTY_SHA256


def send(endpoint: Endpoint, caller: Caller, asked: tuple[str, str, dict[str, str]]) -> Answer:
    method, target, headers = asked
    made = AWSRequest(method, endpoint.url + target, data=b"", headers=headers)
    if caller.keys is not None:
        made.headers["x-amz-content-sha256"] = EMPTY_SHA256
        credentials = Credentials(caller.keys.access, caller.keys.secret, caller.keys.token)
        _OfNothing(credentials, "s3", REGION).add_auth(made)
    fields = {"Host": endpoint.host, "Content-Length": "0", **dict(made.headers.items())}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
    with connection(endpoint) as wire:
        wire.send("\r\n".join((*lines, "", "")).encode())
        return wire.answer(of_head=method == "HEAD")


def check(bucket: Bucket, caller: Caller) -> None:
    """What every operation of the table answers the caller. Who is denied has changed nothing."""
    upload_id = bucket.fill()
    for row in IN_BUCKETS:
        answer = send(bucket.endpoint, caller, request(row, bucket.name, upload_id))
        if caller.denied is None and row.handler is not None and changes_something(row):
            upload_id = bucket.fill()
        is_told = row.route.method != "HEAD"
        if row.name == EACH_KEY and caller.has_a_word:
            assert (answer.status, answer.code) == NO_DIGEST
            continue
        if caller.denied is None:
            if row.handler is None:
                assert answer.code == "NotImplemented", (caller.name, row.name, answer)
                continue
            assert answer.status < 500, (caller.name, row.name, answer)
            if is_told and answer.status >= 400:
                assert answer.code not in DENIALS, (caller.name, row.name, answer)
            continue
        status, code = caller.denied
        assert answer.status == status, (caller.name, row.name, answer)
        if is_told:
            assert answer.code == code, (caller.name, row.name)
    if caller.denied is not None:
        assert bucket.is_as_filled(upload_id)
    check_own(bucket, caller)


def check_own(bucket: Bucket, caller: Caller) -> None:
    """What those answer that are about the caller's own account, and a form."""
    listed = send(bucket.endpoint, caller, ("GET", "/", {}))
    made = send(bucket.endpoint, caller, ("PUT", f"/{bucket.name}", {}))
    fields = {"key": "k"}
    if caller.keys is not None:
        fields = signed(bucket.name, fields, keys=caller.keys, expires_seconds=FORM_SECONDS)
    put = post(bucket.endpoint, bucket.name, fields)
    if caller.denied is None:
        assert (listed.status, made.status, put.status) == (200, 200, 204), caller.name
        return
    assert (put.status, put.code) == caller.denied, caller.name
    if caller.has_own_account:
        assert (listed.status, made.code) == (200, "BucketAlreadyExists"), caller.name
        return
    for answer in (listed, made):
        assert (answer.status, answer.code) == caller.denied, (caller.name, answer)


def changes_something(row: Operation) -> bool:
    return row.route.method not in ("GET", "HEAD")


def test_owner_and_strangers(bucket: Bucket) -> None:
    for caller in (
        Caller("another account", OTHER, DENIED, has_own_account=True),
        Caller("nobody", None, DENIED),
        Caller("owner", ROOT, None),
    ):
        check(bucket, caller)


def test_users_with_and_without_a_policy(site: Site, iam: Any, bucket: Bucket) -> None:
    check(bucket, Caller("user without", site.user(iam, site.name("without")), DENIED))
    check(bucket, Caller("user with", site.user(iam, site.name("with"), ALL_OF_S3), None))


def of_session(name: str, given: dict[str, Any], denied: tuple[int, str] | None) -> Caller:
    return Caller(name, session_keys(given), denied)


def test_sessions_of_roles(site: Site, iam: Any, bucket: Bucket) -> None:
    given = role_session(site, iam)
    check(bucket, of_session("session", given, None))
    forged = given | {"SessionToken": given["SessionToken"][:-8] + "AAAAAAAA"}
    check(bucket, of_session("forged", forged, (400, "InvalidToken")))
    check(bucket, of_session("no token", given | {"SessionToken": None}, NO_KEY))
    limit = ALL_OF_S3.replace("s3:*", "s3:ListAccessPoints")
    limited = of_session("limited", role_session(site, iam, Policy=limit), DENIED)
    check(bucket, replace(limited, has_a_word=True))


@pytest.mark.parametrize(("effect", "denied"), [("Allow", None), ("Deny", DENIED)])
def test_policy_of_the_bucket_lets_in_and_keeps_out(
    site: Site, iam: Any, bucket: Bucket, effect: str, denied: tuple[int, str] | None
) -> None:
    name = site.name("named")
    # Who is kept out may do everything by its own policies.
    keys = site.user(iam, name, *([ALL_OF_S3] if denied else []))
    statement = {
        "Effect": effect,
        "Principal": {"AWS": f"arn:aws:iam::{site.account_id}:user/{name}"},
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    caller = Caller(effect, keys, denied)
    bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=policy)
    upload_id = bucket.fill()
    for row in IN_BUCKETS:
        answer = send(bucket.endpoint, caller, request(row, bucket.name, upload_id))
        if denied is None and changes_something(row):
            # Some of what is let in takes it away.
            bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=policy)
            upload_id = bucket.fill()
        if row.name == EACH_KEY:
            assert (answer.status, answer.code) == NO_DIGEST
        elif row.route.method == "HEAD":
            assert (answer.status == 403) == (denied is not None), row.name
        else:
            is_denied = answer.status >= 400 and answer.code == "AccessDenied"
            assert is_denied == (denied is not None), (row.name, answer)
    if denied is not None:
        assert bucket.is_as_filled(upload_id)
    bucket.s3.delete_bucket_policy(Bucket=bucket.name)


def test_policy_says_who_there_is_and_is_answered_as_it_was_sent(
    site: Site, iam: Any, bucket: Bucket
) -> None:
    s3, at = bucket.s3, {"Bucket": bucket.name}

    def policy(principal: Any) -> str:
        return json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": principal,
                        "Action": "s3:GetObject",
                        "Resource": f"arn:aws:s3:::{bucket.name}/*",
                    }
                ],
            }
        )

    with pytest.raises(ClientError) as error:
        s3.get_bucket_policy(**at)
    assert refused(error)[:2] == ("NoSuchBucketPolicy", 404)
    for nobody in ("arn:aws:iam::999999999999:root", f"arn:aws:iam::{site.account_id}:user/none"):
        with pytest.raises(ClientError) as error:
            s3.put_bucket_policy(**at, Policy=policy({"AWS": nobody}))
        assert refused(error) == ("MalformedPolicy", 400, "Invalid principal in policy")
    with pytest.raises(ClientError) as error:
        s3.put_bucket_policy(**at, Policy=policy("*"))
    code, status, message = refused(error)
    assert (code, status) == ("AccessDenied", 403) and "BlockPublicPolicy" in message
    site.user(iam, site.name("x"))
    named = policy({"AWS": [site.account_id, f"arn:aws:iam::{OTHER_ACCOUNT}:root"]})
    s3.put_bucket_policy(**at, Policy=named)
    assert s3.get_bucket_policy(**at)["Policy"] == named
    assert s3.get_bucket_policy_status(**at)["PolicyStatus"] == {"IsPublic": False}
    # It is let in, and it is not its business.
    with pytest.raises(ClientError) as error:
        site.client("s3", OTHER).get_bucket_policy(**at)
    assert refused(error)[:2] == ("AccessDenied", 403)
    assert site.client("s3", OTHER).get_object(**at, Key=put_key(bucket))["Body"].read() == b"mine"
    s3.delete_public_access_block(**at)
    s3.put_bucket_policy(**at, Policy=policy("*"))
    assert s3.get_bucket_policy_status(**at)["PolicyStatus"] == {"IsPublic": True}
    nobody_asks = Caller("nobody", None, None)
    read = ("GET", f"/{bucket.name}/k", dict[str, str]())
    assert send(bucket.endpoint, nobody_asks, read).status == 200
    s3.delete_bucket_policy(**at)
    assert send(bucket.endpoint, nobody_asks, read).status == 403


def put_key(bucket: Bucket) -> str:
    bucket.fill()
    return "k"


def test_buckets_are_made_and_listed_by_who_may(site: Site, iam: Any, bucket: Bucket) -> None:
    maker = site.client("s3", site.user(iam, site.name("maker"), ALL_OF_S3))
    name = f"{bucket.name}-made"
    maker.create_bucket(Bucket=name)
    names = [row["Name"] for row in maker.list_buckets()["Buckets"]]
    # They are the account's.
    assert name in names and bucket.name in names
    assert name in [row["Name"] for row in bucket.s3.list_buckets()["Buckets"]]
    bucket.s3.delete_bucket(Bucket=name)
    idle = site.client("s3", site.user(iam, site.name("idle")))
    for call in (idle.list_buckets, lambda: idle.create_bucket(Bucket=name)):
        with pytest.raises(ClientError) as error:
            call()
        assert "because no identity-based policy allows" in refused(error)[2]


def test_change_of_a_policy_is_in_force_on_the_next_request(
    site: Site, iam: Any, bucket: Bucket
) -> None:
    name = site.name("changing")
    caller = Caller(name, site.user(iam, name), None)
    bucket.fill()
    read = ("GET", f"/{bucket.name}/k", dict[str, str]())

    def put(policy: str) -> None:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)

    assert send(bucket.endpoint, caller, read).status == 403
    put(ALL_OF_S3)
    assert send(bucket.endpoint, caller, read).status == 200
    put(ALL_OF_S3.replace("Allow", "Deny"))
    assert send(bucket.endpoint, caller, read).status == 403


def test_key_that_is_revoked_signs_nothing_more(site: Site, iam: Any, bucket: Bucket) -> None:
    name = site.name("revoked")
    keys = site.user(iam, name, ALL_OF_S3)
    caller, read = Caller(name, keys, None), ("GET", f"/{bucket.name}", dict[str, str]())
    assert send(bucket.endpoint, caller, read).status == 200
    iam.update_access_key(UserName=name, AccessKeyId=keys.access, Status="Inactive")
    answer = send(bucket.endpoint, caller, read)
    assert (answer.status, answer.code) == NO_KEY
