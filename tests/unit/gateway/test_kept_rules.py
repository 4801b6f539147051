"""Lifecycle rules are read once of each text of them."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, cast

import pytest

from trioxygen.common.errors import Corrupt
from trioxygen.common.lifecycle import Filter, Form, LifecycleRule, LifecycleRules
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.common.units import MIB
from trioxygen.gateway.kept_rules import KeptRules
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting, SettingKind


def bucket(revision: int, *, bucket_id: int = 7) -> Bucket:
    return Bucket("s3v", "b", bucket_id, "1", 0, "", lifecycle_revision=revision)


def rules(rule_id: str) -> LifecycleRules:
    rule = LifecycleRule(rule_id=rule_id, is_enabled=True, filter=Filter(Form.FILTER), abort_days=1)
    return LifecycleRules((rule,))


class OneSetting:
    """What a store has of the bucket."""

    def __init__(self) -> None:
        self.bucket, self.document, self.asked = bucket(1), store_rules(rules("first")), 0

    async def lookup(
        self, volume: str, name: str, kinds: Collection[SettingKind]
    ) -> tuple[Bucket, Sequence[BucketSetting]]:
        assert (volume, name, tuple(kinds)) == ("s3v", "b", (SettingKind.LIFECYCLE,))
        self.asked += 1
        revision = self.bucket.lifecycle_revision
        row = BucketSetting(SettingKind.LIFECYCLE, "", self.document, revision)
        return self.bucket, [row] if revision else []


@pytest.fixture
def store() -> OneSetting:
    return OneSetting()


def ask(kept: KeptRules, of: Bucket) -> LifecycleRules | None:
    return asyncio.run(kept.of(of))


def test_each_text_is_read_once(store: OneSetting) -> None:
    kept = KeptRules(cast(Settings, store))
    assert ask(kept, bucket(0)) is None and store.asked == 0
    for _ in range(3):
        assert ask(kept, bucket(1)) == rules("first")
    assert store.asked == 1
    store.bucket, store.document = bucket(2), store_rules(rules("second"))
    assert ask(kept, bucket(2)) == rules("second")
    assert store.asked == 2


def test_rules_that_went_meanwhile_are_none(store: OneSetting) -> None:
    kept = KeptRules(cast(Settings, store))
    store.bucket = bucket(0)
    assert ask(kept, bucket(1)) is None
    store.bucket = bucket(1, bucket_id=8)
    assert ask(kept, bucket(1)) is None


def test_rules_that_cannot_be_read_are_told(store: OneSetting) -> None:
    kept: Any = KeptRules(cast(Settings, store))
    store.document = b"\xff"
    with pytest.raises(Corrupt):
        ask(kept, bucket(1))


def test_rules_of_many_buckets_are_kept_up_to_a_number_of_bytes(store: OneSetting) -> None:
    kept = KeptRules(cast(Settings, store))
    rule = LifecycleRule(
        rule_id="r", is_enabled=True, filter=Filter(Form.FILTER, "p" * (MIB // 2)), abort_days=1
    )
    store.document = store_rules(LifecycleRules((rule,)))

    def asked_of(bucket_id: int) -> int:
        """How often the store was, for rules of this bucket."""
        before, store.bucket = store.asked, bucket(1, bucket_id=bucket_id)
        assert ask(kept, store.bucket) == LifecycleRules((rule,))
        return store.asked - before

    assert [asked_of(each) for each in range(1, 13)] == [1] * 12
    # The last ones are there; those of before made room for them.
    assert [asked_of(each) for each in range(12, 6, -1)] == [0] * 6
    assert asked_of(1) == 1 and asked_of(12) == 0
