"""What the members of a cluster's OM and SCM groups say of themselves.

Asked over plain gRPC in the caller's thread: grpc.aio is made for one event loop a process, and
tests come and go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from tests.integration.store_process import wait_until
from trioxygen.cli.config.nodes import Peer
from trioxygen.cli.config.reading import load
from trioxygen.common.rpc.grpc_metadata import CLUSTER_KEY
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.proto.v1 import group_admin_pb2 as admin

_METHOD: Final = f"/{PACKAGE}.GroupAdmin/DescribeReplica"
_ASK_SECONDS_MAX: Final = 2.0


@dataclass(frozen=True, slots=True)
class Member:
    """Attributes: role: leader, follower, ... or silent."""

    node_id: str
    role: str = "silent"
    term: int = 0
    commit: int = 0
    applied: int = 0


def members(config_file: Path, group: str) -> list[Member]:
    """One for each configured node. Args: group: om or scm."""
    config = load(config_file, {}, {})
    peers = config.om.peers if group == "om" else config.scm.peers
    asked = [(peer, *_ask(peer, config.cluster.id)) for peer in peers]
    actual: list[Member] = []
    for peer, channel, answer in asked:
        try:
            output = answer()
            actual.append(Member(peer.id, output.role, output.term, output.commit, output.applied))
        except grpc.RpcError:
            actual.append(Member(peer.id))
        finally:
            channel.close()
    return actual


def _ask(
    peer: Peer, cluster_id: str
) -> tuple[grpc.Channel, Callable[[], admin.DescribeReplicaReply]]:
    channel = grpc.insecure_channel(peer.address)
    describe = channel.unary_unary(
        _METHOD,
        request_serializer=admin.DescribeReplicaRequest.SerializeToString,
        response_deserializer=admin.DescribeReplicaReply.FromString,
    )
    call = describe.future(
        admin.DescribeReplicaRequest(),
        timeout=_ASK_SECONDS_MAX,
        metadata=((CLUSTER_KEY, cluster_id),),
    )
    return channel, call.result


def leader_of(actual: list[Member]) -> str | None:
    """Of several that say that they lead, the one with the latest term: the others are deposed."""
    leading = [each for each in actual if each.role == "leader"]
    return max(leading, key=lambda each: each.term).node_id if leading else None


def wait_for_leader(
    config_file: Path, group: str, *, other_than: str = "", seconds_max: float = 60
) -> str:
    """Args: other_than: a node that may still believe that it leads."""
    actual: list[Member] = []

    def one_leads() -> bool:
        actual[:] = members(config_file, group)
        return leader_of(actual) not in (None, other_than)

    wait_until(one_leads, seconds_max=seconds_max, output=lambda: actual)
    leader = leader_of(actual)
    assert leader is not None
    return leader


def wait_for_all(config_file: Path, group: str, *, seconds_max: float = 60) -> str:
    """Until every member has applied all that is committed now; the leader."""
    actual: list[Member] = []
    target = 0

    def all_are_there() -> bool:
        nonlocal target
        actual[:] = members(config_file, group)
        if leader_of(actual) is None:
            return False
        target = target or max(each.commit for each in actual)
        return all(each.role != "silent" and each.applied >= target for each in actual)

    wait_until(all_are_there, seconds_max=seconds_max, output=lambda: (target, actual))
    leader = leader_of(actual)
    assert leader is not None
    return leader
