import asyncio

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.metadata.scm.nodes.racks import DEFAULT_RACK, Racks, RackScript, RackTable, host_of
from trioxygen.metadata.scm.schema import NODES
from trioxygen.proto.v1 import scm_pb2 as scm


@pytest.mark.parametrize(
    ("address", "host"),
    [("dn1:9859", "dn1"), ("[fd00::1]:9859", "fd00::1"), ("10.0.0.1:1", "10.0.0.1"), ("a", "a")],
)
def test_host_is_an_address_without_its_port(address: str, host: str) -> None:
    assert host_of(address) == host


def test_table_knows_node_ids_then_hosts_then_the_narrowest_network() -> None:
    table = RackTable.parse(
        {
            "10.0.0.0/8": "/wide",
            "10.1.0.0/16": "/narrow",
            "fd00::/16": "/six",
            "10.1.2.3": "/host",
            "dn7": "/id",
        }
    )
    assert table.rack_of("dn7", "10.1.2.3") == "/id"
    assert table.rack_of("dn1", "10.1.2.3") == "/host"
    assert table.rack_of("dn1", "10.1.2.4") == "/narrow"
    assert table.rack_of("dn1", "10.9.2.4") == "/wide"
    assert table.rack_of("dn1", "fd00::5") == "/six"
    assert table.rack_of("dn1", "192.168.0.1") == ""
    # Networks have no names.
    assert table.rack_of("dn1", "storage.example.org") == ""


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ({"dn1": "rack"}, "not a rack"),
        ({"dn1": "/"}, "not a rack"),
        ({"dn1": "/a b"}, "not a rack"),
        ({"10.0.0.1/8": "/a"}, "not a network"),
        ({"": "/a"}, "neither"),
    ],
)
def test_table_that_says_nothing_clear_is_refused(table: dict[str, str], mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        RackTable.parse(table)


def racks(script: RackScript, clock: ManualClock) -> Racks:
    table = RackTable.parse({"dn1": "/own"})
    return Racks(table, script, inline_runtime(clock).blocking, clock)


def test_program_is_asked_for_what_the_table_does_not_say_and_remembered() -> None:
    asked: list[list[str]] = []

    def script(hosts: list[str]) -> str:
        asked.append(hosts)
        return "/hall/rack-7\n"

    async def run() -> None:
        clock = ManualClock()
        known = racks(script, clock)
        assert await known.rack_of("dn1", "a:1") == "/own"
        assert await known.rack_of("dn2", "b:1") == "/hall/rack-7"
        assert await known.rack_of("dn3", "b:2") == "/hall/rack-7"
        assert asked == [["b"]]
        clock.advance(3_600_000)
        await known.rack_of("dn2", "b:1")
        assert asked == [["b"], ["b"]]

    asyncio.run(run())


@pytest.mark.parametrize("answer", [OSError("no such program"), "", "rack 7", "/a\n/b"])
def test_program_that_fails_is_asked_again_after_a_minute(answer: OSError | str) -> None:
    answers: list[OSError | str] = [answer, "/good", answer]

    def script(hosts: list[str]) -> str:
        text = answers.pop(0)
        if isinstance(text, OSError):
            raise text
        return text

    async def run() -> None:
        clock = ManualClock()
        known = racks(script, clock)
        assert await known.rack_of("dn2", "b:1") == DEFAULT_RACK
        clock.advance(59_000)
        assert await known.rack_of("dn2", "b:1") == DEFAULT_RACK
        clock.advance(1_000)
        assert await known.rack_of("dn2", "b:1") == "/good"
        # What it has said once is likelier than nothing.
        clock.advance(3_600_000)
        assert await known.rack_of("dn2", "b:1") == "/good"

    asyncio.run(run())


@scm_test(racks=RackTable.parse({"dn1": "/r1"}))
async def test_rack_of_a_node_is_kept_and_told_to_readers(harness: ScmHarness) -> None:
    await harness.join("dn1")
    container = (await harness.allocate()).blocks.container
    await harness.join("dn2")
    with harness.store.read() as txn:
        racks = {row.node_id: row.rack for _, row in NODES.scan(txn, prefix=b"")}
    assert racks == {"dn1": "/r1", "dn2": DEFAULT_RACK}
    [location] = await harness.client.locate([container])
    assert [replica.rack for replica in location.replicas] == ["/r1"]


@scm_test()
async def test_row_of_before_there_were_racks_has_none_until_its_node_registers(
    harness: ScmHarness,
) -> None:
    txn = harness.store.begin()
    NODES.put(txn, b"dn1", scm.NodeRow(node_id="dn1", address="dn1:9859"))
    txn.commit()
    assert [each.node.rack for each in (await harness.describe()).nodes] == [""]
    await harness.join("dn1")
    assert [each.node.rack for each in (await harness.describe()).nodes] == [DEFAULT_RACK]
