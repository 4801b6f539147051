"""Queries on volumes."""

from itertools import islice

from trioxygen.common.errors import NoSuchVolume
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting
from trioxygen.metadata.om.state.schema import VOLUMES, volume_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om


def lookup_volume(txn: ReadTxn, request: om.LookupVolumeRequest) -> om.LookupVolumeReply:
    row = VOLUMES.get(txn, volume_key(request.volume))
    if row is None:
        raise NoSuchVolume(volume=request.volume)
    return om.LookupVolumeReply(volume=row)


def list_volumes(txn: ReadTxn, request: om.ListVolumesRequest) -> om.ListVolumesReply:
    count_max = min(request.count_max, PAGE_ROWS_MAX)
    after = request.after.encode() if request.after else None
    rows = (row for _, row in VOLUMES.scan(txn, prefix=request.prefix.encode(), after=after))
    wanted = (row for row in rows if not request.account_id or row.account_id == request.account_id)
    looked_up = list(islice(wanted, count_max + 1))
    page = fitting(looked_up[:count_max])
    return om.ListVolumesReply(volumes=page, truncated=len(looked_up) > len(page))
