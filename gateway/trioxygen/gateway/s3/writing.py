"""Bodies on their way to blocks: what PutObject and UploadPart share."""

from contextlib import aclosing

from trioxygen.common.replication import Replication
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.request import Headers
from trioxygen.gateway.store.port import Contents, Written
from trioxygen.gateway.store.values.keys import Checksum


async def write_body(
    contents: Contents, body: Body, replication: Replication
) -> tuple[Written | None, bytes]:
    """(where the bytes are, or None for an empty body; the S3 checksum). Verified, and not visible
    before a commit.

    Raises: S3Errors of the body; then nothing stays behind."""
    size = body.length_bytes
    if size is not None and size <= contents.small_bytes_max:
        data = await body.read(contents.small_bytes_max)
        checksum = body.verify()
        written = await contents.write_small(data, replication) if data else None
        return written, checksum
    with body.request.uploading():
        writer = contents.open_writer(size, replication)
        try:
            async with aclosing(body.batches()) as batches:
                async for batch in batches:
                    await writer.send(batch)
                    del batch  # while the next one comes, which may take long
            checksum = body.verify()
            written = await writer.finish()
        except BaseException:
            await writer.cancel()
            raise
    return written, checksum


def written_headers(etag: str, checksum: Checksum) -> Headers:
    """What is answered when the bytes are there."""
    shown = records.shown_checksum(checksum)
    assert shown is not None
    return [(b"etag", f'"{etag}"'.encode()), *checksums.checksum_headers(shown)]
