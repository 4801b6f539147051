"""What is asked about namespaces. Any SCM answers, when it knows what the leader knew."""

from itertools import islice
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.metadata.scm.namespaces.access import namespace_for
from trioxygen.metadata.scm.namespaces.keys import held_block, held_key, name_key
from trioxygen.metadata.scm.schema import NAMESPACE_BLOCKS, NAMESPACE_LEASES, NAMESPACES, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import namespaces_pb2 as namespaces

PAGE_ROWS_MAX: Final = 1_000


def describe(
    txn: ReadTxn, request: namespaces.DescribeNamespaceRequest, caller: str
) -> namespaces.DescribeNamespaceReply:
    """Raises: NoSuchNamespace; CallerNotAllowed."""
    row = usable(txn, request.name, caller)
    leases = [lease for _, lease in NAMESPACE_LEASES.scan(txn, prefix=id_key(row.namespace_id))]
    return namespaces.DescribeNamespaceReply(
        namespace=row, leased_blocks=sum(lease.count for lease in leases), leases=len(leases)
    )


def list_namespaces(
    txn: ReadTxn, request: namespaces.ListNamespacesRequest, caller: str
) -> namespaces.ListNamespacesReply:
    """Those that the caller may use, a page at a time."""
    most = min(request.count_max or PAGE_ROWS_MAX, PAGE_ROWS_MAX)
    reply, room = namespaces.ListNamespacesReply(), Room()
    after = name_key(request.after) if request.after else None
    for _, row in NAMESPACES.scan(txn, prefix=b"", after=after):
        if row.owner and caller and row.owner != caller:
            continue
        if len(reply.namespaces) == most or not room.takes(row.ByteSize()):
            reply.next = reply.namespaces[-1].name
            break
        reply.namespaces.append(row)
    return reply


def list_blocks(
    txn: ReadTxn, request: namespaces.ListNamespaceBlocksRequest, caller: str
) -> namespaces.ListNamespaceBlocksReply:
    """Raises: NoSuchNamespace; CallerNotAllowed."""
    namespace_id = usable(txn, request.namespace, caller).namespace_id
    after = None
    if request.HasField("after"):
        after = held_key(namespace_id, request.after.container, request.after.local)
    rows = NAMESPACE_BLOCKS.scan(txn, prefix=id_key(namespace_id), after=after)
    most = min(request.count_max or PAGE_ROWS_MAX, PAGE_ROWS_MAX)
    page = list(islice(rows, most + 1))
    return namespaces.ListNamespaceBlocksReply(
        blocks=[
            namespaces.NamespaceBlock(id=held_block(key), block=row) for key, row in page[:most]
        ],
        more=len(page) > most,
    )


def usable(txn: ReadTxn, name: str, caller: str) -> namespaces.NamespaceRow:
    """Raises: NoSuchNamespace; CallerNotAllowed."""
    row = namespace_for(txn, name, caller)
    if isinstance(row, Refusal):
        raise row.error()
    return row
