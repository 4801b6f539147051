"""What the .proto files state of every method."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import ServiceDescriptor

import trioxygen.proto.v1
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.options import Method, methods_of


def services() -> Iterator[ServiceDescriptor]:
    """Of all .proto files."""
    package = trioxygen.proto.v1
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(f"{package.__name__}.{module.name}").DESCRIPTOR
            yield from file.services_by_name.values()


METHODS = {method.name: method for service in services() for method in methods_of(service)}


def names(wanted: Role) -> set[str]:
    return {name for name, method in METHODS.items() if wanted in method.callers}


def test_every_method_of_every_service_states_who_may_call_it() -> None:
    assert len(METHODS) > 45
    assert [name for name, method in METHODS.items() if not method.callers] == []
    assert all(Role.UNKNOWN not in method.callers for method in METHODS.values())


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_what_is_stated_of_a_method_fits_together(method: Method) -> None:
    # What only takes space changes what is stored; what every member answers does not.
    assert method.mutates or not method.grows
    assert not (method.mutates and method.any_member)
    assert method.mutates or not method.is_numbered


def test_every_change_that_a_client_asks_of_the_om_is_numbered() -> None:
    asked = [method for name, method in METHODS.items() if name.startswith("OzoneManager/")]
    assert [method.name for method in asked if method.mutates != method.is_numbered] == []
    for method in asked:
        fields = method.request.DESCRIPTOR.fields_by_number
        if method.mutates:
            assert (fields[1].name, fields[2].name) == ("client_id", "request_id")


def test_roles_reach_what_their_work_needs_and_no_more() -> None:
    assert names(Role.DATANODE) & {name for name in METHODS if name.startswith("Storage")} == {
        "StorageContainerManager/RegisterDataNode",
        "StorageContainerManager/Heartbeat",
        "StorageContainerManager/LocateContainers",
        "StorageContainerManager/GetTokenKeys",
    }
    assert not names(Role.DATANODE) & {name for name in METHODS if name.startswith("Ozone")}
    assert not names(Role.GATEWAY) & {name for name in METHODS if name.startswith("Raft")}
    changes = {name for name, method in METHODS.items() if method.mutates}
    assert not names(Role.RECON) & changes
    assert names(Role.OPERATOR) & changes == {
        "GroupAdmin/TransferLeadership",
        "GroupAdmin/AddNode",
        "GroupAdmin/RemoveNode",
        "OzoneManager/CreateVolume",
        "OzoneManager/DeleteVolume",
        "OzoneManager/CreateAccount",
        "OzoneManager/CreateAccessKey",
        "OzoneManager/RevokeAccessKey",
        "OzoneManager/ChangeIam",
        "StorageContainerManager/CreateNamespace",
        "StorageContainerManager/DeleteNamespace",
        "StorageContainerManager/SetNodeOperation",
        "StorageContainerManager/RemoveDataNode",
    }
    # Who keeps blocks by itself reaches those of its namespaces, and DataNodes for their bytes.
    assert {name.partition("/")[2] for name in names(Role.CLIENT)} == {
        "Exchange",
        "CreateNamespace",
        "DeleteNamespace",
        "DescribeNamespace",
        "ListNamespaces",
        "LeaseNamespaceBlocks",
        "RenewNamespaceLeases",
        "ReleaseNamespaceLeases",
        "CommitNamespaceBlocks",
        "DeleteNamespaceBlocks",
        "ListNamespaceBlocks",
        "GrantBlockTokens",
        "LocateContainers",
        "WriteSmallBlock",
        "PutBlock",
        "WriteStream",
        "ReadSmallBlock",
        "ReadStream",
    }
