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


def test_policy_shows_who_has_it_after_a_change_too(site: Site, o3: O3) -> None:
    ann, name = site.name("ann"), site.name("p")
    o3("user", "create", ann)
    o3("policy", "create", name, "-", stdin=policy("s3:ListBucket"))
    o3("policy", "attach", name, "--user", ann)
    shown = o3("policy", "update", name, "-", "--json", stdin=policy("s3:*"))
    assert (shown["attachment_count"], shown["default_version"]) == (1, 2)
    assert shown == o3("policy", "show", name, "--json")


def test_what_groups_and_roles_have_is_shown_as_it_is(site: Site, o3: O3) -> None:
    ann, bob, readers = site.name("ann"), site.name("bob"), site.name("readers")
    o3("group", "create", readers)
    for user in (ann, bob):
        o3("user", "create", user)
        o3("user", "join", user, readers)
    document = policy("s3:ListBucket")
    o3("group", "put-policy", readers, "own", "-", stdin=document)
    shown = o3("group", "show", readers, "--json")
    assert (shown["users"], shown["inline"]) == ([ann, bob], {"own": document})
    text = o3("group", "show", readers)
    assert f"{ann}, {bob}" in text
    assert json.loads(text.partition("inline policy own:\n")[2]) == json.loads(document)
    role, trusted = site.name("role"), json.loads(trust({"AWS": "*"}, "sts:AssumeRole"))
    o3("role", "create", role, "--trust", "-", stdin=json.dumps(trusted, indent=4))
    assert json.loads(o3("role", "show", role).partition("trust policy:\n")[2]) == trusted


def test_policy_that_is_built_in_is_named_by_its_arn(store: StoreProcess, site: Site) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    done = store.o3("policy", "show", arn)
    assert done.returncode == 0 and arn in done.stdout and "attached" not in done.stdout
    ann, of_ann = site.name("ann"), ("--account", ACCOUNT)
    assert store.o3("user", "create", ann, *of_ann).returncode == 0
    done = store.o3("policy", "attach", "readonlyaccess", "--user", ann, *of_ann)
    assert done.returncode == 1 and f"built in: name it by its ARN, {arn}" in done.stderr
    listed = store.o3("policy", "list", *of_ann)
    assert "ReadOnlyAccess" in listed.stderr and "ReadOnlyAccess" not in listed.stdout
    done = store.o3("policy", "detach", arn, "--user", ann, *of_ann)
    assert done.returncode == 1 and done.stderr.startswith(f"o3: user {ann} does not have it")
    assert "see 'o3" not in done.stderr


def test_refusals_say_what_is_missing_and_what_there_is(store: StoreProcess, site: Site) -> None:
    of = ("--account", ACCOUNT)
    nobody = site.name("nobody")
    for arguments, code, said, *not_said in (
        (("user", "show", nobody, *of), 1, "see 'o3 user list'", "o3 group", "o3 policy"),
        (("user", "join", nobody, "no", *of), 1, "see 'o3 group list'", "o3 user list"),
        (("can", nobody, "s3:ListAllMyBuckets", "s3://"), 1, "give ACCOUNT/USER", "o3 user list"),
        (("user", "list"), 2, f"choose with --account ID: 100000000001, {ACCOUNT}, "),
        (("policy", "create", "p", "-", *of), 2, "standard input is not JSON: line 2, column 3: "),
        (("account", "public-access", ACCOUNT, "--block", "Nope"), 2, "give all, BlockPublicAcls,"),
        (
            ("role", "create", "r", "--trust", "-", "--session-seconds", "5", *of),
            *(2, "--session-seconds: 5 is not within 3,600 to 43,200"),
        ),
        (("role", "create", site.name("r"), "--trust", "-", *of), 2, "standard input is not JSON"),
    ):
        done = store.o3(*arguments, stdin="{\n  no JSON}")
        assert (done.returncode, done.stdout) == (code, ""), (arguments, done.stderr)
        assert said in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert not [each for each in (*not_said, "Value error") if each in done.stderr]
    stored = policy("s3:*")
    refused = store.o3("role", "create", site.name("r"), "--trust", "-", *of, stdin=stored)
    assert refused.returncode == 1 and "Resource" in refused.stderr, refused.stderr


def store_refuses(store: StoreProcess, *arguments: str) -> None:
    """In one line, for something is still there that it has or that has it."""
    done = store.o3(*arguments, "--account", ACCOUNT)
    assert (done.returncode, done.stdout) == (1, ""), arguments
    assert done.stderr.count("\n") == 1, done.stderr
