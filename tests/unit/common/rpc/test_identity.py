"""Names of certificates, and what callers may say with them."""

import pytest

from trioxygen.common.errors import WrongIdentity
from trioxygen.common.rpc.call import Call, Peer, Role
from trioxygen.common.rpc.identity import certified, check_node, identify
from trioxygen.proto.v1.session_pb2 import Hello

GATEWAY = Peer(Role.GATEWAY, "gw-1", is_verified=True)
ANY_OM = Peer(Role.OM, "", is_verified=True)


@pytest.mark.parametrize(
    ("name", "peers"),
    [
        ("trioxygen://gateway/gw-1", [GATEWAY]),
        ("trioxygen://om/", [ANY_OM]),
        ("trioxygen://om", [ANY_OM]),
        ("trioxygen://unknown/x", []),
        ("trioxygen://emperor/x", []),
        ("trioxygen://GATEWAY/gw-1", []),
        ("https://gateway/gw-1", []),
        ("gateway/gw-1", []),
        ("10.0.0.1", []),
    ],
)
def test_names_of_the_scheme_say_role_and_node(name: str, peers: list[Peer]) -> None:
    assert certified(["localhost", name, "127.0.0.1"]) == peers


@pytest.mark.parametrize(
    ("role", "node_id", "peers", "actual"),
    [
        (Role.GATEWAY, "gw-1", [GATEWAY], GATEWAY),
        (Role.GATEWAY, "", [GATEWAY], GATEWAY),
        (Role.UNKNOWN, "", [GATEWAY], GATEWAY),
        (Role.UNKNOWN, "gw-1", [ANY_OM, GATEWAY], Peer(Role.OM, "gw-1", is_verified=True)),
        (Role.GATEWAY, "gw-1", [ANY_OM, GATEWAY], GATEWAY),
        (Role.OM, "om-9", [GATEWAY, ANY_OM], Peer(Role.OM, "om-9", is_verified=True)),
        (Role.GATEWAY, "gw-2", [GATEWAY], None),
        (Role.OM, "gw-1", [GATEWAY], None),
        (Role.GATEWAY, "gw-1", [], None),
        (Role.UNKNOWN, "", [], None),
    ],
)
def test_what_is_said_must_be_of_the_certificate(
    role: Role, node_id: str, peers: list[Peer], actual: Peer | None
) -> None:
    hello = Hello(role=role.value, peer=node_id)
    if actual is not None:
        assert identify(hello, peers) == actual
        return
    with pytest.raises(WrongIdentity) as refused:
        identify(hello, peers)
    # Whoever has a certificate of before there were roles is told what it lacks.
    assert ("trioxygen://ROLE/NODE_ID" in str(refused.value)) == (not peers)


def test_role_of_a_later_version_is_nobodys() -> None:
    hello = Hello(peer="x")
    hello.MergeFromString(b"\x20\x63")
    with pytest.raises(WrongIdentity):
        identify(hello, [])
    assert identify(hello, [GATEWAY, Peer(Role.OM, "x", is_verified=True)]).role is Role.OM


def test_verified_node_speaks_for_itself_alone() -> None:
    def call(peer: Peer) -> Call:
        return Call(peer, 0.0)

    check_node(call(Peer(Role.DATANODE, "dn-1", is_verified=True)), "dn-1")
    # Of a certificate that is good for any, and of who is only said to be another.
    check_node(call(Peer(Role.DATANODE, "", is_verified=True)), "dn-1")
    check_node(call(Peer(Role.DATANODE, "dn-2")), "dn-1")
    with pytest.raises(WrongIdentity):
        check_node(call(Peer(Role.DATANODE, "dn-2", is_verified=True)), "dn-1")
