from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.network_local import LocalNetwork
from trioxygen.metadata.client.servers import Servers


def test_hint_to_a_server_that_did_not_just_fail_is_followed_though_it_is_avoided() -> None:
    clock = ManualClock()
    servers = Servers(LocalNetwork(), clock, ["om1", "om2", "om3"])
    failing = servers.leader
    for _ in range(4):
        servers.failed(failing)
        assert servers.hinted("om1") is None
        clock.advance(failing.avoided_until_ms - clock.monotonic_ms())
    servers.failed(failing)
    clock.advance(1_000)
    assert servers.reader() is not failing and servers.after(servers.reader()) is not failing
    assert servers.hinted("om1") is failing
