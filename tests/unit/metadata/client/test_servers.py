"""Which server a client asks next."""

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.rpc.local import LocalNetwork
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


def test_who_answered_is_asked_again_rather_than_one_that_was_just_silent() -> None:
    clock = ManualClock()
    servers = Servers(LocalNetwork(), clock, ["om1", "om2", "om3"])
    answering = servers.after(servers.leader)
    silent = [servers.leader, servers.after(answering)]
    for server in silent:
        servers.failed(server)
    assert servers.after(answering) is answering
    clock.advance(1_000)
    assert servers.after(answering) in silent


def test_all_silent_are_asked_in_turn() -> None:
    servers = Servers(LocalNetwork(), ManualClock(), ["om1", "om2", "om3"])
    asked = [servers.leader]
    for _ in range(3):
        servers.failed(asked[-1])
        asked.append(servers.after(asked[-1]))
    assert [server.address for server in asked] == ["om1", "om2", "om3", "om1"]
