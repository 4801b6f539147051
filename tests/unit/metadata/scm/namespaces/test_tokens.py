"""Which blocks of namespaces a client is given tokens for."""

import math
from typing import cast

from tests.unit.metadata.scm.namespaces.spaces import LIMITS, block_of, leased, made, to_commit
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.block_token import Operation, unchecked
from trioxygen.common.rpc.call import Call, Peer, Role
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.namespaces.tokens import NamespaceTokens
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.scm.token_keys import TokenKeyConfig
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import namespaces_pb2 as namespaces


def said(data: bytes) -> tuple[int, int, Operation] | None:
    """(first local id, blocks, operations); None: no token was given."""
    token = unchecked(data) if data else None
    return token and (token.first_local, token.blocks, Operation(token.operations))


@scm_test(namespaces=LIMITS, token_keys=TokenKeyConfig())
async def test_tokens_are_given_for_what_is_committed_or_leased(harness: ScmHarness) -> None:
    await harness.join()
    await made(harness)
    alice = ScmClient(harness.runtime.as_role(Role.CLIENT, "alice"), ["scm1"])
    logs = NamespaceClient(alice, "logs")
    first, second = await leased(logs, 3), await leased(logs, 2)
    other = await leased(await made(harness, "maps", client="bob"), 2)
    blocks = [block_of(first, 2), block_of(second, 0), block_of(first, 0), block_of(other, 0)]
    await logs.commit(to_commit(second, 0))
    reads, writes = Operation.READ, Operation.READ | Operation.WRITE
    of_first, of_second = first.blocks.first_local, second.blocks.first_local
    assert [said(each) for each in await alice.tokens_for(blocks, True, 0)] == [
        (of_first, 3, writes),
        (of_second, 2, writes),
        (of_first, 3, writes),
        None,
    ]
    assert [said(each) for each in await alice.tokens_for(blocks, False, 0)] == [
        None,
        (of_second, 1, reads),
        None,
        None,
    ]


class Behind:
    """An executor, for its readers: what it has answered can be read here behind the barrier."""

    def __init__(self, executor: Executor) -> None:
        self._executor, self.store = executor, cast(Store, MemoryStore(ALL_TABLES))

    async def read_barrier(self) -> None:
        await self._executor.read_barrier()
        self.store = self._executor.store


@scm_test(namespaces=LIMITS, token_keys=TokenKeyConfig())
async def test_token_is_given_for_what_was_leased_or_committed_a_moment_ago(
    harness: ScmHarness,
) -> None:
    await harness.join()
    await made(harness)
    alice = ScmClient(harness.runtime.as_role(Role.CLIENT, "alice"), ["scm1"])
    logs = NamespaceClient(alice, "logs")
    lease = await leased(logs, 2)
    await logs.commit(to_commit(lease, 0))
    for writes in (True, False):
        request = namespaces.GrantBlockTokensRequest(
            client_id=alice.client_id, blocks=[block_of(lease, 0)], writes=writes
        )
        behind = cast(Executor, Behind(harness.manager.executor))
        tokens = NamespaceTokens(behind, harness.manager._token_keys, lambda: None)
        grant = tokens.handlers()["GrantBlockTokens"]
        reply = await grant(request, Call(Peer(Role.CLIENT, "alice"), math.inf))
        assert isinstance(reply, namespaces.GrantBlockTokensReply)
        assert all(reply.tokens)
