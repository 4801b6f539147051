"""Namespaces of blocks on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.common.errors import NamespaceNotEmpty
from trioxygen.common.replication import RATIS_THREE
from trioxygen.proto.v1 import namespaces_pb2 as namespaces

ROW = namespaces.NamespaceRow(
    namespace_id=5, name="logs", owner="alice", replication=RATIS_THREE.proto, blocks=2, bytes=30
)


def test_namespaces_are_listed_described_and_deleted() -> None:
    port = Port()
    asked: list[namespaces.DeleteNamespaceRequest] = []

    def delete(request: namespaces.DeleteNamespaceRequest) -> namespaces.DeleteNamespaceReply:
        asked.append(request)
        if not request.force:
            raise NamespaceNotEmpty(namespace=request.name)
        return namespaces.DeleteNamespaceReply()

    port.scm.answers[namespaces.ListNamespacesRequest] = namespaces.ListNamespacesReply(
        namespaces=[ROW], next="logs"
    )
    port.scm.answers[namespaces.DescribeNamespaceRequest] = namespaces.DescribeNamespaceReply(
        namespace=ROW, leases=1, leased_blocks=4
    )
    port.scm.answers[namespaces.DeleteNamespaceRequest] = delete
    page = json.loads(port.call("GET", "/admin/v1/namespaces?after=a&count_max=1")[2])
    assert page["next"] == "logs" and page["namespaces"][0]["size_bytes"] == 30
    view = json.loads(port.call("GET", "/admin/v1/namespaces/logs")[2])
    assert view["leased_blocks"] == 4 and view["namespace"]["replication"] == "RATIS/THREE"
    assert port.call("DELETE", "/admin/v1/namespaces/logs")[0] == 409
    assert port.call("DELETE", "/admin/v1/namespaces/logs?force=true")[0] == 204
    assert [request.force for request in asked] == [False, True]
