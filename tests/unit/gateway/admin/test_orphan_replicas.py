"""Replicas that no container is known of, on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.common.errors import NoSuchContainer
from trioxygen.proto.v1 import scm_pb2 as scm


def test_orphaned_replicas_are_listed_in_pages_and_removed() -> None:
    port = Port()
    reply = scm.ListOrphanReplicasReply(count=3, keep_ms=1_000, next=b"\x01k")
    reply.orphans.add(
        node_id="dn1",
        report=scm.ContainerReport(container_id=9, state=scm.CLOSED, block_count=2),
        reason="another container has its id",
        age_ms=5,
    )
    asked: list[bytes] = []

    def page(request: scm.ListOrphanReplicasRequest) -> scm.ListOrphanReplicasReply:
        asked.append(request.after)
        return reply

    port.scm.answers[scm.ListOrphanReplicasRequest] = page
    view = json.loads(port.call("GET", "/admin/v1/orphan-replicas")[2])
    assert (view["count"], view["keep_ms"], view["next"]) == (3, 1_000, "016b")
    [orphan] = view["orphans"]
    assert (orphan["container_id"], orphan["state"], orphan["goes"]) == (9, "CLOSED", False)
    port.call("GET", "/admin/v1/orphan-replicas?after=016b")
    assert asked == [b"", b"\x01k"]
    assert port.call("GET", "/admin/v1/orphan-replicas?after=x")[0] == 400
    removed = scm.RemoveOrphanReplicasReply(count=1)
    port.scm.answers[scm.RemoveOrphanReplicasRequest] = removed
    path = "/admin/v1/orphan-replicas/9/remove"
    status, _, text = port.call("POST", path, body={"node_id": "dn1"})
    assert (status, json.loads(text)) == (200, {"count": 1})
    port.scm.answers[scm.RemoveOrphanReplicasRequest] = NoSuchContainer(container=9)
    assert port.call("POST", path, body={})[0] == 404
