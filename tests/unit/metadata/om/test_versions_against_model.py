"""Random commands on a bucket that keeps versions, with clocks that move, against the model: the
same versions, in the same order, and nothing that is locked ever goes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Final, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.models.versions import Lock, Mode, Shown, Version, VersionedBucket, Versioning
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import (
    ACCOUNT,
    CONFIG,
    VOLUME,
    OmHarness,
    etag_of,
    slices_of,
)
from trioxygen.common.errors import BucketState, NoSuchKey, NoSuchKeyVersion, VersionIsMarker
from trioxygen.metadata.om.service import OmConfig
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, HISTORY, KEYS
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


class VersionsAgainstModel(RuleBasedStateMachine):
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

    # ---- tags and locks ----

    @rule(choice=choices, value=st.sampled_from(("", "x")), names_version=st.booleans())
    def set_tags(self, choice: int, value: str, names_version: bool) -> None:
        chosen = self.some_version(choice)
        if chosen is None:
            return
        key, version = chosen
        request = om.SetTagsRequest(key=key, **self.named())  # type: ignore[arg-type]
        request.tags.add(name="k", value=value)
        if names_version:
            request.version.CopyFrom(self.id_of(version))
            if version.is_marker:
                with pytest.raises(VersionIsMarker):
                    self.run(self.harness.client.set_tags(request))
                return
        else:
            current = self.model.current(key)
            if current is None:
                with pytest.raises(NoSuchKey):
                    self.run(self.harness.client.set_tags(request))
                return
            version = current
        self.run(self.harness.client.set_tags(request))
        version.tags = (("k", value),)

    @precondition(lambda self: self.has_lock)
    @rule(
        choice=choices,
        mode=st.sampled_from((om.LOCK_MODE_NONE, om.GOVERNANCE, om.COMPLIANCE)),
        left_s=seconds,
        bypass=st.booleans(),
        hold=st.sampled_from((None, True, False)),
    )
    def set_object_lock(
        self, choice: int, mode: om.LockMode, left_s: int, bypass: bool, hold: bool | None
    ) -> None:
        chosen = self.some_version(choice)
        if chosen is None or chosen[1].is_marker:
            return
        key, version = chosen
        lock = version.lock
        until_ms = self.wall_ms + left_s * 1_000 if mode else 0
        retention = om.Retention(mode=mode, retain_until_ms=until_ms)
        request = om.SetObjectLockRequest(
            key=key,
            version=self.id_of(version),
            retention=retention,
            bypasses_governance=bypass,
            legal_hold=hold,
            **self.named(),  # type: ignore[arg-type]
        )
        extends = Mode(int(mode)) is lock.mode and until_ms >= lock.until_wall_s
        is_bound = lock.binds(self.wall_ms, self.true_ms)
        true_until_ms = self.true_ms + left_s * 1_000
        if is_bound and not extends and not (lock.mode is Mode.GOVERNANCE and bypass):
            with pytest.raises(Exception, match="locked"):
                self.run(self.harness.client.set_object_lock(request))
            return
        self.run(self.harness.client.set_object_lock(request))
        if extends:
            true_until_ms = max(true_until_ms, lock.until_true_s)
        version.lock = Lock(
            Mode(int(mode)),
            until_ms,
            true_until_ms if mode else 0,
            lock.hold if hold is None else hold,
        )

    # ---- what is there ----

    @rule(key=keys)
    def read(self, key: bytes) -> None:
        reply, current = self.lookup(key), self.model.current(key)
        assert reply.exists == (current is not None)
        versions = self.model.keys.get(key)
        if current is not None:
            self.check_row(reply.row, current)
        elif versions:
            assert reply.row.is_marker
            assert reply.row.object_id == versions[0].object_id
        else:
            assert not reply.HasField("row")

    @rule(choice=choices)
    def read_version(self, choice: int) -> None:
        chosen = self.some_version(choice)
        if chosen is not None:
            key, version = chosen
            reply = self.lookup(key, self.id_of(version))
            assert reply.exists
            self.check_row(reply.row, version)

    @rule(key=keys, object_id=st.sampled_from((0, 1, 10**9)))
    def read_unknown_version(self, key: bytes, object_id: int) -> None:
        if self.model.find(key, object_id or None) is None:
            assert not self.lookup(key, om.VersionId(object_id=object_id)).exists
            request = om.SetTagsRequest(
                key=key,
                version=om.VersionId(object_id=object_id),
                **self.named(),  # type: ignore[arg-type]
            )
            with pytest.raises(NoSuchKeyVersion):
                self.run(self.harness.client.set_tags(request))

    def check_row(self, row: om.KeyRow, version: Version) -> None:
        assert (row.object_id, row.etag, row.is_marker) == (
            version.object_id,
            version.etag,
            version.is_marker,
        )
        assert row.is_versioned != version.is_null
        assert tuple((pair.name, pair.value) for pair in row.tags) == version.tags
        lock = version.lock
        assert (row.lock.mode, row.lock.retain_until_ms, row.lock.legal_hold) == (
            lock.mode.value,
            lock.until_wall_s,
            lock.hold,
        )

    @rule(
        prefix=st.sampled_from((b"", b"a", b"a/", b"z")),
        delimiter=st.sampled_from((b"", b"/", b"a")),
        page=st.integers(1, 6),
    )
    def list_versions(self, prefix: bytes, delimiter: bytes, page: int) -> None:
        expected = self.model.listed(prefix=prefix, delimiter=delimiter)
        seen: list[Shown] = []
        request = om.ListVersionsRequest(
            volume=VOLUME,
            bucket=self.bucket.name,
            prefix=prefix,
            delimiter=delimiter,
            count_max=page,
        )
        while True:
            reply = self.run(self.harness.client.list_versions(request))
            items = [
                *((each.key, each) for each in reply.versions),
                *((rolled, None) for rolled in reply.common_prefixes),
            ]
            for key, each in sorted(items, key=lambda item: item[0]):
                if each is None:
                    seen.append(Shown(key))
                    continue
                version = next(
                    other for other in self.model.keys[key] if other.object_id == each.row.object_id
                )
                self.check_row(each.row, version)
                seen.append(Shown(key, version, each.is_latest))
            assert len(items) <= page
            if not reply.truncated:
                break
            request.key_marker = reply.next_key_marker
            request.ClearField("version_marker")
            if reply.HasField("next_version_marker"):
                request.version_marker.CopyFrom(reply.next_version_marker)
        assert seen == expected

    @invariant()
    def each_null_version_is_found(self) -> None:
        if not hasattr(self, "harness"):
            return
        for key in KEYS_USED:
            expected = self.model.find(key, None)
            reply = self.lookup(key, om.VersionId())
            assert reply.exists == (expected is not None), key
            if expected is not None:
                assert reply.row.object_id == expected.object_id

    @invariant()
    def each_block_has_its_holder(self) -> None:
        if not hasattr(self, "harness"):
            return
        held: Counter[int] = Counter()
        current = {key[8:] for key, _ in self.harness.rows(KEYS.table)}
        for _, value in self.harness.rows(KEYS.table):
            held.update(piece.local for piece in om.KeyRow.FromString(value).blocks)
        for _, value in self.harness.rows(HISTORY.table):
            held.update(piece.local for piece in om.HistoryRow.FromString(value).row.blocks)
        references = {
            int.from_bytes(key[8:], "big"): om.BlockReferenceRow.FromString(value).references
            for key, value in self.harness.rows(BLOCK_REFERENCES.table)
        }
        assert references == held
        assert current == {key for key in self.model.keys if self.model.current(key) is not None}


TestVersionsAgainstModel = VersionsAgainstModel.TestCase
TestVersionsAgainstModel.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
