"""DataNodes and safe mode on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.common.errors import InvalidRequest, NoSuchDataNode
from trioxygen.proto.v1 import scm_pb2 as scm


def described(node_id: str) -> scm.NodeDescription:
    return scm.NodeDescription(
        node=scm.NodeRow(
            node_id=node_id, address=f"{node_id}:9859", rack="/r1", operation=scm.IN_MAINTENANCE
        ),
        health=scm.STALE,
        last_heartbeat_age_ms=31_000,
        volumes=[
            scm.VolumeReport(
                volume_id="v1", capacity_bytes=10, used_bytes=3, free_bytes=7, reserved_bytes=2
            ),
            scm.VolumeReport(volume_id="v2", capacity_bytes=10, free_bytes=9, failed=True),
        ],
        containers=4,
        pipelines=3,
        pipelines_led=1,
        fully_reported=True,
        maintenance_left_ms=5_000,
    )


def with_nodes(port: Port) -> None:
    """On two pages, and then what follows nodes."""

    def page(request: scm.DescribeScmRequest) -> scm.DescribeScmReply:
        if request.after == b"":
            return scm.DescribeScmReply(nodes=[described("dn1")], next=b"1dn1")
        assert request.after == b"1dn1", "pages behind the nodes are not asked for"
        return scm.DescribeScmReply(
            nodes=[described("dn2")], pipelines=[scm.PipelineRow()], next=b"2x"
        )

    port.scm.answers[scm.DescribeScmRequest] = page


def test_datanodes_are_listed_over_all_pages() -> None:
    port = Port()
    with_nodes(port)
    status, _, text = port.call("GET", "/admin/v1/datanodes")
    first, second = json.loads(text)["datanodes"]
    assert (status, first["node_id"], second["node_id"]) == (200, "dn1", "dn2")
    assert (first["health"], first["operation"], first["rack"]) == (
        "STALE",
        "IN_MAINTENANCE",
        "/r1",
    )
    assert (first["capacity_bytes"], first["free_bytes"], first["writable_bytes"]) == (20, 16, 5)
    assert [disk["is_failed"] for disk in first["disks"]] == [False, True]


def test_single_datanode_is_shown_or_unknown() -> None:
    port = Port()
    with_nodes(port)
    status, _, text = port.call("GET", "/admin/v1/datanodes/dn2")
    assert (status, json.loads(text)["pipelines_led"]) == (200, 1)
    status, _, text = port.call("GET", "/admin/v1/datanodes/dn3")
    assert (status, json.loads(text)["code"]) == (404, "NO_SUCH_DATANODE")


def test_operations_are_asked_of_the_scm_in_its_words() -> None:
    port = Port()
    row = scm.NodeRow(node_id="dn1", operation=scm.ENTERING_MAINTENANCE)
    port.scm.answers[scm.SetNodeOperationRequest] = scm.SetNodeOperationReply(node=row)
    body = {"operation": "maintenance", "maintenance_seconds": 60}
    status, _, text = port.call("POST", "/admin/v1/datanodes/dn1/operation", body)
    assert (status, json.loads(text)) == (
        200,
        {"node_id": "dn1", "operation": "ENTERING_MAINTENANCE"},
    )
    assert port.scm.requests == [
        scm.SetNodeOperationRequest(
            node_id="dn1", operation=scm.ENTERING_MAINTENANCE, maintenance_ms=60_000
        )
    ]
    status, _, _ = port.call("POST", "/admin/v1/datanodes/dn1/operation", {"operation": "away"})
    assert status == 400


def test_refused_removal_says_why() -> None:
    port = Port()
    port.scm.answers[scm.RemoveDataNodeRequest] = InvalidRequest("stop it first", node="dn1")
    status, _, text = port.call("DELETE", "/admin/v1/datanodes/dn1")
    assert (status, json.loads(text)["message"]) == (400, "stop it first (node=dn1)")
    port.scm.answers[scm.RemoveDataNodeRequest] = NoSuchDataNode(node="dn1")
    assert port.call("DELETE", "/admin/v1/datanodes/dn1")[0] == 404
    port.scm.answers[scm.RemoveDataNodeRequest] = scm.RemoveDataNodeReply()
    assert port.call("DELETE", "/admin/v1/datanodes/dn1")[0] == 204


def test_safe_mode_is_told_rule_by_rule_and_ended() -> None:
    port = Port()
    rules = [
        scm.SafeModeRule(name="blocks", passed=True),
        scm.SafeModeRule(name="containers", waits_for="1 of 2"),
    ]
    reply = scm.DescribeSafeModeReply(on=True, gives_blocks=True, rules=rules, node_id="scm2")
    port.scm.answers[scm.DescribeSafeModeRequest] = reply
    status, _, text = port.call("GET", "/admin/v1/safe-mode")
    view = json.loads(text)
    assert (status, view["is_on"], view["gives_blocks"], view["node_id"]) == (
        200,
        True,
        True,
        "scm2",
    )
    assert view["rules"][1] == {"name": "containers", "passed": False, "waits_for": "1 of 2"}
    port.scm.answers[scm.ExitSafeModeRequest] = scm.DescribeSafeModeReply(forced=True)
    status, _, text = port.call("POST", "/admin/v1/safe-mode/exit", {})
    assert (status, json.loads(text)["forced"]) == (200, True)


def test_datanodes_are_for_those_with_the_token() -> None:
    port = Port()
    for method, path in (
        ("GET", "datanodes"),
        ("DELETE", "datanodes/dn1"),
        ("POST", "datanodes/dn1/operation"),
        ("POST", "safe-mode/exit"),
    ):
        assert port.call(method, f"/admin/v1/{path}", token=None)[0] == 401
    assert port.scm.requests == []
