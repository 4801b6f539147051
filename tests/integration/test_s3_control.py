"""S3 Control as boto3 and the aws CLI speak it: what an account blocks for all its buckets."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.integration.endpoint import REGION, Keys, refusal, refused
from tests.integration.iam.conftest import ACCOUNT, OTHER_ACCOUNT, ROOT, Site
from tests.integration.rewriting_proxy import RewritingProxy
from tests.integration.s3.wire import Request, send
from tests.integration.store_process import OTHER, StoreProcess
from tests.integration.test_aws_cli import aws_command

DOMAIN: Final = "s3.test"
PATH: Final = "/v20180820/configuration/publicAccessBlock"
DENIED: Final = (403, "AccessDenied")
NONE_SET: Final = (404, "NoSuchPublicAccessBlockConfiguration")
NAMES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL: Final = dict.fromkeys(NAMES, True)
NOTHING: Final = dict.fromkeys(NAMES, False)


def _allows(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _origin_form(head: bytes) -> bytes:
    """Of a request to a proxy, which knows addresses of names that nobody else has heard of."""
    method, target, rest = head.split(b" ", 2)
    return b" ".join((method, b"/" + target.split(b"/", 3)[3], rest))


class OneStore(Site):
    def __init__(self, store: StoreProcess, stack: ExitStack) -> None:
        super().__init__(store.url, stack)
        self.store = store


class Clients:
    """Attributes: url: of the store, by a name; names: where the way to it is known."""

    def __init__(self, site: OneStore, names: str) -> None:
        self.site, self.names = site, names
        self.url = f"http://{DOMAIN}:{site.store.endpoint.address[1]}"

    def control(self, keys: Keys = ROOT) -> Any:
        return boto3.client(
            "s3control",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=keys.access,
            aws_secret_access_key=keys.secret,
            config=Config(
                proxies={"http": self.names}, retries={"total_max_attempts": 1, "mode": "standard"}
            ),
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneStore]:
    store = StoreProcess(tmp_path_factory.mktemp("control"), {"s3.domains": DOMAIN})
    with ExitStack() as stack:
        stack.callback(store.discard)
        store.start()
        store.add_account(ACCOUNT, ROOT)
        store.add_account(OTHER_ACCOUNT, OTHER)
        yield OneStore(store, stack)
        store.stop()


@pytest.fixture(scope="module")
def clients(site: OneStore) -> Iterator[Clients]:
    proxy = RewritingProxy(site.store.endpoint, _origin_form)
    yield Clients(site, proxy.endpoint.url)
    proxy.close()


@pytest.fixture
def open_bucket(site: OneStore) -> Iterator[str]:
    """It blocks nothing itself, and everybody may read it by its ACL."""
    s3, name = site.client("s3"), site.name("o3-open")
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_acl(Bucket=name, ACL="public-read")
    yield name
    site.store.o3("account", "public-access", ACCOUNT, "--clear")


def _public_policy(bucket: str) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_block_is_set_shown_and_taken_away(clients: Clients) -> None:
    control, of = clients.control(), {"AccountId": ACCOUNT}
    error = refusal(control.get_public_access_block, **of)
    assert (error.status, error.code) == NONE_SET and error.details["AccountId"] == ACCOUNT
    control.put_public_access_block(
        **of, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": False}
    )
    shown = control.get_public_access_block(**of)["PublicAccessBlockConfiguration"]
    assert shown == NOTHING | {"BlockPublicAcls": True}
    error = refusal(control.put_public_access_block, **of, PublicAccessBlockConfiguration={})
    assert (error.status, error.code) == (400, "InvalidRequest")
    for _ in range(2):
        control.delete_public_access_block(**of)
    assert refused(control.get_public_access_block, **of) == NONE_SET


def test_only_who_may_of_the_account_that_is_named(clients: Clients) -> None:
    site, of = clients.site, {"AccountId": ACCOUNT}
    iam = site.client("iam")
    reads = clients.control(
        site.user(iam, site.name("r"), _allows("s3:GetAccountPublicAccessBlock"))
    )
    writes = clients.control(
        site.user(iam, site.name("w"), _allows("s3:PutAccountPublicAccessBlock"))
    )
    none = clients.control(site.user(iam, site.name("n")))
    block: Any = {**of, "PublicAccessBlockConfiguration": NOTHING}
    writes.put_public_access_block(**block)
    assert reads.get_public_access_block(**of)["PublicAccessBlockConfiguration"] == NOTHING
    assert refused(reads.put_public_access_block, **block) == DENIED
    assert refused(reads.delete_public_access_block, **of) == DENIED
    assert refused(writes.get_public_access_block, **of) == DENIED
    assert refused(none.get_public_access_block, **of) == DENIED
    error = refusal(none.get_public_access_block, **of)
    assert "s3:GetAccountPublicAccessBlock" in error.message and "arn:aws:s3" not in error.message
    strangers = clients.control(OTHER)
    for ask, arguments in (
        (strangers.get_public_access_block, of),
        (strangers.put_public_access_block, block),
        (strangers.delete_public_access_block, of),
        (clients.control().get_public_access_block, {"AccountId": OTHER_ACCOUNT}),
    ):
        assert refused(ask, **arguments) == DENIED
    writes.delete_public_access_block(**of)


def test_path_and_header_together_are_s3_control_whatever_the_host_is(site: OneStore) -> None:
    store, header = site.store.endpoint, {"x-amz-account-id": ACCOUNT}
    for host in (None, DOMAIN, f"{ACCOUNT}.{DOMAIN}", "anything.example"):
        answer = send(store, Request("GET", PATH, fields=header, host=host), keys=ROOT)
        assert answer.status == 404, host
        assert b"<ErrorResponse><Error><Code>NoSuchPublicAccessBlockConfig" in answer.body
        other = Request("GET", "/v20180820/accesspoint", fields=header, host=host)
        answer = send(store, other, keys=ROOT)
        assert answer.status == 501
        assert b"S3 Control: GET /v20180820/accesspoint is not implemented." in answer.body
    # Scripts of other origins are not told anything.
    of_a_page = header | {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    preflight = send(store, Request("OPTIONS", PATH, fields=of_a_page), keys=ROOT)
    assert preflight.status == 403
    answer = send(store, Request("GET", PATH, fields=of_a_page), keys=ROOT)
    assert answer.status == 404 and "access-control-allow-origin" not in answer.fields
    assert send(store, Request("POST", PATH, fields=header), keys=ROOT).status == 405
    # A bucket may be called so, in a path as in a host.
    s3 = site.client("s3")
    for name, key in (("v20180820", PATH.split("/", 2)[2]), (ACCOUNT, PATH[1:])):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key=key, Body=b"mine")
        assert s3.get_object(Bucket=name, Key=key)["Body"].read() == b"mine"
    of_host = Request("GET", PATH, host=f"{ACCOUNT}.{DOMAIN}")
    assert send(store, of_host, keys=ROOT).body == b"mine"


def test_block_counts_with_the_next_request_together_with_the_buckets(
    clients: Clients, open_bucket: str
) -> None:
    site, control, of = clients.site, clients.control(), {"AccountId": ACCOUNT}
    s3, strangers, bucket = site.client("s3"), site.client("s3", OTHER), {"Bucket": open_bucket}
    nobody: Any = boto3.client(
        "s3",
        endpoint_url=site.store.url,
        region_name=REGION,
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )
    policy: Any = {**bucket, "Policy": _public_policy(open_bucket)}

    def block(*names: str) -> None:
        asked = NOTHING | dict.fromkeys(names, True)
        control.put_public_access_block(**of, PublicAccessBlockConfiguration=asked)

    for _ in range(3):
        nobody.list_objects_v2(**bucket)
        block("IgnorePublicAcls")
        assert refused(nobody.list_objects_v2, **bucket) == DENIED
        control.delete_public_access_block(**of)
    nobody.list_objects_v2(**bucket)
    block("BlockPublicAcls")
    assert refused(s3.put_bucket_acl, **bucket, ACL="public-read") == DENIED
    assert refused(s3.put_object, **bucket, Key="k", ACL="public-read") == DENIED
    nobody.list_objects_v2(**bucket)
    block("BlockPublicPolicy")
    error = refusal(s3.put_bucket_policy, **policy)
    assert (error.status, error.code) == DENIED
    assert "BlockPublicPolicy block public access setting of the account" in error.message
    control.delete_public_access_block(**of)
    s3.put_bucket_policy(**policy)
    strangers.list_objects_v2(**bucket)
    block("RestrictPublicBuckets")
    assert refused(strangers.list_objects_v2, **bucket) == DENIED
    assert refused(nobody.list_objects_v2, **bucket) == DENIED
    assert s3.get_bucket_policy_status(**bucket)["PolicyStatus"] == {"IsPublic": True}
    request_id = refusal(strangers.list_objects_v2, **bucket).headers["x-amz-request-id"]
    explained = site.store.o3("explain", request_id)
    assert "setting of the account RestrictPublicBuckets" in explained.stdout, explained
    assert "of that by the account" in explained.stdout
    block()
    strangers.list_objects_v2(**bucket)
    # The account's blocks take none of the bucket's away.
    s3.put_public_access_block(
        **bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
    )
    assert refused(strangers.list_objects_v2, **bucket) == DENIED


def test_aws_cli_and_o3_say_the_same(clients: Clients, tmp_path: Path) -> None:
    def aws(*arguments: str) -> str:
        return subprocess.run(
            [
                aws_command(),
                *("--endpoint-url", clients.url, "s3control", *arguments),
                *("--account-id", ACCOUNT),
            ],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "HTTP_PROXY": clients.names,
                "AWS_ACCESS_KEY_ID": ROOT.access,
                "AWS_SECRET_ACCESS_KEY": ROOT.secret,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",
            },
            capture_output=True,
            timeout=120,
            check=True,
        ).stdout.decode()

    def o3(*arguments: str) -> Any:
        done = clients.site.store.o3("account", "public-access", ACCOUNT, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    aws("put-public-access-block", "--public-access-block-configuration", "BlockPublicPolicy=true")
    assert o3() == {
        "account_id": ACCOUNT,
        "is_set": True,
        "block_public_acls": False,
        "ignore_public_acls": False,
        "block_public_policy": True,
        "restrict_public_buckets": False,
    }
    assert o3("--block", "all")["ignore_public_acls"]
    shown = json.loads(aws("get-public-access-block"))["PublicAccessBlockConfiguration"]
    assert shown == ALL
    o3("--block", "ignorepublicacls", "--block", "RestrictPublicBuckets")
    shown = json.loads(aws("get-public-access-block"))["PublicAccessBlockConfiguration"]
    assert shown == NOTHING | {"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    aws("delete-public-access-block")
    assert not o3()["is_set"]
    o3("--block", "all")
    assert not o3("--clear")["is_set"]


def test_o3_refuses_what_makes_no_sense(site: OneStore) -> None:
    command = ("account", "public-access")
    both = site.store.o3(*command, ACCOUNT, "--block", "all", "--clear")
    assert both.returncode == 2 and "exclude each other" in both.stderr
    assert site.store.o3(*command, ACCOUNT, "--block", "everything").returncode == 2
    for more in ((), ("--clear",), ("--block", "all")):
        unknown = site.store.o3(*command, "999999999999", *more)
        assert unknown.returncode == 1 and "o3 account list" in unknown.stderr
    shown = site.store.o3(*command, ACCOUNT).stdout
    assert "not set" in shown and "RestrictPublicBuckets" in shown
