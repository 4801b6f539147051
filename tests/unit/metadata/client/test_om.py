import asyncio
import re
from typing import Any, cast, get_type_hints

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.rpc.network import Network
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.routes import FIRST_GROUP, route
from trioxygen.proto.v1 import om_pb2 as om

_SERVICE = om.DESCRIPTOR.services_by_name["OzoneManager"]
OTHER_GROUP = 7


def method_name(name: str) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


class Recorder:
    """A network on which every call is answered with nothing. No request is held to its rules.

    Attributes:
    calls: address and method of each.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._address = ""

    def channel(self, address: str) -> "Recorder":
        channel = Recorder()
        channel.calls, channel._address = self.calls, address
        return channel

    async def call(
        self, method: str, request: Any, reply_type: type[Message], *, timeout_ms: float
    ) -> Message:
        self.calls.append((self._address, method))
        return reply_type()


def by_volume(volume: str, bucket: str) -> int:
    return OTHER_GROUP if volume == "other" else FIRST_GROUP


def test_client_has_a_method_for_each_call_of_the_service() -> None:
    for method in _SERVICE.methods:
        hints = get_type_hints(getattr(OmClient, method_name(method.name)))
        assert hints["request"].DESCRIPTOR is method.input_type
        assert hints["return"].__args__[-1].DESCRIPTOR is method.output_type


def test_what_is_in_a_bucket_goes_to_the_group_that_has_it_and_all_else_to_the_first() -> None:
    async def test() -> None:
        network = Recorder()
        runtime = inline_runtime(ManualClock(), network=cast(Network, network))
        client = OmClient(runtime, ["om1"], others={OTHER_GROUP: ["om2"]}, route=by_volume)
        for volume in ("other", "s3v"):
            for method in _SERVICE.methods:
                fields = method.input_type.fields_by_name
                request: Any = GetMessageClass(method.input_type)()
                if "volume" in fields:
                    request.volume = volume
                network.calls.clear()
                await getattr(client, method_name(method.name))(request)
                [(address, name)] = network.calls
                is_of_other = volume == "other" and "bucket" in fields
                assert (address, name) == (
                    "om2" if is_of_other else "om1",
                    f"OzoneManager/{method.name}",
                )
        await runtime.stop()

    asyncio.run(test())


def test_one_group_has_every_bucket() -> None:
    assert {route("s3v", "bucket"), route("other", "bucket")} == {FIRST_GROUP}
