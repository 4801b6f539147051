import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchKey,
    Overloaded,
    Stopping,
    UnknownMethod,
    Unreachable,
)
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.local import LocalNetwork, LocalServer
from trioxygen.common.rpc.network import Service
from trioxygen.proto.v1.types_pb2 import Account, BlockId

MS = 5_000


def _descriptor() -> FileDescriptorProto:
    file = FileDescriptorProto(name="echo.proto", package="tests", syntax="proto3")
    file.message_type.add(name="Any")
    service = file.service.add(name="Echo")
    for method in ("Call", "Upload", "Download"):
        service.method.add(name=method, input_type=".tests.Any", output_type=".tests.Any")
    return file


_POOL = DescriptorPool()
_POOL.AddSerializedFile(_descriptor().SerializeToString())
ECHO = _POOL.FindServiceByName("tests.Echo")


# The container whose downloads stop in their middle.
_SLOW = 2


class Echo:
    """One call, one upload, one download; `gate` holds the call, the upload and the download's
    end."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.seen: list[Message] = []
        self.received: list[bytes] = []
        self.download_closed = False
        self.service = Service(
            ECHO, {"Call": self.call}, {"Upload": self.upload}, {"Download": self.download}
        )

    async def call(self, request: Account, call: Call) -> Account:
        self.seen.append(request)
        await self.gate.wait()
        if request.account_id == "missing":
            raise NoSuchKey("not there", key="k")
        request.display_name = "changed by the handler"
        return request

    async def upload(self, header: BlockId, pieces: AsyncIterator[Buffer], call: Call) -> Account:
        self.seen.append(header)
        if header.local == 1:
            raise NoSuchKey("at once")
        async for piece in pieces:
            await self.gate.wait()
            self.received.append(bytes(piece))
            if header.local == 2:
                raise NoSuchKey("after the first piece", key="k")
            if header.local == 3:
                break
        return Account(account_id=str(len(self.received)))

    async def download(self, header: BlockId, call: Call) -> AsyncIterator[Buffer]:
        self.seen.append(header)
        try:
            for number in range(header.local):
                if number == 3:
                    raise NoSuchKey("in the middle", key="k")
                if number == 2 and header.container == _SLOW:
                    await asyncio.sleep(60)
                yield b"%d" % number
        finally:
            await self.gate.wait()
            self.download_closed = True


class World:
    def __init__(self, network: LocalNetwork, server: LocalServer, echo: Echo) -> None:
        self.network, self.server, self.echo = network, server, echo
        self.channel = network.channel("here")

    async def call(self, account_id: str = "a", timeout_ms: float = MS) -> Account:
        request = Account(account_id=account_id)
        return await self.channel.call("Echo/Call", request, Account, timeout_ms=timeout_ms)


Scenario = Callable[[World], Awaitable[None]]


def scenario(test: Scenario) -> Callable[[bool], None]:
    """Each with and without encoding."""

    async def with_network(encode: bool) -> None:
        network = LocalNetwork(encode=encode, calls_in_flight_max=3)
        echo = Echo()
        server = await network.serve("here", [echo.service])
        await test(World(network, server, echo))
        assert server.calls_in_flight == 0
        await asyncio.wait_for(server.stop(), 1)

    @pytest.mark.parametrize("encode", [False, True], ids=["handed over", "encoded"])
    def run(encode: bool) -> None:
        asyncio.run(with_network(encode))

    run.__name__ = run.__qualname__ = getattr(test, "__name__", "test")
    return run


@scenario
async def test_call_is_answered(world: World) -> None:
    reply = await world.call("a")
    assert (reply.account_id, reply.display_name) == ("a", "changed by the handler")


@scenario
async def test_handler_cannot_change_what_the_caller_holds_when_encoded(world: World) -> None:
    request = Account(account_id="a")
    reply = await world.channel.call("Echo/Call", request, Account, timeout_ms=MS)
    assert (reply is request) == (not world.network.encode)
    assert (request.display_name == "") == world.network.encode
    header = BlockId(container=1)
    upload = await world.channel.upload("Echo/Upload", header)
    await upload.finish(MS)
    assert (world.echo.seen[-1] is header) == (not world.network.encode)
    [_ async for _ in world.channel.download("Echo/Download", header, timeout_ms=MS)]
    assert (world.echo.seen[-1] is header) == (not world.network.encode)


@scenario
async def test_error_of_a_handler_is_the_callers(world: World) -> None:
    with pytest.raises(NoSuchKey) as refused:
        await world.call("missing")
    assert (refused.value.message, refused.value.facts) == ("not there", {"key": "k"})


@scenario
async def test_unknown_method_and_address_are_refused(world: World) -> None:
    header = BlockId(container=1)
    for method in ("Echo/Other", "Other/Call", "Call", ""):
        with pytest.raises(UnknownMethod):
            await world.channel.call(method, header, Account, timeout_ms=MS)
        with pytest.raises(UnknownMethod):
            await world.channel.upload(method, header)
        with pytest.raises(UnknownMethod):
            await anext(world.channel.download(method, header, timeout_ms=MS))
    there = world.network.channel("there")
    with pytest.raises(Unreachable):
        await there.call("Echo/Call", header, Account, timeout_ms=MS)
    with pytest.raises(Unreachable):
        await there.upload("Echo/Upload", header)


@scenario
async def test_call_ends_at_its_deadline(world: World) -> None:
    world.echo.gate.clear()
    with pytest.raises(DeadlineExceeded) as late:
        await world.call(timeout_ms=5)
    assert late.value.facts == {"method": "Echo/Call", "timeout_ms": "5"}


@scenario
async def test_calls_in_flight_have_a_limit(world: World) -> None:
    world.echo.gate.clear()
    held = [asyncio.ensure_future(world.call()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await world.call()
    with pytest.raises(Overloaded):
        await world.channel.upload("Echo/Upload", BlockId(container=1))
    world.echo.gate.set()
    await asyncio.gather(*held)
    await world.call()


@scenario
async def test_stop_refuses_new_calls_and_waits_for_those_under_way(world: World) -> None:
    world.echo.gate.clear()
    held = asyncio.ensure_future(world.call())
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(world.server.stop())
    await asyncio.sleep(0)
    with pytest.raises(Unreachable):
        await world.call()
    with pytest.raises(Stopping):
        world.server.begin()
    assert not stopping.done()
    world.echo.gate.set()
    await held
    await stopping


@scenario
async def test_address_is_free_again_after_stop_and_stays_its_new_owners(world: World) -> None:
    await world.server.stop()
    again = await world.network.serve("here", [world.echo.service])
    await world.server.stop()
    await world.call()
    await again.stop()
    with pytest.raises(Unreachable):
        await world.call()


@scenario
async def test_uploaded_pieces_arrive_in_order(world: World) -> None:
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1))
    for number in range(10):
        await upload.send(b"%d" % number)
    reply = await upload.finish(MS)
    assert reply.account_id == "10"
    assert b"".join(world.echo.received) == b"0123456789"
    await upload.cancel()


@scenario
async def test_sender_waits_while_the_receiver_is_behind(world: World) -> None:
    world.echo.gate.clear()
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1))
    sent = 0

    async def send_all() -> None:
        nonlocal sent
        for number in range(10):
            await upload.send(b"%d" % number)
            sent += 1

    sending = asyncio.ensure_future(send_all())
    for _ in range(20):
        await asyncio.sleep(0)
    assert 0 < sent < 5
    world.echo.gate.set()
    await sending
    assert (await upload.finish(MS)).account_id == "10"


@scenario
async def test_upload_that_the_receiver_refuses_fails_its_sender(world: World) -> None:
    with pytest.raises(NoSuchKey):
        await world.channel.upload("Echo/Upload", BlockId(container=1, local=1))
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1, local=2))
    with pytest.raises(NoSuchKey):
        for _ in range(10):
            await upload.send(b"piece")
            await asyncio.sleep(0)
    await upload.cancel()
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1, local=2))
    await upload.send(b"piece")
    with pytest.raises(NoSuchKey) as refused:
        await upload.finish(MS)
    assert refused.value.facts == {"key": "k"}
    await upload.cancel()


@scenario
async def test_upload_that_the_receiver_ends_early_is_told(world: World) -> None:
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1, local=3))
    with pytest.raises(Unreachable):
        for _ in range(10):
            await upload.send(b"piece")
            await asyncio.sleep(0)
    await upload.cancel()


@scenario
async def test_upload_whose_receiver_fails_while_the_sender_waits_does_not_hang(
    world: World,
) -> None:
    world.echo.gate.clear()
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1, local=2))

    async def send_all() -> None:
        for _ in range(10):
            await upload.send(b"piece")

    sending = asyncio.ensure_future(send_all())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not sending.done()
    world.echo.gate.set()
    with pytest.raises(NoSuchKey):
        await asyncio.wait_for(sending, 1)
    await upload.cancel()


@scenario
async def test_cancelled_upload_ends_its_handler_also_before_it_began(world: World) -> None:
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1))
    assert world.server.calls_in_flight == 1
    await upload.cancel()
    await upload.cancel()
    assert world.server.calls_in_flight == 0
    for steps in range(4):
        opening = asyncio.ensure_future(world.channel.upload("Echo/Upload", BlockId(container=1)))
        for _ in range(steps):
            await asyncio.sleep(0)
        opening.cancel()
        [opened] = await asyncio.gather(opening, return_exceptions=True)
        if not isinstance(opened, BaseException):
            await opened.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        assert world.server.calls_in_flight == 0, steps


@scenario
async def test_upload_ends_at_its_deadline(world: World) -> None:
    world.echo.gate.clear()
    upload = await world.channel.upload("Echo/Upload", BlockId(container=1))
    await upload.send(b"piece")
    with pytest.raises(DeadlineExceeded):
        await upload.finish(5)
    await upload.cancel()


@scenario
async def test_downloaded_pieces_arrive_in_order(world: World) -> None:
    download = world.channel.download("Echo/Download", BlockId(container=1, local=3), timeout_ms=MS)
    assert [bytes(piece) async for piece in download] == [b"0", b"1", b"2"]
    assert world.echo.download_closed


@scenario
async def test_download_that_fails_raises_after_what_came_before(world: World) -> None:
    download = world.channel.download("Echo/Download", BlockId(container=1, local=5), timeout_ms=MS)
    got: list[bytes] = []
    with pytest.raises(NoSuchKey) as refused:
        async for piece in download:
            got.append(bytes(piece))
    assert (got, refused.value.facts) == ([b"0", b"1", b"2"], {"key": "k"})


@scenario
async def test_download_ends_at_the_deadline_of_a_piece(world: World) -> None:
    header = BlockId(container=_SLOW, local=3)
    download = world.channel.download("Echo/Download", header, timeout_ms=5)
    assert [await anext(download), await anext(download)] == [b"0", b"1"]
    with pytest.raises(DeadlineExceeded):
        await anext(download)
    assert world.echo.download_closed


@scenario
async def test_closed_download_closes_its_source(world: World) -> None:
    download = world.channel.download("Echo/Download", BlockId(container=1, local=3), timeout_ms=MS)
    await anext(download)
    assert world.server.calls_in_flight == 1
    await download.aclose()  # type: ignore[attr-defined]
    assert world.echo.download_closed
    assert world.server.calls_in_flight == 0


@scenario
async def test_stop_waits_for_the_end_of_a_download_that_is_closed(world: World) -> None:
    download = world.channel.download("Echo/Download", BlockId(container=1, local=3), timeout_ms=MS)
    await anext(download)
    world.echo.gate.clear()
    closing = asyncio.ensure_future(download.aclose())  # type: ignore[attr-defined]
    stopping = asyncio.ensure_future(world.server.stop())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not stopping.done() and not world.echo.download_closed
    world.echo.gate.set()
    await stopping
    assert world.echo.download_closed
    await closing


def test_service_has_exactly_one_handler_for_each_method() -> None:
    echo = Echo()
    with pytest.raises(AssertionError):
        Service(ECHO, {"Call": echo.call}, {}, {"Download": echo.download})
    with pytest.raises(AssertionError):
        Service(
            ECHO,
            {"Call": echo.call, "More": echo.call},
            {"Upload": echo.upload},
            {"Download": echo.download},
        )
