"""What the members of a cluster's OM and SCM groups say of themselves.

Asked over plain gRPC in the caller's thread: grpc.aio is made for one event loop a process, and
tests come and go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from tests.integration.store_process import wait_until
from trioxygen.cli.config import load
from trioxygen.cli.config_schema import Peer
from trioxygen.common.grpc_metadata import CLUSTER_KEY
from trioxygen.common.routes import PACKAGE
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
    found: list[Member] = []
    for peer, channel, answer in asked:
        try:
            told = answer()
            found.append(Member(peer.id, told.role, told.term, told.commit, told.applied))
        except grpc.RpcError:
            found.append(Member(peer.id))
        finally:
            channel.close()
    return found


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


def leader_of(found: list[Member]) -> str | None:
    """Of several that say that they lead, the one with the latest term: the others are deposed."""
    leading = [one for one in found if one.role == "leader"]
    return max(leading, key=lambda one: one.term).node_id if leading else None


def wait_for_leader(
    config_file: Path, group: str, *, other_than: str = "", seconds_max: float = 30
) -> str:
    """Args: other_than: a node that may still believe that it leads."""
    found: list[Member] = []

    def one_leads() -> bool:
        found[:] = members(config_file, group)
        return leader_of(found) not in (None, other_than)

    wait_until(one_leads, seconds_max=seconds_max, told=lambda: found)
    leader = leader_of(found)
    assert leader is not None
    return leader


def wait_for_all(config_file: Path, group: str, *, seconds_max: float = 60) -> str:
    """Until every member has applied all that is committed now; the leader."""
    found: list[Member] = []
    target = 0

    def all_are_there() -> bool:
        nonlocal target
        found[:] = members(config_file, group)
        if leader_of(found) is None:
            return False
        target = target or max(one.commit for one in found)
        return all(one.role != "silent" and one.applied >= target for one in found)

    wait_until(all_are_there, seconds_max=seconds_max, told=lambda: (target, found))
    leader = leader_of(found)
    assert leader is not None
    return leader
