"""Bulk streams of the simulated network: what breaks them is known at both ends."""

import asyncio
import random

import pytest

from tests.contract.network_harness import DataNodeDouble, until
from trioxygen.common.errors import Unreachable
from trioxygen.proto.v1.datanode_pb2 import WriteStreamHeader
from trioxygen.proto.v1.types_pb2 import BlockId
from trioxygen.sim.fabric import Fabric
from trioxygen.sim.links import Links
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.network import SimNetwork


def test_receiver_whose_consent_is_lost_is_told_as_the_sender_is() -> None:
    loop, links, node = VirtualLoop(), Links(random.Random(1)), DataNodeDouble()
    fabric = Fabric(loop, links, lambda *_: None, lambda *_: None)

    async def main() -> None:
        sender, receiver = (SimNetwork(fabric, loop.root, name) for name in ("here", "there"))
        await receiver.serve("there:1", [node.service()])
        links.cut["there", "here"] = None
        header = WriteStreamHeader(block=BlockId(container=1, local=1), size_bytes_max=1)
        with pytest.raises(Unreachable):
            await sender.channel("there:1").upload("DataNode/WriteStream", header)
        async with asyncio.timeout(60):
            await until(lambda: node.streams_ended == 1)

    loop.run(main())
