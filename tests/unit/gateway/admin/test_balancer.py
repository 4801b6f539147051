"""The balancer on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.proto.v1 import scm_pb2 as scm


def reply(*, running: bool) -> scm.DescribeBalancerReply:
    row = scm.BalancerRow(run=7, running=running, threshold_percent=5, started_ms=10, moved=2)
    if not running:
        row.ended_ms, row.ended_why = 60, "an operator stopped it"
    described = scm.DescribeBalancerReply(node_id="scm1", balancer=row, moved=3, nodes_out=1)
    described.nodes.add(node_id="dn1", capacity_bytes=100, used_bytes=90, used_percent=90)
    described.moves.add(container_id=4, from_node_id="dn1", to_node_id="dn2", copied=True)
    return described


def test_balancer_is_started_stopped_and_shown() -> None:
    port = Port()
    asked: list[scm.StartBalancerRequest] = []

    def start(request: scm.StartBalancerRequest) -> scm.DescribeBalancerReply:
        asked.append(request)
        return reply(running=True)

    port.scm.answers[scm.StartBalancerRequest] = start
    port.scm.answers[scm.StopBalancerRequest] = reply(running=False)
    port.scm.answers[scm.DescribeBalancerRequest] = scm.DescribeBalancerReply(node_id="scm1")
    status, _, text = port.call("POST", "/admin/v1/balancer/start", body={"threshold_percent": 5})
    view = json.loads(text)
    assert status == 200 and view["is_running"] and view["moved"] == 3
    assert asked == [scm.StartBalancerRequest(threshold_percent=5)]
    assert view["moves"][0]["is_copied"] and view["nodes"][0]["used_percent"] == 90
    stopped = json.loads(port.call("POST", "/admin/v1/balancer/stop", body={})[2])
    assert (stopped["is_running"], stopped["run_ms"]) == (False, 50)
    never = json.loads(port.call("GET", "/admin/v1/balancer")[2])
    assert not never["has_run"] and never["ended_why"] == ""
    for wrong in (-1, 100, "much"):
        body = {"threshold_percent": wrong}
        assert port.call("POST", "/admin/v1/balancer/start", body=body)[0] == 400
