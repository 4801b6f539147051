"""What is changed at one gateway is in force on the next request at another: what there is to be
changed, for tests on clusters of several sizes."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from botocore.exceptions import ClientError

from tests.cluster.cluster import Cluster
from tests.integration.endpoint import Keys
from tests.integration.iam.answers import policy, trust
from tests.integration.iam.conftest import Site
from tests.integration.s3.forms import post, signed
from tests.integration.s3.test_presigned import fetch
from tests.integration.s3.wire import Request, presign
from tests.integration.store_process import ADMIN, wait_until

BUCKET: Final = "books"
DENIED: Final = "AccessDenied"
# What a gateway may remember of a key that it need not ask about.
REVOKED_SECONDS: Final = 5
ALL_OF_S3: Final = policy("s3:*")


class Gateways(NamedTuple):
    """Attributes: first: where changes are made; second: where they have to be in force."""

    cluster: Cluster
    first: Site
    second: Site

    def put_bucket_policy(self, effect: str, arn: str) -> None:
        statement = {
            "Effect": effect,
            "Principal": {"AWS": arn},
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.first.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=document)


@contextmanager
def running(folder: Path, **counts: int) -> Iterator[Gateways]:
    """Two gateways of a cluster with so many nodes of each other role."""
    cluster = Cluster(folder, {"storage.reserved_bytes": 16 << 20}, {**counts, "gateways": 2})
    try:
        urls = [endpoint.url for endpoint in cluster.start().endpoints()]
        with ExitStack() as stack:
            root = Site(urls[0], stack, root=ADMIN)
            account = root.client("sts").get_caller_identity()["Account"]
            sites = [Site(url, stack, root=ADMIN, account_id=account) for url in urls]
            root.client("s3").create_bucket(Bucket=BUCKET)
            root.client("s3").put_object(Bucket=BUCKET, Key="k", Body=b"body")
            yield Gateways(cluster, *sites)
        cluster.stop()
        cluster.check_logs()
    finally:
        cluster.discard()


def said(call: Callable[[], object]) -> str:
    """The error's code; "": it was done."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def reads(s3: Any) -> str:
    return said(lambda: s3.get_object(Bucket=BUCKET, Key="k")["Body"].read())


def lists_buckets(s3: Any) -> str:
    """Of no bucket, whose row would tell the gateway that identities have changed."""
    return said(s3.list_buckets)


def change_policies_of_a_user(gateways: Gateways) -> None:
    iam = gateways.first.client("iam")
    keys = gateways.first.user(iam, "ann")
    s3 = gateways.second.client("s3", keys)
    user = {"UserName": "ann"}
    made = iam.create_policy(PolicyName="all", PolicyDocument=ALL_OF_S3)["Policy"]["Arn"]
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=made)
    denial = policy("s3:*", effect="Deny")
    own = {**user, "PolicyName": "own"}
    changes: Sequence[tuple[Callable[[], object], str]] = (
        (lambda: iam.attach_user_policy(**user, PolicyArn=made), ""),
        (lambda: iam.put_user_policy(**own, PolicyDocument=denial), DENIED),
        (lambda: iam.delete_user_policy(**own), ""),
        (lambda: iam.detach_user_policy(**user, PolicyArn=made), DENIED),
        (lambda: iam.add_user_to_group(**user, GroupName="readers"), ""),
        (lambda: new_version(iam, made, denial), DENIED),
        (lambda: new_version(iam, made, ALL_OF_S3), ""),
        (lambda: iam.remove_user_from_group(**user, GroupName="readers"), DENIED),
        (lambda: iam.put_user_policy(**own, PolicyDocument=ALL_OF_S3), ""),
        (lambda: bound(iam, policy("iam:*")), DENIED),
        (lambda: iam.delete_user_permissions_boundary(**user), ""),
    )
    for number, (change, answer) in enumerate(changes):
        # What the gateway knew before is what it must not go by afterwards.
        before = reads(s3), lists_buckets(s3)
        change()
        assert (reads(s3), lists_buckets(s3)) == (answer, answer) != before, number


def new_version(iam: Any, arn: str, document: str) -> None:
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def bound(iam: Any, document: str) -> None:
    arn = iam.create_policy(PolicyName="bounds", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=arn)


def change_settings_of_a_bucket(gateways: Gateways) -> None:
    site = gateways.first
    s3 = gateways.second.client("s3", site.user(site.client("iam"), "bob"))
    owner = site.client("s3")
    arn = f"arn:aws:iam::{site.account_id}:user/bob"
    assert reads(s3) == DENIED
    gateways.put_bucket_policy("Allow", arn)
    assert reads(s3) == ""
    gateways.put_bucket_policy("Deny", arn)
    assert reads(s3) == DENIED
    gateways.put_bucket_policy("Allow", arn)
    assert reads(s3) == ""
    owner.delete_bucket_policy(Bucket=BUCKET)
    assert reads(s3) == DENIED
    # Nobody signs: no identity tells of the change.
    nobody = Request("GET", f"/{BUCKET}/k")
    endpoint = gateways.cluster.endpoints()[1]
    assert fetch(endpoint, nobody.target).status == 403
    owner.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    owner.delete_public_access_block(Bucket=BUCKET)
    owner.put_object_acl(Bucket=BUCKET, Key="k", ACL="public-read")
    assert fetch(endpoint, nobody.target).status == 200
    owner.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration={"IgnorePublicAcls": True}
    )
    assert fetch(endpoint, nobody.target).status == 403


def change_a_role(gateways: Gateways) -> None:
    iam = gateways.first.client("iam")
    keys = gateways.first.user(iam, "carl")
    arn = f"arn:aws:iam::{gateways.first.account_id}:user/carl"
    role = {"RoleName": "shelf"}
    trusted, mistrusted = trust({"AWS": arn}), trust({"Service": "s3.amazonaws.com"})
    made = iam.create_role(**role, AssumeRolePolicyDocument=mistrusted)["Role"]["Arn"]
    sts = gateways.second.client("sts", keys)

    def assumes() -> str:
        return said(lambda: sts.assume_role(RoleArn=made, RoleSessionName="desk"))

    assert assumes() == DENIED
    iam.update_assume_role_policy(**role, PolicyDocument=trusted)
    assert assumes() == ""
    # A session's policies are the role's, as they are now.
    given = sts.assume_role(RoleArn=made, RoleSessionName="desk")["Credentials"]
    for site in (gateways.second, gateways.first):
        s3 = site.session("s3", given)
        assert (reads(s3), lists_buckets(s3)) == (DENIED, DENIED)
        iam.put_role_policy(**role, PolicyName="p", PolicyDocument=ALL_OF_S3)
        assert (reads(s3), lists_buckets(s3)) == ("", "")
        iam.delete_role_policy(**role, PolicyName="p")
        assert (reads(s3), lists_buckets(s3)) == (DENIED, DENIED)
    iam.update_assume_role_policy(**role, PolicyDocument=mistrusted)
    assert assumes() == DENIED
    iam.delete_role(**role)
    for site in (gateways.second, gateways.first):
        assert reads(site.session("s3", given)) == "InvalidToken"


def ways_of(site: Site, endpoint_number: int, cluster: Cluster, keys: Keys) -> dict[str, Any]:
    """Each way to show a key, and what it answers: "" or an error's code."""
    endpoint = cluster.endpoints()[endpoint_number]
    s3, sts, iam = (site.client(service, keys) for service in ("s3", "sts", "iam"))

    def by_url() -> str:
        answer = fetch(endpoint, presign(endpoint, Request("GET", f"/{BUCKET}/k"), 60, keys=keys))
        return "" if answer.status == 200 else answer.code

    def by_form() -> str:
        answer = post(endpoint, BUCKET, signed(BUCKET, {"key": "form"}, keys=keys))
        return "" if answer.status == 204 else answer.code

    return {
        "bucket": lambda: reads(s3),
        "no bucket": lambda: lists_buckets(s3),
        "presigned": by_url,
        "form": by_form,
        "sts": lambda: said(sts.get_caller_identity),
        "iam": lambda: said(iam.list_users),
    }


def revoke(iam: Any, name: str, keys: Keys, how: str) -> None:
    at = {"UserName": name, "AccessKeyId": keys.access}
    if how == "inactive":
        iam.update_access_key(**at, Status="Inactive")
        return
    iam.delete_access_key(**at)
    if how == "user deleted":
        iam.delete_user_policy(UserName=name, PolicyName="p0")
        iam.delete_user(UserName=name)


def revoke_key_of_a_user(gateways: Gateways, how: str) -> None:
    iam, name = gateways.first.client("iam"), f"dora-{how.replace(' ', '-')}"
    keys = gateways.first.user(iam, name, policy("*"))
    sites = enumerate((gateways.first, gateways.second))
    ways = [ways_of(site, number, gateways.cluster, keys) for number, site in sites]
    check_revoked(ways, lambda: revoke(iam, name, keys, how))


def revoke_key_of_root(gateways: Gateways) -> None:
    iam = gateways.first.client("iam")
    key = iam.create_access_key()["AccessKey"]
    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    sites = enumerate((gateways.first, gateways.second))
    ways = [ways_of(site, number, gateways.cluster, keys) for number, site in sites]
    check_revoked(ways, lambda: iam.delete_access_key(AccessKeyId=keys.access))


def check_revoked(ways: list[dict[str, Any]], revokes: Callable[[], object]) -> None:
    for each in ways:
        assert {name: way() for name, way in each.items()} == dict.fromkeys(each, "")
    revokes()
    # Of what is in a bucket, the bucket's row tells at once that identities have changed.
    assert [each["bucket"]() for each in ways] == ["InvalidAccessKeyId"] * len(ways)

    def answers() -> set[str]:
        return {way() for each in ways for way in each.values()}

    refusals = {"InvalidAccessKeyId", "InvalidClientTokenId"}
    wait_until(lambda: answers() == refusals, seconds_max=REVOKED_SECONDS, output=answers)


def explain_a_refusal(gateways: Gateways) -> None:
    keys = gateways.first.user(gateways.first.client("iam"), "emil")
    for site in (gateways.first, gateways.second):
        with pytest.raises(ClientError) as error:
            site.client("s3", keys).get_object(Bucket=BUCKET, Key="k")
        request_id = error.value.response["ResponseMetadata"]["RequestId"]
        explained = json.loads(gateways.cluster.o3("explain", request_id, "--json"))
        assert explained["request_id"] == request_id
        assert (explained["code"], explained["operation"]) == (DENIED, "GetObject")
        assert explained["caller"]["arn"].endswith(":user/emil")
        [access] = explained["accesses"]
        assert (access["action"], access["allowed"]) == ("s3:GetObject", False)
    assert "no request 0123456789abcdef was refused here" in gateways.cluster.o3(
        "explain", "0123456789abcdef", code=1
    )


def revoke_an_inactive_key(gateways: Gateways) -> None:
    revoke_key_of_a_user(gateways, "inactive")


def revoke_a_deleted_key(gateways: Gateways) -> None:
    revoke_key_of_a_user(gateways, "deleted")


def revoke_the_key_of_a_deleted_user(gateways: Gateways) -> None:
    revoke_key_of_a_user(gateways, "user deleted")


SCENARIOS: Final[Sequence[Callable[[Gateways], None]]] = (
    change_policies_of_a_user,
    change_settings_of_a_bucket,
    change_a_role,
    revoke_an_inactive_key,
    revoke_a_deleted_key,
    revoke_the_key_of_a_deleted_user,
    revoke_key_of_root,
    explain_a_refusal,
)
