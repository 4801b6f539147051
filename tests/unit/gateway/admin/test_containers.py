"""Containers, pipelines, repair and deletion on the admin port."""

import json

from tests.unit.gateway.admin.test_app import Port
from trioxygen.common.errors import NoSuchContainer
from trioxygen.common.replication import RATIS_THREE
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import KeptBlocks


def row(container_id: int) -> scm.ContainerRow:
    return scm.ContainerRow(
        container_id=container_id,
        state=scm.CLOSED,
        pipeline_id=3,
        replication=RATIS_THREE.proto,
        used_bytes=50,
        block_count=2,
    )


def key(container_id: int) -> bytes:
    return b"3" + container_id.to_bytes(8, "big")


def test_containers_are_listed_in_pages_of_their_own() -> None:
    port = Port()

    def page(request: scm.DescribeScmRequest) -> scm.DescribeScmReply:
        if request.after == b"3":
            return scm.DescribeScmReply(containers=[row(1), row(2)], next=key(2))
        assert request.after == key(2)
        return scm.DescribeScmReply(containers=[row(5)], next=b"4x")

    port.scm.answers[scm.DescribeScmRequest] = page
    status, _, text = port.call("GET", "/admin/v1/containers")
    first = json.loads(text)
    assert (status, first["next"]) == (200, 2)
    assert [each["container_id"] for each in first["containers"]] == [1, 2]
    assert first["containers"][0]["replication"] == "RATIS/THREE"
    last = json.loads(port.call("GET", "/admin/v1/containers?after=2")[2])
    assert ([each["container_id"] for each in last["containers"]], last["next"]) == ([5], 0)
    few = json.loads(port.call("GET", "/admin/v1/containers?count_max=1")[2])
    assert ([each["container_id"] for each in few["containers"]], few["next"]) == ([1], 1)


def test_container_is_shown_with_its_replicas_closed_or_unknown() -> None:
    port = Port()
    replica = scm.DescribedReplica(
        node_id="dn1",
        report=scm.ContainerReport(container_id=7, state=scm.QUASI_CLOSED, commit_sequence=9),
        health=scm.DEAD,
        operation=scm.DECOMMISSIONING,
        rack="/r",
    )
    reply = scm.DescribeContainerReply(container=row(7), health="missing", replicas=[replica])
    port.scm.answers[scm.DescribeContainerRequest] = reply
    port.scm.answers[scm.CloseOpenContainerRequest] = scm.CloseOpenContainerReply()
    view = json.loads(port.call("GET", "/admin/v1/containers/7")[2])
    assert (view["health"], view["container"]["container_id"]) == ("missing", 7)
    [shown] = view["replicas"]
    assert (shown["state"], shown["health"], shown["rack"]) == ("QUASI_CLOSED", "DEAD", "/r")
    status, _, text = port.call("POST", "/admin/v1/containers/7/close", body={})
    assert (status, json.loads(text)) == (200, view)
    port.scm.answers[scm.DescribeContainerRequest] = NoSuchContainer(container=8)
    status, _, text = port.call("GET", "/admin/v1/containers/8")
    assert (status, json.loads(text)["code"]) == (404, "NO_SUCH_CONTAINER")
    assert port.call("GET", "/admin/v1/containers/nine")[0] == 400


def test_pipelines_are_listed_and_closed() -> None:
    port = Port()
    port.scm.answers[scm.DescribeScmRequest] = scm.DescribeScmReply(
        pipelines=[
            scm.PipelineRow(
                pipeline_id=3,
                state=scm.PIPELINE_OPEN,
                node_ids=["dn1", "dn2"],
                replication=RATIS_THREE.proto,
                open_container_ids=[7],
            ),
            scm.PipelineRow(pipeline_id=4, open=True, node_ids=["dn1"]),
        ],
        next=b"3",
    )
    port.scm.answers[scm.CloseOpenPipelineRequest] = scm.CloseOpenPipelineReply()
    first, second = json.loads(port.call("GET", "/admin/v1/pipelines")[2])["pipelines"]
    assert (first["state"], first["open_containers"]) == ("OPEN", 1)
    assert (second["state"], second["replication"]) == ("OPEN", "RATIS/ONE")
    assert port.call("POST", "/admin/v1/pipelines/3/close", body={})[0] == 204
    assert port.scm.requests[-1] == scm.CloseOpenPipelineRequest(pipeline_id=3)


def test_repair_and_deletion_are_shown() -> None:
    port = Port()
    port.scm.answers[scm.DescribeReplicationRequest] = scm.DescribeReplicationReply(
        node_id="scm1",
        copies=2,
        health=[scm.ContainersInHealth(health="missing", count=1, sample_ids=[7])],
        in_flight=[scm.RepairInFlight(kind="copy", container_id=7, target_node_ids=["dn2"])],
        departures=[
            scm.DepartureProgress(
                node_id="dn1",
                operation=scm.DECOMMISSIONING,
                waiting=[scm.WaitingContainer(container_id=7, reason="so")],
            )
        ],
    )
    view = json.loads(port.call("GET", "/admin/v1/replication")[2])
    assert view["health"] == [{"health": "missing", "count": 1, "sample_ids": [7]}]
    assert (view["copies"], view["is_waiting"]) == (2, False)
    assert view["departures"][0]["waiting"] == [{"container_id": 7, "reason": "so"}]
    port.scm.answers[scm.DescribeDeletionRequest] = scm.DescribeDeletionReply(
        blocks=5,
        estimated_bytes=100,
        bytes_per_s=7,
        oldest_ms=300,
        oldest_waits_for=["dn3"],
        counted=True,
        kept=KeptBlocks(ranges=2, size_bytes=20, oldest_ms=200),
    )
    kept = KeptBlocks(ranges=4, size_bytes=3, oldest_ms=400)
    port.om.answers[om.DescribeOmRequest] = om.DescribeOmReply(kept=kept)
    view = json.loads(port.call("GET", "/admin/v1/deletion")[2])
    assert (view["blocks"], view["oldest_waits_for"]) == (5, ["dn3"])
    assert (view["kept_ranges"], view["kept_bytes"]) == (4 + 2, 3 + 20)
    assert (view["bytes_to_reclaim"], view["oldest_ms"]) == (100 + 3 + 20, 400)
    assert view["bytes_per_s"] == 7


def test_what_lies_in_containers_is_looked_for_page_after_page() -> None:
    port = Port()
    holder = om.Holder(kind=om.Holder.PART, key="b\u00fccher".encode(), upload_id=b"\1\2")

    def page(request: om.FindHoldersRequest) -> om.FindHoldersReply:
        if not request.after:
            referenced = om.ReferencedContainer(container_id=7, blocks=2, at_least=True)
            return om.FindHoldersReply(examined=5, next=b"\x0a\x01", containers=[referenced])
        return om.FindHoldersReply(examined=3, holders=[holder])

    port.om.answers[om.FindHoldersRequest] = page
    sizes = [om.TableSize(name="key", rows=6), om.TableSize(name="lease", rows=100)]
    port.om.answers[om.DescribeOmRequest] = om.DescribeOmReply(tables=sizes)
    status, view = port.json("GET", "/admin/v1/holders?container_id=7&container_id=8")
    assert (status, view["examined"], view["rows"], view["next"]) == (200, 8, 6, "")
    assert view["containers"] == [{"container_id": 7, "blocks": 2, "is_all": False}]
    [shown] = view["holders"]
    assert (shown["kind"], shown["key"], shown["upload_id"]) == ("PART", "b\u00fccher", "0102")
    status, view = port.json("GET", "/admin/v1/holders?container_id=7&after=0a01")
    assert (status, view["examined"], view["containers"]) == (200, 3, [])
    assert port.om.requests[-1] == om.FindHoldersRequest(container_ids=[7], after=b"\x0a\x01")


def test_places_that_are_none_and_too_many_containers_are_refused() -> None:
    port = Port()
    for query in ("container_id=7&after=zz", "container_id=0", ""):
        assert port.json("GET", f"/admin/v1/holders?{query}")[0] == 400, query
    many = "&".join(f"container_id={number}" for number in range(1, 1_002))
    assert port.json("GET", f"/admin/v1/holders?{many}")[0] == 400


def test_container_is_forgotten_when_nothing_refers_to_it_or_by_force() -> None:
    port = Port()
    referenced = om.ReferencedContainer(container_id=7, blocks=3)
    port.om.answers[om.FindHoldersRequest] = om.FindHoldersReply(containers=[referenced])
    port.scm.answers[scm.ForgetContainerRequest] = scm.ForgetContainerReply()
    status, view = port.json("DELETE", "/admin/v1/containers/7")
    assert status == 400 and "refers" in view["message"]
    assert port.scm.requests == []
    assert port.json("DELETE", "/admin/v1/containers/7?force=true")[0] == 204
    referenced.blocks = 0
    port.om.answers[om.FindHoldersRequest] = om.FindHoldersReply(containers=[referenced])
    assert port.json("DELETE", "/admin/v1/containers/7")[0] == 204
