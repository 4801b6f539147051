"""Clients that put versions with retentions and holds, and then try to be rid of them."""

import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from trioxygen.common.errors import (
    BucketState,
    Internal,
    NoSuchKey,
    NoSuchKeyVersion,
    ObjectLocked,
    Unavailable,
    VersionIsMarker,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.sim.checkers.locks import Lock, LockChecker, Put, Version, VersionName
from trioxygen.sim.clock import true_wall_ms
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.trace import Trace

VOLUME: Final = "sim"
KEYS: Final = (b"keep/a", b"tmp/a", b"tmp/b")
# What a lifecycle rule is about.
RULED: Final = b"tmp/"
_LONG_MS: Final = 2 * DAY_MS
_MODES: Final = (om_pb2.GOVERNANCE, om_pb2.COMPLIANCE, om_pb2.COMPLIANCE)


class Bucket(NamedTuple):
    """Attributes:
    default_mode: of its default retention, of a day; NONE: it has none.
    has_lock: else its versioning is suspended now and then.
    """

    name: str
    bucket_id: int
    has_lock: bool
    default_mode: om_pb2.LockMode


class LockClient:
    """One sequence of calls. Its clock is right, as those of clients have to be."""

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        runtime: Runtime,
        om: OmClient,
        checker: LockChecker,
        trace: Trace,
        rng: random.Random,
        *,
        retained_s_max: float,
    ) -> None:
        self.name = name
        self.buckets: list[Bucket] = []
        self.om = om
        self._loop, self._runtime = loop, runtime
        self._checker, self._trace, self._rng = checker, trace, rng
        self._retained_s_max = retained_s_max
        self._count = 0
        self._deeds: dict[Callable[[Bucket], Awaitable[str]], int] = {
            self.put: 10,
            self.delete: 3,
            self.delete_version: 8,
            self.set_retention: 8,
            self.set_hold: 3,
            self.set_tags: 2,
            self.suspend: 2,
            self.list: 4,
        }

    async def call_once(self, think_ms: float) -> None:
        deed = self._rng.choices(list(self._deeds), list(self._deeds.values()))[0]
        await self.call(deed, self._rng.choice(self.buckets))
        await self._runtime.clock.sleep_ms(think_ms * self._rng.random())

    async def call(self, deed: Callable[[Bucket], Awaitable[str]], bucket: Bucket) -> bool:
        """Whether it was answered."""
        name = getattr(deed, "__name__", "deed")
        try:
            outcome = await deed(bucket)
        except (NoSuchKey, NoSuchKeyVersion, VersionIsMarker) as error:
            outcome = type(error).__name__
        except ObjectLocked:
            outcome = "locked"
        except (Unavailable, Internal):
            # Internal: the server's log failed, or its disk; it may be in there.
            outcome = "unknown"
        self._checker.count(outcome)
        self._trace.note("client", self.name, name, bucket.name, outcome)
        return outcome != "unknown"

    # ---- what it does ----

    async def put(self, bucket: Bucket) -> str:
        self._count += 1
        etag = f"{self.name}-{self._count}"
        key, lock = self._rng.choice(KEYS), Lock()
        row = om_pb2.KeyRow(etag=etag)
        if bucket.has_lock and self._rng.random() < 0.6:
            lock = Lock(*self._some_retention(), self._rng.random() < 0.15)
            row.lock.mode, row.lock.retain_until_ms = lock.mode, lock.until_ms
            if lock.hold:
                row.lock.legal_hold = True
        put = Put((bucket.bucket_id, key), lock, bucket.default_mode)
        self._checker.asked_put(etag, put)
        request = om_pb2.CommitKeyRequest(key=key, row=row, **named(bucket))
        reply = await self.om.commit_key(request)
        name = VersionName(bucket.bucket_id, key, reply.object_id)
        self._checker.put_was_acknowledged(etag, name)
        return "ok"

    async def delete(self, bucket: Bucket) -> str:
        """The key: a marker comes."""
        wanted = om_pb2.KeyToDelete(key=self._rng.choice(KEYS))
        return await self._delete(bucket, wanted, bypass=False)

    async def delete_version(self, bucket: Bucket) -> str:
        chosen = self._some_version(bucket)
        if chosen is None:
            return "nothing"
        name, version = chosen
        bypass = self._rng.random() < 0.3
        return await self.remove(bucket, name, version, bypass=bypass)

    async def remove(
        self, bucket: Bucket, name: VersionName, version: Version, *, bypass: bool
    ) -> str:
        asked = self._checker.asked(name, version)
        asked.removal, asked.bypass = True, asked.bypass or bypass
        wanted = om_pb2.KeyToDelete(key=name.key, version=_id_of(name, version))
        return await self._delete(bucket, wanted, bypass=bypass)

    async def _delete(self, bucket: Bucket, wanted: om_pb2.KeyToDelete, *, bypass: bool) -> str:
        request = om_pb2.DeleteKeysRequest(
            keys=[wanted], bypasses_governance=bypass, **named(bucket)
        )
        reply = await self.om.delete_keys(request)
        return "locked" if reply.results[0] == types_pb2.OBJECT_LOCKED else "ok"

    async def set_retention(self, bucket: Bucket) -> str:
        """Longer, shorter, of another mode, or none."""
        chosen = self._some_version(bucket)
        if chosen is None or not bucket.has_lock:
            return "nothing"
        name, version = chosen
        mode, until_ms = self._some_retention(version.lock)
        bypass = self._rng.random() < 0.3
        asked = self._checker.asked(name, version)
        asked.locks.add((mode, until_ms))
        asked.bypass |= bypass
        request = om_pb2.SetObjectLockRequest(
            key=name.key,
            version=_id_of(name, version),
            retention=om_pb2.Retention(mode=mode, retain_until_ms=until_ms),
            bypasses_governance=bypass,
            **named(bucket),
        )
        await self.om.set_object_lock(request)
        return "ok"

    async def set_hold(self, bucket: Bucket) -> str:
        chosen = self._some_version(bucket)
        if chosen is None or not bucket.has_lock:
            return "nothing"
        name, version = chosen
        # Of some versions nobody ever lifts it.
        hold = name.object_id % 3 == 0 or self._rng.random() < 0.5
        self._checker.asked(name, version).release |= not hold
        request = om_pb2.SetObjectLockRequest(
            key=name.key, version=_id_of(name, version), legal_hold=hold, **named(bucket)
        )
        await self.om.set_object_lock(request)
        return "ok"

    async def set_tags(self, bucket: Bucket) -> str:
        chosen = self._some_version(bucket)
        if chosen is None:
            return "nothing"
        name, version = chosen
        value = str(self._rng.randrange(100))
        self._checker.asked(name, version).tags.add((("k", value),))
        request = om_pb2.SetTagsRequest(
            key=name.key, version=_id_of(name, version), **named(bucket)
        )
        request.tags.add(key="k", value=value)
        await self.om.set_tags(request)
        return "ok"

    async def suspend(self, bucket: Bucket) -> str:
        """Or go on with versions, where there are no locks; with them it is refused."""
        wanted = om_pb2.VERSIONING_SUSPENDED
        if not bucket.has_lock and self._rng.random() < 0.6:
            wanted = om_pb2.VERSIONED
        request = om_pb2.SetBucketVersioningRequest(versioning=wanted, **named(bucket))
        try:
            await self.om.set_bucket_versioning(request)
        except BucketState:
            if bucket.has_lock:
                return "refused"
            raise
        return "ok"

    async def list(self, bucket: Bucket) -> str:
        began_ms = self._loop.time() * 1_000
        request = om_pb2.ListVersionsRequest(volume=VOLUME, bucket=bucket.name, count_max=1_000)
        reply = await self.om.list_versions(request)
        if reply.truncated:
            return "long"
        names = frozenset(
            VersionName(bucket.bucket_id, each.key, each.row.object_id) for each in reply.versions
        )
        self._checker.listed(bucket.bucket_id, names, began_ms)
        return "ok"

    # ---- choices ----

    def _some_version(self, bucket: Bucket) -> tuple[VersionName, Version] | None:
        known = [
            (name, version)
            for name, version in self._checker.versions.items()
            if name.bucket_id == bucket.bucket_id
        ]
        return self._rng.choice(known) if known else None

    def _some_retention(self, lock: Lock | None = None) -> tuple[om_pb2.LockMode, int]:
        """Args: lock: that of the version; a retention near it."""
        rng, now_ms = self._rng, true_wall_ms(self._loop)
        mode: om_pb2.LockMode = rng.choice(_MODES)
        if lock is not None and lock.mode:
            if rng.random() < 0.15:
                return om_pb2.LOCK_MODE_NONE, 0
            if rng.random() < 0.7:
                mode = lock.mode
            if rng.random() < 0.6:
                by_ms = int(1_000 * self._retained_s_max * rng.uniform(-1.0, 1.0))
                return mode, max(now_ms + 1, lock.until_ms + by_ms)
        if rng.random() < 0.15:
            return mode, now_ms + _LONG_MS
        return mode, now_ms + int(1_000 * self._retained_s_max * rng.random()) + 1


def named(bucket: Bucket) -> dict[str, Any]:
    return {"volume": VOLUME, "bucket": bucket.name, "bucket_id": bucket.bucket_id}


def _id_of(name: VersionName, version: Version) -> om_pb2.VersionId:
    return om_pb2.VersionId(object_id=0 if version.is_null else name.object_id)
