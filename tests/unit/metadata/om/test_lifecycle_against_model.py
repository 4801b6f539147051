"""Random commands on a bucket with lifecycle rules and locks, by clocks that leap, whoever leads:
what the rules take is theirs to take, and nothing that is locked."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.models.versions import Version, Versioning
from tests.unit.metadata.om.test_versions_against_model import VersionsAgainstModel
from tests.unit.metadata.om.versioned_om import MODEL_CONFIG
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
)
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.metadata.om.state.schema import HISTORY, KEYS, history_key_parts
from trioxygen.metadata.om.workers.lifecycle import Pace
from trioxygen.proto.v1 import om_pb2 as om

# Of a rule: as long as most retentions.
SHORT_DAY_MS = 100_000
PREFIX = b"a"
NEWER_KEPT = 1
SHORT = LifecycleRules(
    (
        LifecycleRule(
            rule_id="short",
            is_enabled=True,
            filter=Filter(Form.FILTER, prefix=PREFIX.decode()),
            expiration=Expiration(days=1),
            noncurrent=NoncurrentExpiration(days=1, newer_kept=NEWER_KEPT),
        ),
    )
)


class LifecycleAgainstModel(VersionsAgainstModel):
    config = replace(MODEL_CONFIG, lifecycle=Pace(day_ms=SHORT_DAY_MS, rows_per_second=10**9))
    has_rules = False

    @rule(hours=st.integers(24, 96))
    def days_pass(self, hours: int) -> None:
        if not self.has_rules:
            self.put_rules()
        # The worker looks ten times a day.
        for _ in range(hours // 12):
            self.pass_time(SHORT_DAY_MS // 2)

    def put_rules(self) -> None:
        setting = om.BucketSetting(kind=om.BucketSetting.LIFECYCLE, document=store_rules(SHORT))
        request = om.PutBucketSettingRequest(setting=setting, **self.named())  # type: ignore[arg-type]
        self.run(self.harness.client.put_bucket_setting(request))
        self.has_rules = True

    def pass_time(self, duration_ms: int) -> None:
        super().pass_time(duration_ms)
        self.look_what_went()

    def lead_again(self) -> None:
        super().lead_again()
        # Its workers begin at once.
        self.run(self.harness.settle())
        self.look_what_went()

    def look_what_went(self) -> None:
        there = self.there()
        for (key, object_id), is_marker in there.items():
            if not any(each.object_id == object_id for each in self.model.keys.get(key, ())):
                assert is_marker, "nobody has put it"
                self.key_expired(key, object_id)
        for key, versions in list(self.model.keys.items()):
            gone = [each for each in versions if (key, each.object_id) not in there]
            for version in gone:
                self.check_taken(key, versions, version)
            for version in gone:
                self.model.remove(key, version)

    def there(self) -> dict[tuple[bytes, int], bool]:
        """Whether it is a marker."""
        there: dict[tuple[bytes, int], bool] = {}
        for place, value in self.harness.rows(KEYS.table):
            there[place[8:], om.KeyRow.FromString(value).object_id] = False
        for place, value in self.harness.rows(HISTORY.table):
            _, key, object_id = history_key_parts(place)
            there[key, object_id] = om.HistoryRow.FromString(value).row.is_marker
        return there

    def key_expired(self, key: bytes, marker_id: int) -> None:
        """As if somebody had deleted it."""
        assert self.has_rules and key.startswith(PREFIX)
        assert self.model.current(key) is not None
        assert self.model.versioning is not Versioning.NEVER
        self.model.delete(key, Version(marker_id, "", is_null=True, is_marker=True))

    def check_taken(self, key: bytes, versions: list[Version], gone: Version) -> None:
        assert self.has_rules and key.startswith(PREFIX)
        lock = gone.lock
        assert not lock.hold and not lock.is_promised(self.true_ms)
        assert not lock.binds(self.wall_ms, self.group_ms)
        if self.model.versioning is Versioning.NEVER:
            assert gone is versions[0]
        elif gone is versions[0]:
            assert gone.is_marker and len(versions) == 1
        else:
            assert versions.index(gone) > NEWER_KEPT


TestLifecycleAgainstModel = LifecycleAgainstModel.TestCase
TestLifecycleAgainstModel.settings = settings(
    max_examples=40, stateful_step_count=50, deadline=None
)
