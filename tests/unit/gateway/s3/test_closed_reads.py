"""What is read for something is closed where that breaks off: nothing is held until a collector
comes by."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, cast

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, RECORD, UPLOAD_ID, OneBucket, request_to
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSpace
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol.storage_classes import StorageClasses
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.copy_object import copy_object
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.upload_part import upload_part_copy
from trioxygen.gateway.s3.writing import write_body
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import Content, CopySource, KeyRecord
from trioxygen.gateway.store.values.uploads import Upload, UploadChecksum


class Full:
    """Contents that can be read and not written. Attributes: reads: begun; ended: of these."""

    small_bytes_max = 0

    def __init__(self) -> None:
        self.reads = self.ended = 0

    def open_writer(
        self, size_bytes: int | None, replication: object = None, sealing: object = None
    ) -> "Full":
        return self

    async def send(self, pieces: Sequence[Buffer]) -> None:
        raise NoSpace()

    async def cancel(self) -> None:
        pass

    async def read(self, *_: Any, **__: Any) -> AsyncGenerator[Buffer, None]:
        self.reads += 1
        try:
            yield b"piece"
        finally:
            self.ended += 1

    async def share(self, record: KeyRecord, **_: Any) -> Content:
        return record.content

    def is_closed(self) -> bool:
        """It was read, and is not any more."""
        return self.reads == self.ended == 1


class Threads:
    """Args: are_none: whoever wants one is refused. are_slow: they are at it until `go_on`."""

    def __init__(self, are_none: bool, are_slow: bool) -> None:
        self._are_none, self._are_slow = are_none, are_slow
        self._busy: list[asyncio.Future[Any]] = []

    def go_on(self) -> None:
        for future in self._busy:
            future.set_result(None)

    def run(self, function: Callable[..., Any], *arguments: Any) -> "asyncio.Future[Any]":
        future = asyncio.get_running_loop().create_future()
        if self._are_slow:
            self._busy.append(future)
        elif self._are_none:
            future.set_exception(NoSpace())
        else:
            future.set_result(function(*arguments))
        return future


class Setting:
    def __init__(self, *, are_no_threads: bool = False, are_slow_threads: bool = False) -> None:
        self.contents = cast(Any, Full())
        self.threads = cast(Any, Threads(are_no_threads, are_slow_threads))
        others = OneBucket({}).port
        store = ObjectStore(
            buckets=others.buckets,
            settings=others.settings,
            keys=others.keys,
            uploads=others.uploads,
            accounts=others.accounts,
            iam=others.iam,
            contents=self.contents,
        )
        config = S3Config(volume="v", storage_classes=StorageClasses(RATIS_ONE))
        self.services = Services(store, self.threads, SystemClock(), config)

    def broken_off(self, work: Coroutine[Any, Any, Any], is_closed: Callable[[], bool]) -> None:
        async def run() -> None:
            with pytest.raises(NoSpace):
                try:
                    await work
                except NoSpace:
                    # While the error, and the frames it has, is still there.
                    assert is_closed()
                    raise

        asyncio.run(run())

    def copy_request(self) -> S3Request:
        request = request_to("bucket", "k", OWNER, {"x-amz-checksum-algorithm": "SHA256"})
        bucket = Bucket("v", "bucket", 1, OWNER.account_id, 0, "")
        request.bucket_record = bucket
        source: Any = CopySource(bucket, "s", RECORD)
        request.source = source
        return request


def test_body_gives_its_buffers_back_when_its_bytes_cannot_be_written() -> None:
    setting = Setting()
    request = request_to("bucket", "k", OWNER, {"content-length": str(4 * MIB)})
    request.holder = "account"
    held: list[int] = []

    async def receive() -> dict[str, Any]:
        held.append(request.shares.buffers.held("account"))
        return {"type": "http.request", "body": bytes(MIB // 2), "more_body": True}

    request.receive = receive
    body = Body(request, setting.threads, checksum=None)
    setting.broken_off(
        write_body(setting.contents, body, RATIS_ONE, None),
        lambda: request.shares.buffers.held("account") == 0,
    )
    assert max(held) > 0


def test_body_gives_its_buffers_back_once_no_thread_digests_what_is_in_them() -> None:
    setting = Setting(are_slow_threads=True)
    request = request_to("bucket", "k", OWNER, {"content-length": str(4 * MIB)})
    request.holder = "account"

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(MIB // 4), "more_body": True}

    request.receive = receive

    async def run() -> None:
        body = Body(request, setting.threads, checksum=None)
        with pytest.raises(NoSpace):
            await write_body(setting.contents, body, RATIS_ONE, None)
        assert request.shares.buffers.held("account") > MIB // 2
        setting.threads.go_on()
        await asyncio.sleep(0)
        assert request.shares.buffers.held("account") == 0

    asyncio.run(run())


def test_source_of_a_copied_part_is_closed_when_the_part_cannot_be_written() -> None:
    setting = Setting()
    request = setting.copy_request()
    checksum = UploadChecksum(algorithm=Algorithm.SHA256, type=ChecksumType.COMPOSITE)
    request.upload_record = Upload(UPLOAD_ID, "k", 1_000, "STANDARD", checksum, False)
    setting.broken_off(upload_part_copy(setting.services, request), setting.contents.is_closed)


def test_source_of_a_copy_is_closed_when_it_cannot_be_digested() -> None:
    setting = Setting(are_no_threads=True)
    request = setting.copy_request()
    setting.broken_off(copy_object(setting.services, request), setting.contents.is_closed)


def test_source_of_a_copy_is_closed_when_it_cannot_be_kept_in_another_way() -> None:
    setting = Setting()
    request = setting.copy_request()
    request.bucket_record = request.bucket_record._replace(replication=RATIS_THREE)
    setting.broken_off(copy_object(setting.services, request), setting.contents.is_closed)
