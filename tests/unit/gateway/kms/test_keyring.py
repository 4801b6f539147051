import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.unit.gateway.kms.keyrings import Cluster, keyring_in, keyring_of, run_with, store_in
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import (
    ChecksumMismatch,
    KmsKeyDisabled,
    KmsUnavailable,
    NoSuchKmsKey,
    NotLeader,
)
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.kms.keyring_content import EMPTY, Fingerprint
from trioxygen.gateway.kms.keyring_file import KeyringUnusable
from trioxygen.gateway.kms.port import WrappedKey

CONTEXT = b'{"department":"finance"}'
KEYS = [bytes([number]) * 32 for number in range(3)]


class LeaderLost(Cluster):
    """Attributes: is_lost: nothing is noted, and what was noted before is told."""

    is_lost = False

    async def note(
        self, fingerprints: Sequence[Fingerprint], *, replaces_all: bool = False
    ) -> Sequence[Fingerprint]:
        if self.is_lost and fingerprints:
            raise NotLeader()
        return await super().note(fingerprints, replaces_all=replaces_all)


def secret(fill: int) -> bytes:
    return bytes([fill]) * 64


def test_keys_come_back_that_were_wrapped(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        wrapped = await keyring.wrap("", CONTEXT, KEYS)
        assert [each.master_key for each in wrapped] == ["s3:1"] * 3
        assert not any(key in each.sealed for key in KEYS for each in wrapped)
        assert await keyring.unwrap(CONTEXT, wrapped) == KEYS
        # After a new start too.
        again = await keyring_in(tmp_path, runtime, Cluster())
        assert await again.unwrap(CONTEXT, wrapped) == KEYS

    run_with(test)


def test_key_does_not_unwrap_with_another_context_or_a_flipped_bit(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        [wrapped] = await keyring.wrap("", CONTEXT, KEYS[:1])
        with pytest.raises(ChecksumMismatch):
            await keyring.unwrap(b"", [wrapped])
        for bit in range(8 * len(wrapped.sealed)):
            sealed = bytearray(wrapped.sealed)
            sealed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(ChecksumMismatch):
                await keyring.unwrap(CONTEXT, [WrappedKey(wrapped.master_key, bytes(sealed))])
        with pytest.raises(ChecksumMismatch):
            await keyring.unwrap(CONTEXT, [WrappedKey(wrapped.master_key, b"short")])

    run_with(test)


def test_rotation_is_seen_and_old_versions_unwrap(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = Cluster()
        keyring = await keyring_in(tmp_path, runtime, cluster)
        old = await keyring.wrap("", CONTEXT, KEYS)
        store_in(tmp_path).change(
            lambda ring: ring.with_version("s3", secret(2), 0, is_primary=True)
        )
        await keyring.work()
        new = await keyring.wrap("", CONTEXT, KEYS)
        assert {each.master_key for each in new} == {"s3:2"}
        assert await keyring.unwrap(CONTEXT, [*old, *new]) == KEYS * 2
        # Noted before it is used.
        assert cluster.noted["s3", 2].is_primary

    run_with(test)


def test_version_that_is_not_known_yet_is_looked_for_in_the_file(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = Cluster()
        behind = await keyring_in(tmp_path, runtime, cluster)
        store_in(tmp_path).change(
            lambda ring: ring.with_version("s3", secret(2), 0, is_primary=True)
        )
        ahead = await keyring_in(tmp_path, runtime, cluster)
        wrapped = await ahead.wrap("", CONTEXT, KEYS)
        assert await behind.unwrap(CONTEXT, wrapped) == KEYS
        with pytest.raises(NoSuchKmsKey):
            await behind.unwrap(CONTEXT, [WrappedKey("s3:3", wrapped[0].sealed)])

    run_with(test)


def test_key_that_was_made_while_the_store_runs_is_used(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        with pytest.raises(NoSuchKmsKey):
            await keyring.describe("photos")
        store_in(tmp_path).change(lambda ring: ring.with_key("photos", secret(7), 0))
        described = await keyring.describe("photos")
        assert described.arn == "arn:aws:kms:us-east-1:000000000000:key/photos"
        for name in ("photos", "alias/photos", described.arn, "arn:aws:kms:x:1:alias/photos"):
            [wrapped] = await keyring.wrap(name, CONTEXT, KEYS[:1])
            assert wrapped.master_key == "photos:1"
        for name in ("alias/aws/s3", "arn:aws:kms:us-east-1:1:alias/aws/s3", ""):
            assert (await keyring.describe(name)).key_id == "s3"
        for name in ("alias/", "a/b", "a:1", "alias/aws/ebs", "x" * 200, "aws/s3"):
            with pytest.raises(NoSuchKmsKey):
                await keyring.describe(name)

    run_with(test)


def test_disabled_key_neither_wraps_nor_unwraps(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        wrapped = await keyring.wrap("", CONTEXT, KEYS)
        store = store_in(tmp_path)
        store.change(lambda ring: ring.with_disabled("s3", is_disabled=True))
        await keyring.work()
        with pytest.raises(KmsKeyDisabled):
            await keyring.wrap("s3", CONTEXT, KEYS)
        with pytest.raises(KmsKeyDisabled):
            await keyring.unwrap(CONTEXT, wrapped)
        store.change(lambda ring: ring.with_disabled("s3", is_disabled=False))
        await keyring.work()
        assert await keyring.unwrap(CONTEXT, wrapped) == KEYS

    run_with(test)


def test_gateway_with_another_keyring_is_refused(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = Cluster()
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        await keyring_in(tmp_path / "one", runtime, cluster)
        # Its own would be a second one.
        with pytest.raises(KeyringUnusable, match="is missing"):
            await keyring_in(tmp_path / "two", runtime, cluster)
        assert not (tmp_path / "two" / "keyring").exists()
        await keyring_in(tmp_path / "two", runtime, Cluster(), seed=2)
        with pytest.raises(KeyringUnusable, match="version 1 of master key 's3' is not what"):
            await keyring_in(tmp_path / "two", runtime, cluster)

    run_with(test)


def test_gateway_that_lacks_a_version_that_is_written_with_is_refused(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = Cluster()
        await keyring_in(tmp_path, runtime, cluster)
        store = store_in(tmp_path)
        before = store.path.read_bytes()
        store.change(lambda ring: ring.with_version("s3", secret(2), 0, is_primary=False))
        keyring = await keyring_in(tmp_path, runtime, cluster)
        after = store.path.read_bytes()
        # Not written with yet: the others may still lack it.
        store.disk.replace(store.path, before)
        await keyring_in(tmp_path, runtime, cluster)
        store.disk.replace(store.path, after)
        store.change(lambda ring: ring.with_primary("s3", 2))
        await keyring.work()
        store.disk.replace(store.path, before)
        with pytest.raises(KeyringUnusable, match="lacks version 2"):
            await keyring_in(tmp_path, runtime, cluster)

    run_with(test)


def test_file_that_cannot_be_used_leaves_the_keys_in_use(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        wrapped = await keyring.wrap("", CONTEXT, KEYS)
        store = store_in(tmp_path)
        foreign = EMPTY.with_key("s3", secret(5), 0)
        puts: tuple[Callable[[], None], ...] = (
            lambda: store.disk.replace(store.path, b"{}"),
            lambda: store.write(foreign),
            store.remove,
        )
        for put in puts:
            put()
            await keyring.work()
            assert await keyring.unwrap(CONTEXT, wrapped) == KEYS

    run_with(test)


def test_older_copy_of_the_file_leaves_the_keys_in_use(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring, store = await keyring_in(tmp_path, runtime, Cluster()), store_in(tmp_path)
        before = store.path.read_bytes()
        store.change(lambda ring: ring.with_version("s3", secret(2), 0, is_primary=True))
        await keyring.work()
        wrapped = await keyring.wrap("", CONTEXT, KEYS)
        store.disk.replace(store.path, before)
        await keyring.work()
        assert await keyring.unwrap(CONTEXT, wrapped) == KEYS
        assert (await keyring.wrap("", CONTEXT, KEYS))[0].master_key == "s3:2"

    run_with(test)


def test_lost_keyring_is_made_anew_where_that_is_wished(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = Cluster()
        keyring = await keyring_in(tmp_path, runtime, cluster)
        wrapped = await keyring.wrap("", CONTEXT, KEYS)
        store_in(tmp_path).remove()
        anew = keyring_of(runtime, store_in(tmp_path, seed=2), cluster, lost=True)
        await anew.start()
        with pytest.raises(ChecksumMismatch):
            await anew.unwrap(CONTEXT, wrapped)
        # Left on, it changes nothing more: another keyring is refused as ever.
        store_in(tmp_path).remove()
        store_in(tmp_path).make(EMPTY.with_key("s3", secret(3), 0))
        with pytest.raises(KeyringUnusable, match="is not what the other"):
            await keyring_of(runtime, store_in(tmp_path), cluster, lost=True).start()

    run_with(test)


def test_lost_keyring_that_was_made_anew_is_noted_when_the_cluster_answers_again(
    tmp_path: Path,
) -> None:
    async def test(runtime: Runtime) -> None:
        cluster = LeaderLost()
        await keyring_in(tmp_path, runtime, cluster)
        store_in(tmp_path).remove()
        anew = keyring_of(runtime, store_in(tmp_path, seed=2), cluster, lost=True)
        cluster.is_lost = True
        with pytest.raises(NotLeader):
            await anew.start()
        cluster.is_lost = False
        await anew.start()
        assert await anew.wrap("", CONTEXT, KEYS)
        [noted] = cluster.noted.values()
        read = store_in(tmp_path).read()
        assert [noted.check] == [each.check for each in read.content.fingerprints()]

    run_with(test)


def test_keyring_without_the_key_that_is_written_with_is_refused(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        store_in(tmp_path).make(EMPTY.with_key("other", secret(1), 0))
        keyring = keyring_of(runtime, store_in(tmp_path), Cluster())
        with pytest.raises(KeyringUnusable, match="no master key 's3'"):
            await keyring.start()
        await keyring.start(wraps=False)
        assert await keyring.wrap("other", CONTEXT, KEYS)

    run_with(test)


def test_keyring_that_another_worker_makes_is_waited_for(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        other, cluster = store_in(tmp_path, seed=2), Cluster()
        with other.alone():
            keyring = keyring_of(runtime, store_in(tmp_path), cluster)
            starting = asyncio.create_task(keyring.start())
            await asyncio.sleep(0.01)
            other.write(EMPTY.with_key("s3", secret(4), 0))
        assert isinstance(runtime.clock, ManualClock)
        runtime.clock.advance(1_000)
        await starting
        [noted] = cluster.noted.values()
        assert [noted.check] == [each.check for each in other.read().content.fingerprints()]

    run_with(test)


def test_keyring_that_was_not_read_yet_is_unavailable(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = keyring_of(runtime, store_in(tmp_path), Cluster())
        with pytest.raises(KmsUnavailable):
            await keyring.describe("")
        with pytest.raises(KmsUnavailable):
            await keyring.unwrap(CONTEXT, [WrappedKey("s3:1", bytes(48))])

    run_with(test)


def test_secrets_are_in_no_text_of_a_keyring(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        content = store_in(tmp_path).read().content
        [version] = content.keys["s3"].versions.values()
        texts = (repr(content), repr(keyring), repr(list(content.fingerprints())))
        assert not any(repr(version.secret)[2:12] in text for text in texts)

    run_with(test)
