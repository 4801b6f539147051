"""CompleteMultipartUpload whose client leaves while it waits, over the real HTTP server.

By the next white space at the latest nobody works on for it."""

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest
import uvloop

from tests.integration.http_harness import Client, served, until
from tests.unit.gateway.auth.signing import signed_by_botocore
from tests.unit.gateway.s3.one_bucket import OWNER, UPLOAD, UPLOAD_ID, OneBucket
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.gateway.app import create_app
from trioxygen.gateway.http.limits import HttpLimits
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3.services import S3Config
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.uploads import CompletedUpload, Completion

_DOCUMENT: Final = (
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
    b"<ETag>0123456789abcdef0123456789abcdef</ETag></Part></CompleteMultipartUpload>"
)


class EndlessUploads:
    """Completes nothing, and notes who waits for it."""

    def __init__(self) -> None:
        self.waiting = 0

    async def lookup(
        self, volume: str, bucket: str, key: str, upload_id: bytes
    ) -> tuple[Bucket, Any]:
        return Bucket("s3v", bucket, 1, OWNER.account_id, 0, ""), UPLOAD

    async def complete(
        self, bucket: Bucket, key: str, upload_id: bytes, completion: Completion
    ) -> CompletedUpload:
        self.waiting += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.waiting -= 1
        raise AssertionError("nobody lets it go on")


def complete_request() -> bytes:
    query = f"uploadId={UPLOAD_ID.hex()}"
    head = signed_by_botocore("POST", "/bucket/k", query, {}, _DOCUMENT)
    lines = [b"POST /bucket/k?%b HTTP/1.1" % query.encode()]
    lines += [b"%b: %b" % field for field in head.headers if field[0] != b"content-length"]
    lines.append(b"content-length: %d" % len(_DOCUMENT))
    return b"\r\n".join(lines) + b"\r\n\r\n" + _DOCUMENT


async def leave_at_once(client: Client) -> None:
    """Before anything is answered."""
    await client.close()


async def leave_later(client: Client) -> None:
    """After the head and some of the white space."""
    answer = b""
    while answer.count(b" ") < 3 or b"<?xml" not in answer:
        answer += await client.reader.readexactly(1)
    assert b"HTTP/1.1 200" in answer
    await client.close()


@pytest.mark.parametrize(
    ("leave", "space_ms"), [(leave_at_once, 200), (leave_later, 5)], ids=["at once", "later"]
)
def test_nobody_completes_an_upload_for_a_client_that_left(leave: Any, space_ms: float) -> None:
    async def run() -> None:
        runtime = system_runtime(LocalNetwork())
        uploads = EndlessUploads()
        store = OneBucket({"bucket": OWNER.account_id}, signer=OWNER).port
        app = create_app(
            S3Config(volume="s3v", keep_alive_space_ms=space_ms),
            replace(store, uploads=uploads),  # type: ignore[arg-type]
            runtime,
            readiness=Readiness(),
        ).app
        async with asyncio.timeout(30), served(app, HttpLimits()) as running:
            before = asyncio.all_tasks()
            client = await running.client()
            await client.send(complete_request())
            await until(lambda: uploads.waiting == 1)
            await leave(client)
            await until(lambda: uploads.waiting == 0)
            # Neither the work nor what waited for it is there any more, while the server runs on.
            await until(lambda: not asyncio.all_tasks() - before)
        await runtime.stop()

    uvloop.run(run())
