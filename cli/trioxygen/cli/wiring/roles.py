"""The roles that run as processes of their own."""

from typing import Final

from trioxygen.cli.folder.parts import DATANODE_PARTS
from trioxygen.cli.wiring.datanode import DataNodePart
from trioxygen.cli.wiring.gateway import GatewayPart
from trioxygen.cli.wiring.group_part import Build, GroupPart
from trioxygen.cli.wiring.names import OM_GROUP, SCM_GROUP
from trioxygen.cli.wiring.om import om_of_node
from trioxygen.cli.wiring.part import Assembly, Node
from trioxygen.cli.wiring.scm import scm_of_node
from trioxygen.common.rpc.call import role_named
from trioxygen.gateway.admin.app import create_health_app
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1 import om_pb2, scm_pb2

_OM_DESCRIPTOR: Final = om_pb2.DESCRIPTOR.services_by_name["OzoneManager"]
_SCM_DESCRIPTOR: Final = scm_pb2.DESCRIPTOR.services_by_name["StorageContainerManager"]


def assemble_role(name: str, node: Node, *, listen: str, peer_id: str = "") -> Assembly:
    """Args:
    name: om, scm, datanode or gateway.
    listen: HOST:PORT of its service; empty: it has none.
    peer_id: the node that others see; empty: the data folder's.
    """
    node = node.as_role(role_named(name), peer_id or node.folder.node_id)
    if name == "om":
        return _group(name, node, OM_GROUP, om_of_node, listen)
    if name == "scm":
        return _group(name, node, SCM_GROUP, scm_of_node, listen)
    if name == "datanode":
        return _datanode(node, listen)
    assert name == "gateway", name
    gateway = GatewayPart(node, makes_first_key=False, asks_fullness=True)
    return Assembly(parts=(gateway,), admin_app=gateway.admin_app, s3_port=gateway.s3_port)


def _group(name: str, node: Node, group: GroupId, build: Build, listen: str) -> Assembly:
    descriptor = _OM_DESCRIPTOR if group == OM_GROUP else _SCM_DESCRIPTOR
    member = GroupPart(node, name, group, descriptor, build, listen=listen)
    return Assembly(
        parts=(member,),
        admin_app=create_health_app(node.readiness, node.runtime.registry),
        address=lambda: member.address,
    )


def _datanode(node: Node, listen: str) -> Assembly:
    datanode = DataNodePart(
        node,
        WalMetrics(node.runtime.registry),
        listen=listen,
        advertised=node.config.datanode.address,
    )
    return Assembly(
        parts=(datanode,),
        admin_app=create_health_app(node.readiness, node.runtime.registry),
        # Volumes elsewhere say themselves what they lack.
        in_folder=() if node.config.datanode.volumes else DATANODE_PARTS,
        address=lambda: datanode.address,
    )
