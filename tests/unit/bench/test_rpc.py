"""The bench of calls goes on when a DataNode gets methods more."""

from bench.rpc import Echo


def test_a_datanode_without_disks_has_all_methods_of_one() -> None:
    service = Echo().service()
    named = {*service.calls, *service.uploads, *service.downloads}
    assert named == {method.name for method in service.descriptor.methods}
