"""Commands as the .proto files state them: nothing else lists them."""

import asyncio
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import OmHarness
from tests.unit.metadata.scm.scm_harness import CONFIG as SCM_CONFIG
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.errors import InvalidRequest
from trioxygen.metadata.om.service import OmConfig, command_handlers
from trioxygen.metadata.replication.batch import GROUP_HANDLERS
from trioxygen.metadata.replication.commands import Commands
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.retries import kept_answer, kept_row
from trioxygen.metadata.scm import commands as scm_commands
from trioxygen.proto.v1 import om_pb2, options_pb2, replication_pb2, scm_pb2
from trioxygen.proto.v1.replication_pb2 import RetryRow

CREATE_BUCKET = 2_804_593_413
GRANT_LEASE = 1_117_524_361


@pytest.mark.parametrize("service", ["om", "scm"])
def test_every_command_of_a_service_is_stated_and_every_stated_one_is_handled(service: str) -> None:
    async def executor() -> Executor:
        if service == "om":
            harness = OmHarness(None, OmConfig(), MemoryReplica())
            await harness.start()
            actual = harness.manager.executor
            await harness.stop()
            return actual
        scm = ScmHarness(SCM_CONFIG)
        await scm.start()
        await scm.stop()
        return scm.manager.executor

    commands = asyncio.run(executor()).commands
    handlers = command_handlers(OmConfig()) if service == "om" else scm_commands.handlers()
    for command in (*handlers, *GROUP_HANDLERS):
        assert commands.kind(command).reply, command
    stated_by_message: list[tuple[Any, Any]] = [
        (descriptor, descriptor.GetOptions())
        for file in (om_pb2 if service == "om" else scm_pb2, replication_pb2)
        for descriptor in file.DESCRIPTOR.message_types_by_name.values()
    ]
    own = [pair for pair in stated_by_message if pair[1].HasExtension(options_pb2.own_command)]
    assert len(own) > 8
    for descriptor, options in own:
        stated = options.Extensions[options_pb2.own_command]
        kind = commands.kind(GetMessageClass(descriptor))
        assert (kind.reply.DESCRIPTOR.name, kind.grows) == (stated.reply, stated.grows)


def test_answers_of_earlier_versions_are_read_again() -> None:
    commands = Commands(
        (om_pb2.DESCRIPTOR,), {om_pb2.CreateBucketRequest: None, om_pb2.GrantLease: None}
    )
    reply = om_pb2.CreateBucketReply(bucket=om_pb2.BucketRow(name="b", bucket_id=7))
    kind = commands.kind(om_pb2.CreateBucketRequest)
    # As they are on disks: the number was made of the message's full name.
    row = RetryRow(answered_ms=5, method=CREATE_BUCKET, reply=reply.SerializeToString())
    assert kept_row(kind, reply, group_ms=5) == row
    assert kept_answer(kind, row) == reply
    # Before there were numbers.
    row.method = 0
    assert kept_answer(kind, row) == reply
    lease = om_pb2.LeaseBlocksReply(lease_id=9)
    grant = commands.kind(om_pb2.GrantLease)
    row = RetryRow(answered_ms=5, method=GRANT_LEASE, reply=lease.SerializeToString())
    assert kept_answer(grant, row) == lease
    assert type(kept_answer(kind, row)) is InvalidRequest


@pytest.mark.parametrize("command", [scm_pb2.OpenContainer, om_pb2.LookupKeyRequest])
def test_command_that_no_file_states_has_no_kind(command: type[Message]) -> None:
    commands = Commands((om_pb2.DESCRIPTOR,), {command: None, om_pb2.GrantLease: None})
    assert commands.kind(om_pb2.GrantLease).reply is om_pb2.LeaseBlocksReply
    assert not commands.grows(command)
    with pytest.raises(KeyError):
        commands.kind(command)
