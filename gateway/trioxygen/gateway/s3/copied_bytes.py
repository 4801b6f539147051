"""Bytes of an object that are read again: for a copy that cannot share them, or for a checksum that
is not known of them."""

from contextlib import aclosing

from trioxygen.common.replication import Replication
from trioxygen.gateway.s3.digests import Digests
from trioxygen.gateway.s3.encryption import Opening
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.values.encryption import Sealing
from trioxygen.gateway.store.values.keys import KeyRecord


async def write_again(
    services: Services,
    request: S3Request,
    source: KeyRecord,
    digests: Digests | None,
    replication: Replication,
    *,
    opening: Opening,
    sealing: Sealing | None,
    offset_bytes: int,
    length_bytes: int,
) -> Written:
    """A range of the source in other blocks, digested on the way; when it fails, nothing stays
    behind."""
    contents = services.store.contents
    with request.uploading():
        writer = contents.open_writer(length_bytes, replication, sealing)
        reading = contents.read(
            source.content,
            offset_bytes=offset_bytes,
            length_bytes=length_bytes,
            buffers=request.buffers,
            customer_key=opening.key,
        )
        try:
            async with aclosing(reading) as pieces:
                async for piece in pieces:
                    if digests is None:
                        await writer.send([piece])
                        continue
                    digesting = services.blocking.run(digests.update, [piece])
                    await writer.send([piece])
                    await digesting
            return await writer.finish()
        except BaseException:
            await writer.cancel()
            raise


async def digest_again(
    services: Services,
    request: S3Request,
    source: KeyRecord,
    digests: Digests,
    *,
    offset_bytes: int,
    length_bytes: int,
    opening: Opening,
) -> None:
    reading = services.store.contents.read(
        source.content,
        offset_bytes=offset_bytes,
        length_bytes=length_bytes,
        buffers=request.buffers,
        customer_key=opening.key,
    )
    async with aclosing(reading) as pieces:
        async for piece in pieces:
            await services.blocking.run(digests.update, [piece])
