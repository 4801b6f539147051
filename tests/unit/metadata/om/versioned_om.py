"""A bucket that keeps versions, in an OM with clocks that move, and its model beside it: what the
commands that make and remove versions do to both."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.models.versions import Mode, Version, VersionedBucket, Versioning
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import (
    ACCOUNT,
    CONFIG,
    VOLUME,
    OmHarness,
    etag_of,
    slices_of,
)
from trioxygen.common.errors import BucketState
from trioxygen.metadata.om.service import OmConfig
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

LONG_MS: Final = 10**12
MODEL_CONFIG: Final = OmConfig(
    gc_delay_ms=CONFIG.gc_delay_ms,
    lease_duration_ms=LONG_MS,
    worker_interval_ms=CONFIG.worker_interval_ms,
    completed_uploads_kept_ms=LONG_MS,
    answers_kept_ms=LONG_MS,
)
KEYS_USED: Final = (b"a", b"a/", b"a/b")

T = TypeVar("T")
keys = st.sampled_from(KEYS_USED)
choices = st.integers(0, 10**6)
modes = st.sampled_from((om.GOVERNANCE, om.COMPLIANCE))
seconds = st.integers(1, 200)


class VersionedOm(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = VersionedBucket()
        self.has_lock = False

    def run(self, step: Awaitable[T]) -> T:
        async def stepped() -> T:
            return await step

        return self.runner.run(stepped())

    @initialize(is_new=st.booleans())
    def begin(self, is_new: bool) -> None:
        async def start() -> tuple[OmHarness, om.BucketRow, om.LeaseBlocksReply]:
            harness = OmHarness(None, MODEL_CONFIG, MemoryReplica())
            await harness.start()
            return harness, await harness.bucket(), await harness.lease(5_000)

        self.harness, self.bucket, self.lease = self.run(start())
        self.used = 0
        if not is_new:
            # Something of before versions were kept, and that they are.
            for key in KEYS_USED[:2]:
                self.put(key, is_held=False, mode=om.GOVERNANCE, retains=False, left_s=1)
            self.set_versioning(om.VERSIONED)

    def teardown(self) -> None:
        if hasattr(self, "harness"):
            self.run(self.harness.stop())
        self.runner.close()

    # ---- clocks ----

    @property
    def wall_ms(self) -> int:
        return self.harness.clock.wall_ms()

    @property
    def true_ms(self) -> int:
        return self.harness.executor.group_ms()

    @rule(ahead=seconds)
    def time_passes(self, ahead: int) -> None:
        self.run(self.harness.pass_time(ahead * 1_000))

    # ---- the bucket ----

    def named(self) -> dict[str, object]:
        return {
            "volume": VOLUME,
            "bucket": self.bucket.name,
            "bucket_id": self.bucket.bucket_id,
        }

    @rule(wanted=st.sampled_from((om.VERSIONED, om.VERSIONED, om.VERSIONING_SUSPENDED)))
    def set_versioning(self, wanted: om.Versioning) -> None:
        request = om.SetBucketVersioningRequest(versioning=wanted, **self.named())  # type: ignore[arg-type]
        if self.has_lock and wanted != om.VERSIONED:
            with pytest.raises(BucketState):
                self.run(self.harness.client.set_bucket_versioning(request))
            return
        self.run(self.harness.client.set_bucket_versioning(request))
        self.model.versioning = Versioning(int(wanted))

    @rule(mode=modes, has_default=st.booleans(), chance=st.integers(0, 3))
    def set_lock(self, mode: om.LockMode, has_default: bool, chance: int) -> None:
        if chance and not self.has_lock:
            return
        lock = om.BucketLock(mode=mode, days=1) if has_default else om.BucketLock()
        request = om.SetBucketLockRequest(lock=lock, **self.named())  # type: ignore[arg-type]
        if self.model.versioning is not Versioning.ENABLED:
            with pytest.raises(BucketState):
                self.run(self.harness.client.set_bucket_lock(request))
            return
        self.run(self.harness.client.set_bucket_lock(request))
        self.has_lock = True
        self.default = mode if has_default else om.LOCK_MODE_NONE

    # ---- writing ----

    @rule(key=keys, is_held=st.booleans(), mode=modes, retains=st.booleans(), left_s=seconds)
    def put(self, key: bytes, is_held: bool, mode: om.LockMode, retains: bool, left_s: int) -> None:
        data = str(self.used).encode()
        slices = slices_of(self.lease, len(data), first=self.used)
        self.used += 1
        row = om.KeyRow(size_bytes=len(data), etag=etag_of(data), account_id=ACCOUNT, blocks=slices)
        until_ms = self.wall_ms + left_s * 1_000
        if self.has_lock and is_held:
            row.lock.legal_hold = True
        if self.has_lock and retains:
            row.lock.mode, row.lock.retain_until_ms = mode, until_ms
        request = om.CommitKeyRequest(key=key, row=row, **self.named())  # type: ignore[arg-type]
        wall_ms, true_ms = self.wall_ms, self.true_ms
        reply = self.run(self.harness.client.commit_key(request))
        version = Version(reply.object_id, row.etag, is_null=True)
        if self.has_lock:
            version.lock.hold = is_held
            if retains:
                version.lock.mode = Mode(int(mode))
                version.lock.until_wall_s = until_ms
                version.lock.until_true_s = true_ms + left_s * 1_000
            elif self.default:
                version.lock.mode = Mode(int(self.default))
                version.lock.until_wall_s = wall_ms + 86_400_000
                version.lock.until_true_s = true_ms + 86_400_000
        self.model.put(key, version)
        self.check_version(reply, version)

    def check_version(self, reply: object, version: Version) -> None:
        assert isinstance(reply, om.CommitKeyReply)
        assert reply.HasField("version") == (self.model.versioning is not Versioning.NEVER)
        assert reply.version.object_id == (
            version.object_id if self.model.versioning is Versioning.ENABLED else 0
        )

    def delete_keys(self, wanted: om.KeyToDelete, *, bypass: bool = False) -> om.DeleteKeysReply:
        request = om.DeleteKeysRequest(keys=[wanted], bypasses_governance=bypass, **self.named())  # type: ignore[arg-type]
        return self.run(self.harness.client.delete_keys(request))

    @rule(key=keys)
    def delete(self, key: bytes) -> None:
        reply = self.delete_keys(om.KeyToDelete(key=key))
        assert list(reply.results) == [types_pb2.ERROR_CODE_UNSPECIFIED]
        [done] = reply.versions
        is_kept = self.model.versioning is not Versioning.NEVER
        assert done.is_marker == done.HasField("version") == is_kept
        object_id = done.version.object_id
        if is_kept and not object_id:
            # Of a null marker the id is in its row.
            lookup = self.lookup(key)
            object_id = lookup.row.object_id
        self.model.delete(key, Version(object_id, "", is_null=True, is_marker=True))

    def lookup(self, key: bytes, version: om.VersionId | None = None) -> om.LookupKeyReply:
        request = om.LookupKeyRequest(
            volume=VOLUME, bucket=self.bucket.name, key=key, version=version
        )
        return self.run(self.harness.client.lookup_key(request))

    def some_version(self, choice: int) -> tuple[bytes, Version] | None:
        every = [(key, each) for key, versions in self.model.keys.items() for each in versions]
        return every[choice % len(every)] if every else None

    def id_of(self, version: Version) -> om.VersionId:
        return om.VersionId(object_id=0 if version.is_null else version.object_id)

    @rule(choice=choices, bypass=st.booleans())
    def delete_version(self, choice: int, bypass: bool) -> None:
        chosen = self.some_version(choice)
        if chosen is None:
            return
        key, version = chosen
        lock = version.lock
        is_bound = lock.hold or (
            lock.binds(self.wall_ms, self.true_ms) and not (bypass and lock.mode is Mode.GOVERNANCE)
        )
        reply = self.delete_keys(
            om.KeyToDelete(key=key, version=self.id_of(version)), bypass=bypass
        )
        if is_bound:
            assert list(reply.results) == [types_pb2.OBJECT_LOCKED]
            return
        assert list(reply.results) == [types_pb2.ERROR_CODE_UNSPECIFIED]
        assert reply.versions[0].is_marker == version.is_marker
        self.model.remove(key, version)

    @rule(key=keys, object_id=st.sampled_from((0, 1, 10**9)))
    def delete_unknown_version(self, key: bytes, object_id: int) -> None:
        if self.model.find(key, object_id or None) is not None:
            return
        reply = self.delete_keys(om.KeyToDelete(key=key, version=om.VersionId(object_id=object_id)))
        assert list(reply.results) == [types_pb2.ERROR_CODE_UNSPECIFIED]
        assert not reply.versions[0].HasField("version")
