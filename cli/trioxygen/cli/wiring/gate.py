"""A service that is served before it exists."""

from collections.abc import Awaitable
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from trioxygen.common.errors import NotLeader
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler, Service


class Gate:
    """Refuses until it is opened: a node is found by others before it knows its group."""

    def __init__(self, name: str, descriptor: ServiceDescriptor) -> None:
        self._name = name
        self._calls: dict[str, Handler] = {}
        calls = {method.name: self._handler(method.name) for method in descriptor.methods}
        self.service = Service(descriptor, calls, {}, {})

    def _handler(self, name: str) -> Handler:
        async def refuse(_: Any, call: Call) -> Message:
            raise NotLeader("it is looking for its group", group=self._name)

        self._calls[name] = refuse
        calls = self._calls

        def handle(request: Any, call: Call) -> Awaitable[Message]:
            return calls[name](request, call)

        return handle

    def open(self, service: Service) -> None:
        self._calls.update(service.calls)
