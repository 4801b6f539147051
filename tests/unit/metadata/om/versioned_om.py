"""A bucket that keeps versions, in an OM with clocks that move, and its model beside it: what the
commands that make and remove versions do to both. The clock of who asks is right."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.models.versions import Mode, Version, VersionedBucket, Versioning
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
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
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.om.service import OmConfig
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

LONG_MS: Final = 10**12
DAY_S: Final = 86_400
_FIRST_CLIENT_ID: Final = 1_000
LEAP_S: Final = 100 * 365 * 86_400
EARLIEST_MS: Final = DAY_MS
LATEST_MS: Final = 200 * 365 * DAY_MS
MODEL_CONFIG: Final = OmConfig(
    gc_delay_ms=CONFIG.gc_delay_ms,
    lease_duration_ms=LONG_MS,
    worker_interval_ms=CONFIG.worker_interval_ms,
    completed_uploads_kept_ms=LONG_MS,
    answers_kept_ms=LONG_MS,
)
KEYS_USED: Final = (b"a", b"a/", b"a/b")

T = TypeVar("T")
# Mostly one, so that it has many versions.
keys = st.sampled_from((KEYS_USED[0], *KEYS_USED))
choices = st.integers(0, 10**6)
modes = st.sampled_from((om.GOVERNANCE, om.COMPLIANCE))
seconds = st.integers(1, 200)


class VersionedOm(RuleBasedStateMachine):
    """Attributes: truth: the clock of who asks."""

    config = MODEL_CONFIG

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = VersionedBucket()
        self.has_lock = False
        self.truth = ManualClock()
        self._clients = 0

    def run(self, step: Awaitable[T]) -> T:
        async def stepped() -> T:
            return await step

        return self.runner.run(stepped())

    @initialize(is_new=st.booleans())
    def begin(self, is_new: bool) -> None:
        async def start() -> tuple[OmHarness, om.BucketRow, om.LeaseBlocksReply]:
            harness = OmHarness(None, self.config, MemoryReplica())
            await harness.start()
            return harness, await harness.bucket(), await harness.lease(5_000)

        self.harness, self.bucket, self.lease = self.run(start())
        self.pass_time(0)
        self._ask_at_true_times()
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
    def group_ms(self) -> int:
        return self.harness.executor.group_ms()

    @property
    def true_ms(self) -> int:
        return self.truth.wall_ms()

    def _ask_at_true_times(self) -> None:
        runtime = inline_runtime(self.truth, network=self.harness.network, seed=1)
        client = self.harness.client = OmClient(runtime, ["om1"])
        self._clients += 1
        client.first_group.client_id = _FIRST_CLIENT_ID + self._clients

    def pass_time(self, duration_ms: int) -> None:
        before_ms = self.harness.clock.monotonic_ms()
        self.run(self.harness.pass_time(duration_ms))
        self.truth.advance(self.harness.clock.monotonic_ms() - before_ms)

    @rule(ahead=st.one_of(seconds, st.just(DAY_S)))
    def time_passes(self, ahead: int) -> None:
        self.pass_time(ahead * 1_000)

    @rule(chance=st.integers(0, 2))
    def another_leads(self, chance: int) -> None:
        """It knows what the state says, and has a clock that has counted nothing yet."""
        if not chance:
            self.lead_again()

    def lead_again(self) -> None:
        self.run(self.harness.restart())
        self._ask_at_true_times()

    @rule(step_s=st.one_of(st.integers(-300, 300), st.integers(-LEAP_S, LEAP_S)))
    def wall_clock_steps(self, step_s: int) -> None:
        """An operator, or a bad time server: what is measured does not move with it."""
        group_ms = self.group_ms
        wall_ms = self.wall_ms + step_s * 1_000
        self.harness.clock.wall = min(max(wall_ms, EARLIEST_MS), LATEST_MS)
        assert self.group_ms == group_ms

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
        until_ms = self.true_ms + left_s * 1_000
        if self.has_lock and is_held:
            row.lock.legal_hold = True
        if self.has_lock and retains:
            row.lock.mode, row.lock.retain_until_ms = mode, until_ms
        request = om.CommitKeyRequest(key=key, row=row, **self.named())  # type: ignore[arg-type]
        wall_ms, group_ms = self.wall_ms, self.group_ms
        reply = self.run(self.harness.client.commit_key(request))
        version = Version(reply.object_id, row.etag, is_null=True)
        if self.has_lock:
            version.lock.hold = is_held
            if retains:
                version.lock.mode = Mode(int(mode))
                version.lock.until_wall_ms = version.lock.promised_ms = until_ms
                version.lock.until_group_ms = group_ms + until_ms - min(wall_ms, self.true_ms)
            elif self.default:
                version.lock.mode = Mode(int(self.default))
                version.lock.until_wall_ms = wall_ms + DAY_MS
                version.lock.until_group_ms = group_ms + DAY_MS
                version.lock.promised_ms = self.true_ms + DAY_MS
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

    def some_version(
        self, choice: int, *, is_noncurrent: bool = False
    ) -> tuple[bytes, Version] | None:
        every = [
            (key, each)
            for key, versions in self.model.keys.items()
            for each in versions[is_noncurrent:]
        ]
        return every[choice % len(every)] if every else None

    def id_of(self, version: Version) -> om.VersionId:
        return om.VersionId(object_id=0 if version.is_null else version.object_id)

    @rule(choice=choices, is_noncurrent=st.booleans(), bypass=st.booleans())
    def delete_version(self, choice: int, is_noncurrent: bool, bypass: bool) -> None:
        chosen = self.some_version(choice, is_noncurrent=is_noncurrent)
        if chosen is None:
            return
        key, version = chosen
        lock = version.lock
        is_bound = lock.hold or (
            lock.binds(self.wall_ms, self.group_ms)
            and not (bypass and lock.mode is Mode.GOVERNANCE)
        )
        reply = self.delete_keys(
            om.KeyToDelete(key=key, version=self.id_of(version)), bypass=bypass
        )
        if is_bound:
            assert list(reply.results) == [types_pb2.OBJECT_LOCKED]
            return
        assert list(reply.results) == [types_pb2.ERROR_CODE_UNSPECIFIED]
        assert reply.versions[0].is_marker == version.is_marker
        assert not lock.is_promised(self.true_ms)
        self.model.remove(key, version)
