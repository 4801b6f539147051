"""Who a caller is, by its certificate: alternative names trioxygen://ROLE/NODE_ID.

A certificate may have several: of the roles that share a machine. Without a node id it is good for
every node of the role. A caller says who it is; its certificate has to say the same."""

from collections.abc import Iterable, Sequence
from typing import Final

from trioxygen.common.errors import CallerNotAllowed, WrongIdentity
from trioxygen.common.rpc.call import Call, Peer, Role, role_named, said_peer
from trioxygen.proto.v1.session_pb2 import Hello

URI_PREFIX: Final = "trioxygen://"


def certified(names: Iterable[str]) -> list[Peer]:
    """Args: names: all alternative names of a certificate; those of other kinds say nothing."""
    peers: list[Peer] = []
    for name in names:
        role_name, _, node_id = name.removeprefix(URI_PREFIX).partition("/")
        role = role_named(role_name)
        if name.startswith(URI_PREFIX) and role is not Role.UNKNOWN:
            peers.append(Peer(role, node_id, is_verified=True))
    return peers


def identify(hello: Hello, peers: Sequence[Peer]) -> Peer:
    """The one of a certificate's that the caller says it is; what it leaves unsaid, the
    certificate says.

    Raises: WrongIdentity."""
    said = said_peer(hello)
    for peer in peers:
        if said.role not in (Role.UNKNOWN, peer.role):
            continue
        if not (said.node_id and peer.node_id) or said.node_id == peer.node_id:
            return Peer(peer.role, peer.node_id or said.node_id, is_verified=True)
    if not peers:
        raise WrongIdentity(
            f"the certificate says no role: it needs a name {URI_PREFIX}ROLE/NODE_ID",
            said=str(said),
        )
    names = ", ".join([str(peer) for peer in peers])
    raise WrongIdentity("the certificate is another's", said=str(said), certificate=names)


def check_caller(peer: Peer, callers: frozenset[Role], method: str) -> None:
    """Only a verified role says anything. Empty `callers`: of no service of the project.

    Raises: CallerNotAllowed."""
    if peer.is_verified and callers and peer.role not in callers:
        raise CallerNotAllowed("not for callers of this role", method=method, caller=str(peer))


def check_node(call: Call, node_id: str) -> None:
    """A node that is verified speaks for itself alone.

    Raises: WrongIdentity."""
    peer = call.peer
    if peer.is_verified and peer.node_id not in ("", node_id):
        raise WrongIdentity("not of the node that it speaks for", caller=str(peer), node=node_id)
