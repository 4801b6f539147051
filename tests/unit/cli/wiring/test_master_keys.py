"""Gateways of a cluster, each with a folder of its own, and the OM that they all ask."""

import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.om.om_harness import OmHarness, om_test
from trioxygen.cli.config.schema import Config
from trioxygen.cli.wiring.master_keys import MasterKeys
from trioxygen.gateway.kms.keyring_file import KeyringUnusable
from trioxygen.gateway.kms.keyring_store import KeyringStore
from trioxygen.metadata.om.state.schema import MASTER_KEYS
from trioxygen.proto.v1 import om_pb2 as om

CONTEXT = b'{"department":"finance"}'
KEY = b"k" * 32


def gateway(harness: OmHarness, folder: Path) -> MasterKeys:
    folder.mkdir(exist_ok=True)
    # A process of its own: its chance is another's.
    seed = zlib.crc32(folder.name.encode())
    runtime = inline_runtime(harness.clock, network=harness.network, seed=seed)
    return MasterKeys(Config(), folder, runtime, harness.client)


@contextmanager
def gateways(harness: OmHarness) -> Iterator[tuple[Path, Path]]:
    """Their folders."""
    with TemporaryDirectory() as folder:
        first, second = (Path(folder, name) for name in ("gw1", "gw2"))
        yield first, second


async def start_and_stop(keys: MasterKeys) -> None:
    await keys.start()
    await keys.stop()


@om_test()
async def test_gateways_with_one_keyring_read_what_each_other_wrapped(harness: OmHarness) -> None:
    with gateways(harness) as (one, two):
        first, second = gateway(harness, one), gateway(harness, two)
        await first.start()
        # Its keyring was never brought there.
        with pytest.raises(KeyringUnusable, match="is missing"):
            await second.start()
        shutil.copy2(one / "keyring", two / "keyring")
        await second.start()
        wrapped = await first.kms.wrap("", CONTEXT, [KEY])
        assert await second.kms.unwrap(CONTEXT, wrapped) == [KEY]
        await first.stop()
        await second.stop()


@om_test()
async def test_gateway_with_a_keyring_of_its_own_does_not_start(harness: OmHarness) -> None:
    with gateways(harness) as (one, two):
        # Of another cluster, as far as this one knows.
        await start_and_stop(gateway(harness, two))
        await harness.client.note_master_keys(om.NoteMasterKeysRequest(replaces_all=True))
        await start_and_stop(gateway(harness, one))
        with pytest.raises(KeyringUnusable, match="version 1 of master key 's3' is not"):
            await gateway(harness, two).start()


@om_test()
async def test_what_an_om_knows_of_master_keys_has_nothing_of_them(harness: OmHarness) -> None:
    with gateways(harness) as (one, _):
        await start_and_stop(gateway(harness, one))
        store = KeyringStore(harness.runtime.disk, harness.runtime.rng, one / "keyring")
        [version] = store.read().content.key("s3").versions.values()
    rows = b"".join(row for _, row in harness.rows(MASTER_KEYS.table))
    assert b"s3" in rows
    for start in range(len(version.secret) - 4):
        assert version.secret[start : start + 4] not in rows
