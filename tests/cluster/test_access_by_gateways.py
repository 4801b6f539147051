"""Who may do what is the same at every gateway: what was changed at one is in force on the next
request at another, also under another leader of the OMs."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.access_changes import (
    ALL_OF_S3,
    DENIED,
    SCENARIOS,
    Gateways,
    reads,
    running,
)
from tests.integration.iam.answers import policy, trust
from tests.integration.iam.conftest import Site

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    with running(tmp_path_factory.mktemp("access"), oms=3, scms=1, datanodes=1) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_change_at_one_gateway_is_in_force_at_the_other(
    gateways: Gateways, scenario: Callable[[Gateways], None]
) -> None:
    scenario(gateways)


def test_session_goes_on_at_every_gateway_under_another_leader(gateways: Gateways) -> None:
    cluster = gateways.cluster
    iam = gateways.first.client("iam")
    keys = gateways.first.user(iam, "fred", policy("sts:AssumeRole"))
    trusted = trust({"AWS": gateways.first.account_id})
    made = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=ALL_OF_S3)

    def assumed(site: Site) -> dict[str, str]:
        sts = site.client("sts", keys)
        given: dict[str, str] = sts.assume_role(RoleArn=made, RoleSessionName="desk")["Credentials"]
        return given

    before = assumed(gateways.first)
    sessions = [site.session("s3", before) for site in (gateways.second, gateways.first)]
    assert [reads(s3) for s3 in sessions] == ["", ""]
    leader = cluster.leader("om")
    cluster.kill(leader)
    assert cluster.leader("om", other_than=leader) != leader
    # The gateways have asked one that is gone; whatever they remember, these they do not know.
    after = assumed(gateways.second)
    for given in (before, after):
        for site in (gateways.first, gateways.second):
            assert reads(site.session("s3", given)) == ""
            arn = site.session("sts", given).get_caller_identity()["Arn"]
            assert arn.endswith(":assumed-role/reader/desk")
    # And they obey who leads now.
    iam.delete_role_policy(RoleName="reader", PolicyName="p")
    for given in (before, after):
        for site in (gateways.first, gateways.second):
            assert reads(site.session("s3", given)) == DENIED
    cluster.restart(leader)
