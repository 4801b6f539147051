"""Random commands on a bucket that keeps versions, with clocks that move, against the model: the
same versions, in the same order, and nothing that is locked ever goes, whatever the OM's clock says
and whoever leads."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.models.versions import Lock, Mode, Shown, Version
from tests.unit.metadata.om.om_harness import VOLUME
from tests.unit.metadata.om.versioned_om import KEYS_USED, VersionedOm, choices, keys, seconds
from trioxygen.common.errors import NoSuchKey, NoSuchKeyVersion, VersionIsMarker
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, HISTORY, KEYS, history_key_parts
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2


class VersionsAgainstModel(VersionedOm):
    # ---- tags and locks ----

    @rule(choice=choices, value=st.sampled_from(("", "x")), names_version=st.booleans())
    def set_tags(self, choice: int, value: str, names_version: bool) -> None:
        chosen = self.some_version(choice)
        if chosen is None:
            return
        key, version = chosen
        request = om.SetTagsRequest(key=key, **self.named())  # type: ignore[arg-type]
        request.tags.add(key="k", value=value)
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
        until_ms = self.true_ms + left_s * 1_000 if mode else 0
        retention = om.Retention(mode=mode, retain_until_ms=until_ms)
        request = om.SetObjectLockRequest(
            key=key,
            version=self.id_of(version),
            retention=retention,
            bypasses_governance=bypass,
            legal_hold=hold,
            **self.named(),  # type: ignore[arg-type]
        )
        extends = Mode(int(mode)) is lock.mode and until_ms >= lock.until_wall_ms
        is_bound = lock.binds(self.wall_ms, self.group_ms)
        left_ms = until_ms - min(self.wall_ms, self.true_ms)
        group_until_ms, promised_ms = self.group_ms + left_ms, until_ms
        if is_bound and not extends and not (lock.mode is Mode.GOVERNANCE and bypass):
            with pytest.raises(Exception, match="locked"):
                self.run(self.harness.client.set_object_lock(request))
            return
        self.run(self.harness.client.set_object_lock(request))
        assert extends or not lock.is_promised(self.true_ms)
        if extends:
            group_until_ms = max(group_until_ms, lock.until_group_ms)
            promised_ms = max(promised_ms, int(lock.promised_ms))
        version.lock = Lock(
            Mode(int(mode)),
            until_ms,
            group_until_ms if mode else 0,
            lock.hold if hold is None else hold,
            promised_ms,
        )

    # ---- what is there ----

    @rule(key=keys, choice=choices)
    def read(self, key: bytes, choice: int) -> None:
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

        chosen = self.some_version(choice)
        if chosen is not None:
            key, version = chosen
            reply = self.lookup(key, self.id_of(version))
            assert reply.exists
            self.check_row(reply.row, version)

    @rule(key=keys, object_id=st.sampled_from((0, 1, 10**9)))
    def find_no_unknown_version(self, key: bytes, object_id: int) -> None:
        if self.model.find(key, object_id or None) is None:
            assert not self.lookup(key, om.VersionId(object_id=object_id)).exists
            request = om.SetTagsRequest(
                key=key,
                version=om.VersionId(object_id=object_id),
                **self.named(),  # type: ignore[arg-type]
            )
            with pytest.raises(NoSuchKeyVersion):
                self.run(self.harness.client.set_tags(request))
            reply = self.delete_keys(om.KeyToDelete(key=key, version=request.version))
            assert list(reply.results) == [types_pb2.ERROR_CODE_UNSPECIFIED]
            assert not reply.versions[0].HasField("version")

    def check_row(self, row: om.KeyRow, version: Version) -> None:
        assert (row.object_id, row.etag, row.is_marker) == (
            version.object_id,
            version.etag,
            version.is_marker,
        )
        assert row.is_versioned != version.is_null
        assert tuple((tag.key, tag.value) for tag in row.tags) == version.tags
        lock = version.lock
        assert (row.lock.mode, row.lock.retain_until_ms, row.lock.legal_hold) == (
            lock.mode.value,
            lock.until_wall_ms,
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
    def newest_version_says_where_the_null_version_is(self) -> None:
        if not hasattr(self, "harness"):
            return
        rows = [
            (key[8:], om.KeyRow.FromString(value)) for key, value in self.harness.rows(KEYS.table)
        ]
        for place, value in self.harness.rows(HISTORY.table):
            rows.append((history_key_parts(place)[1], om.HistoryRow.FromString(value).row))
        seen = {(key, row.object_id): row.null_object_id for key, row in rows if row.null_object_id}
        expected: dict[tuple[bytes, int], int] = {}
        for key, versions in self.model.keys.items():
            null = self.model.find(key, None)
            if null is not None and null is not versions[0]:
                expected[key, versions[0].object_id] = null.object_id
        assert seen == expected

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
