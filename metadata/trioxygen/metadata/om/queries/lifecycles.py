"""What is done by lifecycle rules, bucket by bucket."""

from trioxygen.common.paging import Room
from trioxygen.metadata.om.state.schema import LIFECYCLES, bucket_prefix
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.om_pb2 import ListLifecyclesReply, ListLifecyclesRequest


def list_lifecycles(txn: ReadTxn, request: ListLifecyclesRequest) -> ListLifecyclesReply:
    """In the order in which the buckets were made."""
    reply = ListLifecyclesReply()
    room, last = Room(), 0
    for row_key, row in LIFECYCLES.scan(txn, prefix=b"", after=bucket_prefix(request.after)):
        is_full = len(reply.lifecycles) >= max(1, request.count_max)
        if is_full or not room.takes(row.ByteSize()):
            reply.next = last
            break
        last = int.from_bytes(row_key, "big")
        reply.lifecycles.append(row)
    return reply
