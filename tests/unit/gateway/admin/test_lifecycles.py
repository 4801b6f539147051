"""Lifecycle rules on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.proto.v1 import om_pb2 as om


def test_what_rules_have_done_is_listed() -> None:
    port = Port()
    row = om.LifecycleRow(
        volume="s3v", bucket="b", state=om.LifecycleRow.WORKING, expired=3, transitioned=4
    )
    port.om.answers[om.ListLifecyclesRequest] = om.ListLifecyclesReply(lifecycles=[row], next=7)
    page = json.loads(port.call("GET", "/admin/v1/lifecycles?after=1&count_max=1")[2])
    assert page["next"] == 7
    [view] = page["lifecycles"]
    assert (view["bucket"], view["state"], view["expired"]) == ("b", "WORKING", 3)
    assert view["transitioned"] == 4
    assert port.call("GET", "/admin/v1/lifecycles?after=-1")[0] == 400
