"""Whose namespace it is."""

from trioxygen.common.errors import WrongIdentity
from trioxygen.common.rpc.call import Call, Role
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.metadata.scm.namespaces.keys import name_key
from trioxygen.metadata.scm.schema import NAMESPACES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.namespaces_pb2 import NamespaceRow


def caller_of(call: Call) -> str:
    """The client that calls, where that is certain; empty: nobody is held to be a certain client.

    Raises: WrongIdentity: a client whose certificate and greeting do not name it."""
    peer = call.peer
    if not peer.is_verified or peer.role is not Role.CLIENT:
        return ""
    if not peer.node_id:
        raise WrongIdentity("a client has to say its name", caller=str(peer))
    return peer.node_id


def namespace_for(txn: ReadTxn, name: str, caller: str) -> NamespaceRow | Refusal:
    """Args: caller: as `caller_of` says."""
    row = NAMESPACES.get(txn, name_key(name))
    if row is None:
        return Refusal(types_pb2.NO_SUCH_NAMESPACE, facts={"namespace": name})
    if row.owner and caller and row.owner != caller:
        facts = {"namespace": name, "caller": caller}
        return Refusal(types_pb2.CALLER_NOT_ALLOWED, "another client's namespace", facts)
    return row
