"""`o3 user`, `group`, `role`, `policy`, `key` and `account`: what an operator makes with them is
what clients meet."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import Keys
from tests.integration.iam.answers import policy, trust
from tests.integration.iam.conftest import ACCOUNT, OTHER_ACCOUNT, Site, session_keys
from tests.integration.store_process import StoreProcess, wait_until

O3 = Callable[..., Any]
DENIED, GONE = "AccessDenied", "InvalidAccessKeyId"


@pytest.fixture
def o3(store: StoreProcess) -> O3:
    def run(*arguments: str, stdin: str = "", account: str = ACCOUNT) -> Any:
        """What it prints, JSON read."""
        done = store.o3(*arguments, "--account", account, stdin=stdin)
        assert done.returncode == 0, (arguments, done.stderr)
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    return run


def code_of(ask: Callable[..., Any], **arguments: Any) -> str:
    try:
        ask(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_what_an_operator_gives_and_takes_counts_with_the_next_request(
    store: StoreProcess, site: Site, o3: O3
) -> None:
    bucket, ann, readers = site.name("o3-bucket"), site.name("ann"), site.name("readers")
    site.client("s3").create_bucket(Bucket=bucket)
    made = o3("user", "create", ann, "--path", "/staff/", "--json")
    assert made["arn"] == f"arn:aws:iam::{ACCOUNT}:user/staff/{ann}"
    o3("group", "create", readers)
    o3("user", "join", ann, readers)
    key = o3("key", "create", "--user", ann, "--json")
    s3 = site.client("s3", Keys(key["access_key"], key["secret_key"]))
    assert code_of(s3.list_objects_v2, Bucket=bucket) == DENIED
    arn = o3("policy", "create", site.name("p"), "-", "--json", stdin=policy("s3:ListBucket"))[
        "arn"
    ]
    o3("policy", "attach", arn, "--group", readers)
    assert code_of(s3.list_objects_v2, Bucket=bucket) == ""
    assert code_of(s3.put_object, Bucket=bucket, Key="k") == DENIED
    o3("policy", "update", arn, "-", stdin=policy("s3:*"))
    assert code_of(s3.put_object, Bucket=bucket, Key="k") == ""
    o3("user", "put-policy", ann, "no", "-", stdin=policy("s3:Put*", effect="Deny"))
    assert code_of(s3.put_object, Bucket=bucket, Key="k") == DENIED
    shown = o3("user", "show", ann, "--json")
    assert (shown["groups"], [*shown["inline"]]) == ([readers], ["no"])
    o3("user", "delete-policy", ann, "no")
    assert code_of(s3.put_object, Bucket=bucket, Key="k") == ""
    store_refuses(store, "user", "delete", ann)
    store_refuses(store, "policy", "delete", arn)
    o3("user", "leave", ann, readers)
    assert code_of(s3.list_objects_v2, Bucket=bucket) == DENIED
    o3("policy", "attach", arn, "--user", ann)
    assert code_of(s3.list_objects_v2, Bucket=bucket) == ""
    assert store.o3("key", "disable", key["access_key"]).returncode == 0
    wait_until(lambda: code_of(s3.list_objects_v2, Bucket=bucket) == GONE, seconds_max=10)
    for arguments in (
        *(("policy", "detach", arn, "--user", ann), ("policy", "detach", arn, "--group", readers)),
        *(("policy", "delete", arn), ("group", "delete", readers)),
    ):
        o3(*arguments)
    assert store.o3("key", "revoke", key["access_key"]).returncode == 0
    o3("user", "delete", ann)
    assert ann not in o3("user", "list")


def test_role_that_an_operator_makes_is_assumed(site: Site, o3: O3) -> None:
    role, bob = site.name("role"), site.name("bob")
    o3("user", "create", bob)
    arn = f"arn:aws:iam::{ACCOUNT}:user/{bob}"
    document = trust({"AWS": arn}, "sts:AssumeRole")
    made = o3(
        "role",
        "create",
        role,
        "--trust",
        "-",
        "--session-seconds",
        "3600",
        "--json",
        stdin=document,
    )
    o3("role", "put-policy", role, "buckets", "-", stdin=policy("s3:ListAllMyBuckets"))
    key = o3("key", "create", "--user", bob, "--json")
    sts = site.client("sts", Keys(key["access_key"], key["secret_key"]))
    asked: Any = {"RoleArn": made["arn"], "RoleSessionName": "monday"}
    credentials = sts.assume_role(**asked)["Credentials"]
    s3 = site.client("s3", session_keys(credentials))
    assert code_of(s3.list_buckets) == ""
    assert code_of(sts.assume_role, **asked, DurationSeconds=7_200) == "ValidationError"
    o3("role", "delete-policy", role, "buckets")
    assert code_of(s3.list_buckets) == DENIED
    o3("role", "delete", role)
    assert code_of(sts.assume_role, **asked) == DENIED


def test_lists_are_of_the_account_that_is_named(store: StoreProcess, site: Site, o3: O3) -> None:
    for kind, more in (("user", ()), ("group", ()), ("policy", ("-",))):
        name = site.name("of-one-")
        o3(kind, "create", name, *more, stdin=policy("s3:*"))
        assert name in o3(kind, "list")
        assert name not in o3(kind, "list", account=OTHER_ACCOUNT)
        assert name in [each["name"] for each in o3(kind, "list", "--json")]
    listing = ("user", "group", "role", "policy", "key", "bucket", "volume")
    for kind in listing:
        done = store.o3(kind, "list", "--account", "999999999999")
        assert (done.returncode, done.stdout) == (1, ""), kind
        assert "999999999999" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    shown = store.o3("account", "show", ACCOUNT, "--json")
    assert json.loads(shown.stdout)["account_id"] == ACCOUNT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Etc", "--id", "../etc"), "account_id is to be 1 to 64 letters, digits"),
        (("Etc", "--id", ""), "--id is empty"),
        (("Etc", "--canonical-id", "nope"), "canonical_id is to be 64 hexadecimal digits"),
        (("Etc", "--canonical-id", ""), "--canonical-id is empty"),
        (("Etc", "--email", "not an email"), "email is to be an e-mail address"),
        (("",), "NAME is empty"),
        ((" ",), "NAME is empty"),
    ],
)
def test_account_that_no_command_could_address_is_not_made(
    store: StoreProcess, arguments: tuple[str, ...], said: str
) -> None:
    before = store.o3("account", "list").stdout
    done = store.o3("account", "create", *arguments)
    assert done.returncode in (1, 2) and said in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""
    assert store.o3("account", "list").stdout == before


def store_refuses(store: StoreProcess, *arguments: str) -> None:
    """In one line, for something is still there that it has or that has it."""
    done = store.o3(*arguments, "--account", ACCOUNT)
    assert (done.returncode, done.stdout) == (1, ""), arguments
    assert done.stderr.count("\n") == 1, done.stderr
