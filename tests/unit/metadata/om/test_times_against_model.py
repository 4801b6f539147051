"""Random commands on a bucket that gets lifecycle rules at some time: its index by time has just
what is in the bucket, with the times of it."""

from hypothesis import settings
from hypothesis.stateful import invariant, rule

from tests.unit.metadata.om.om_harness import VOLUME
from tests.unit.metadata.om.versioned_om import VersionedOm, choices
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
)
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.metadata.om.state.schema import HISTORY, KEYS, LIFECYCLES, TIMES, history_key_parts
from trioxygen.metadata.om.state.times import TimeKind, read_time_key
from trioxygen.proto.v1 import om_pb2 as om

LONG = LifecycleRules(
    (
        LifecycleRule(
            rule_id="never",
            is_enabled=True,
            filter=Filter(Form.FILTER),
            expiration=Expiration(days=30_000),
        ),
    )
)
Row = tuple[TimeKind, int, int, bytes]


class TimesAgainstModel(VersionedOm):
    @rule()
    def put_rules(self) -> None:
        setting = om.BucketSetting(kind=om.BucketSetting.LIFECYCLE, document=store_rules(LONG))
        request = om.PutBucketSettingRequest(setting=setting, **self.named())  # type: ignore[arg-type]
        self.run(self.harness.client.put_bucket_setting(request))
        # They are filled in.
        self.pass_time(120_000)

    @rule(chance=choices)
    def delete_rules(self, chance: int) -> None:
        if chance % 5:
            return
        request = om.DeleteBucketSettingRequest(
            kind=om.BucketSetting.LIFECYCLE,
            **self.named(),  # type: ignore[arg-type]
        )
        self.run(self.harness.client.delete_bucket_setting(request))

    @rule()
    def workers_run(self) -> None:
        self.pass_time(120_000)

    def noted(self) -> set[Row]:
        rows = [(read_time_key(key), value) for key, value in self.harness.rows(TIMES)]
        return {
            (row.kind, row.time_ms, row.object_id, key)
            for row, key in rows
            if row.kind is not TimeKind.AGAIN
        }

    def there(self) -> set[Row]:
        rows: set[Row] = set()
        for row_key, value in self.harness.rows(KEYS.table):
            row = om.KeyRow.FromString(value)
            rows.add((TimeKind.CURRENT, row.modified_ms, row.object_id, row_key[8:]))
        for row_key, value in self.harness.rows(HISTORY.table):
            history, key = om.HistoryRow.FromString(value), history_key_parts(row_key)[1]
            newest = self.model.keys[key][0].object_id
            if history.row.object_id == newest:
                kind, time_ms = TimeKind.MARKER, history.row.modified_ms
            else:
                kind, time_ms = TimeKind.NONCURRENT, history.superseded_ms
            rows.add((kind, time_ms, history.row.object_id, key))
        return rows

    @invariant()
    def index_has_what_is_there(self) -> None:
        if not hasattr(self, "harness"):
            return
        lifecycles = self.harness.rows(LIFECYCLES.table)
        if not lifecycles:
            assert not self.harness.rows(TIMES)
            return
        lifecycle = om.LifecycleRow.FromString(lifecycles[0][1])
        assert (lifecycle.volume, lifecycle.bucket) == (VOLUME, self.bucket.name)
        if lifecycle.state == om.LifecycleRow.WORKING:
            assert self.noted() == self.there()


TestTimesAgainstModel = TimesAgainstModel.TestCase
TestTimesAgainstModel.settings = settings(deadline=None, max_examples=40, stateful_step_count=40)
