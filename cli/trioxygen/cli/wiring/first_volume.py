"""The volume that S3's buckets are in."""

from trioxygen.common import logs
from trioxygen.common.errors import NoSuchVolume, VolumeAlreadyExists
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2

log = logs.get(__name__)


async def make_volume(om_client: OmClient, volume: str) -> None:
    """Once. It belongs to the operators: the accounts of S3 own buckets."""
    try:
        await om_client.lookup_volume(om_pb2.LookupVolumeRequest(volume=volume))
        return
    except NoSuchVolume:
        log.info("volume_created", volume=volume)
    try:
        await om_client.create_volume(om_pb2.CreateVolumeRequest(volume=volume))
    except VolumeAlreadyExists:
        log.info("volume_was_made_meanwhile", volume=volume)  # by another gateway
