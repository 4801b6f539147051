"""One run with locks: versions are put, locked and deleted under faults and by clocks that leap;
then all is healed. Nothing that is locked has gone, and what is due by lifecycle rules has."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from trioxygen.common.errors import BucketAlreadyOwned, Unavailable, VolumeAlreadyExists
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
)
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.common.rpc.call import Role
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2
from trioxygen.sim.checkers.locks import LockChecker, Rule
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.clock import true_wall_ms
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.faults import Faults
from trioxygen.sim.locks.client import RULED, VOLUME, Bucket, LockClient, named
from trioxygen.sim.locks.options import LockOptions
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.result import Result, carried_out
from trioxygen.sim.store import SimStore
from trioxygen.sim.stories import Stories
from trioxygen.sim.trace import Trace

_CALL_TIMEOUT_MS: Final = 4_000.0
_START_S_MAX: Final = 30.0
_CONVERGENCE_S_MAX: Final = 30.0
_NEWER_KEPT: Final = 2
_RULE_DAYS: Final = 1
_FIRST_PUTS: Final = 4
# Whether it has Object Lock, and the mode of its default retention.
_BUCKETS: Final = (
    ("locked", True, om_pb2.LOCK_MODE_NONE),
    ("compliant", True, om_pb2.COMPLIANCE),
    ("governed", True, om_pb2.GOVERNANCE),
    ("plain", False, om_pb2.LOCK_MODE_NONE),
)


def _rules() -> LifecycleRules:
    rule = LifecycleRule(
        rule_id="tmp",
        is_enabled=True,
        filter=Filter(Form.FILTER, prefix=RULED.decode()),
        expiration=Expiration(days=_RULE_DAYS),
        noncurrent=NoncurrentExpiration(days=_RULE_DAYS, newer_kept=_NEWER_KEPT),
    )
    return LifecycleRules((rule,))


class LockSimulation:
    def __init__(
        self, seed: int, options: LockOptions, write_trace: Callable[[str], object] | None
    ) -> None:
        self.options = options
        self.loop = VirtualLoop()
        rng = self.rng = random.Random(f"locks {seed}")
        self.trace = Trace(lambda: self.loop.time() * 1_000, write_trace)
        self.cluster = Cluster(self.loop, rng, options.cluster, self.trace)
        self.cluster.om_witness = self._look
        stories = Stories(self.cluster, random.Random(rng.getrandbits(64)), self.trace)
        fault_rng = random.Random(rng.getrandbits(64))
        self.faults = Faults(self.cluster, stories, options.cluster, fault_rng, self.trace)
        self.checker = LockChecker(
            Rule(RULED, _RULE_DAYS, _NEWER_KEPT),
            day_ms=options.day_seconds * SECOND_MS,
            clocks_are_right=not options.clocks,
        )

    def _look(self, store: SimStore) -> None:
        self.checker.look(store, self.loop.time() * 1_000, true_wall_ms(self.loop))

    async def main(self) -> None:
        """Raises Violation."""
        self.cluster.start()
        clients = [self._client(f"c{number + 1}") for number in range(self.options.clients)]
        await self._within(_START_S_MAX, self._make_buckets(clients[0]), "no first leader")
        for client in clients[1:]:
            client.buckets = clients[0].buckets
        faults = self.loop.create_task(self.faults.run(), name="faults")
        end = self.loop.time() + self.options.seconds
        await asyncio.gather(*[self._load(client, end) for client in clients])
        faults.cancel()
        self.faults.heal()
        self.faults.set_clocks_right()
        await self._within(_CONVERGENCE_S_MAX, self._remove_all(clients[0]), "no answers")
        await self._until(self._unfinished)
        for bucket in clients[0].buckets:
            await self._within(
                _CONVERGENCE_S_MAX, self._use(clients[0], clients[0].list, bucket), "no answers"
            )
        self.cluster.check_defects()
        self.checker.check_end()

    def _client(self, name: str) -> LockClient:
        runtime = self.cluster.outsider(name).as_role(Role.GATEWAY, name)
        om = OmClient(runtime, self.cluster.om_addresses, timeout_ms=_CALL_TIMEOUT_MS, try_ms=500.0)
        return LockClient(
            name,
            self.loop,
            runtime,
            om,
            self.checker,
            self.trace,
            random.Random(self.rng.getrandbits(64)),
            retained_s_max=self.options.retained_s_max,
        )

    async def _load(self, client: LockClient, end: float) -> None:
        for _ in range(self.options.operations):
            if self.loop.time() >= end:
                return
            await client.call_once(self.options.think_ms)

    # ---- the beginning ----

    async def _make_buckets(self, client: LockClient) -> None:
        """With some versions of before there were any, and their rules."""
        om = client.om
        await self._ask_until_done(
            lambda: om.create_volume(om_pb2.CreateVolumeRequest(volume=VOLUME)), VolumeAlreadyExists
        )
        for name, has_lock, default_mode in _BUCKETS:
            request = om_pb2.CreateBucketRequest(volume=VOLUME, bucket=name, account_id="admin")
            await self._ask_until_done(partial(om.create_bucket, request), BucketAlreadyOwned)
            lookup = om_pb2.LookupBucketRequest(volume=VOLUME, bucket=name)
            row = (await om.lookup_bucket(lookup)).bucket
            self.checker.suspendable.add(row.bucket_id)
            young = Bucket(name, row.bucket_id, False, om_pb2.LOCK_MODE_NONE)
            for _ in range(_FIRST_PUTS):
                await self._use(client, client.put, young)
            await self._set_up(om, young, has_lock, default_mode)
            if has_lock:
                self.checker.suspendable.remove(row.bucket_id)
            client.buckets.append(Bucket(name, row.bucket_id, has_lock, default_mode))

    async def _set_up(
        self, om: OmClient, bucket: Bucket, has_lock: bool, default_mode: om_pb2.LockMode
    ) -> None:
        versioning = om_pb2.SetBucketVersioningRequest(versioning=om_pb2.VERSIONED, **named(bucket))
        await self._ask_until_done(lambda: om.set_bucket_versioning(versioning))
        if has_lock:
            lock = om_pb2.BucketLock(mode=default_mode, days=1 if default_mode else 0)
            request = om_pb2.SetBucketLockRequest(lock=lock, **named(bucket))
            await self._ask_until_done(lambda: om.set_bucket_lock(request))
        rules = om_pb2.BucketSetting(
            kind=om_pb2.BucketSetting.LIFECYCLE, document=store_rules(_rules())
        )
        setting = om_pb2.PutBucketSettingRequest(setting=rules, **named(bucket))
        await self._ask_until_done(lambda: om.put_bucket_setting(setting))

    async def _ask_until_done(
        self, ask: Callable[[], Awaitable[object]], done: type[Exception] | tuple[()] = ()
    ) -> None:
        """Until it is answered. Args: done: an error that says that it was done before."""
        while True:
            try:
                await ask()
            except done:
                return
            except Unavailable as error:
                self.trace.note("again", str(error))
            else:
                return

    # ---- the end ----

    async def _remove_all(self, client: LockClient) -> None:
        """What can be: retentions are over, and clocks are right."""
        await asyncio.sleep(self.options.retained_s_max)
        by_id = {bucket.bucket_id: bucket for bucket in client.buckets}
        for name, version in list(self.checker.versions.items()):
            if not name.key.startswith(RULED):
                remove = partial(client.remove, name=name, version=version, bypass=False)
                await self._use(client, remove, by_id[name.bucket_id])

    async def _use(
        self, client: LockClient, deed: Callable[[Bucket], Awaitable[str]], bucket: Bucket
    ) -> None:
        """Until it is answered."""
        while not await client.call(deed, bucket):
            continue

    def _unfinished(self) -> str:
        grace_ms = _RULE_DAYS * self.options.day_seconds * SECOND_MS
        return self.cluster.lagging() or self.checker.overdue(true_wall_ms(self.loop), grace_ms)

    async def _within(self, seconds: float, what: Awaitable[None], failure: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await what
        except TimeoutError as error:
            raise Violation("progress", f"{failure} within {seconds:g} s") from error

    async def _until(self, unfinished: Callable[[], str]) -> None:
        deadline = self.loop.time() + _CONVERGENCE_S_MAX
        while reason := unfinished():
            if self.loop.time() > deadline:
                raise Violation("progress", f"after healing: {reason}")
            await asyncio.sleep(0.1)

    def counts(self) -> dict[str, int]:
        return {
            **dict(sorted(self.checker.counts.items())),
            **self.faults.done,
            "messages": self.cluster.fabric.messages,
        }


def run(
    seed: int, options: LockOptions, *, write_trace: Callable[[str], object] | None = None
) -> Result[LockOptions]:
    """One run; deterministic for a seed and options."""
    return carried_out(seed, options, lambda: LockSimulation(seed, options, write_trace))
