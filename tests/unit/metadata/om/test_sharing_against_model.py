"""Random commands against the OM and the model, with those that hand blocks on: renames, appends,
parts that share a range, and versions whose bytes are moved while others share them."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.models.namespace import Version
from tests.unit.metadata.om.om_harness import CONTAINER, VOLUME
from tests.unit.metadata.om.test_against_model import OmAgainstModel, choices, etags, names
from trioxygen.common.replication import RATIS_ONE
from trioxygen.metadata.om.state.schema import KEYS, key_key
from trioxygen.proto.v1 import om_pb2 as om


class SharingAgainstModel(OmAgainstModel):
    def some_key(self, choice: int) -> bytes:
        keys = sorted(self.model.keys)
        return keys[choice % len(keys)]

    def row_of(self, key: bytes) -> om.KeyRow:
        row_key = key_key(self.bucket.bucket_id, key)
        [row] = [value for at, value in self.harness.rows(KEYS.table) if at == row_key]
        return om.KeyRow.FromString(row)

    @precondition(lambda self: self.model.keys)
    @rule(choice=choices, key=names, is_alone=st.booleans())
    def rename(self, choice: int, key: bytes, is_alone: bool) -> None:
        source = self.some_key(choice)
        request = om.RenameKeyRequest(volume=VOLUME, source=source, key=key, **self.where)
        if is_alone:
            request.condition.if_none_match.append("*")
        known, there = self.model.keys[source], key in self.model.keys
        reply = self.send(request, om.RenameKeyReply)
        if is_alone and there:
            assert reply == "ConditionFailed"
            return
        assert isinstance(reply, om.RenameKeyReply), reply
        if source == key:
            return
        object_id = self.row_of(key).object_id
        assert object_id > known.object_id
        self.model.put(key, Version(known.etag, list(known.blocks), object_id))
        self.model.delete(source)

    @precondition(lambda self: self.model.keys)
    @rule(choice=choices, etag=etags, count=st.integers(1, 3))
    def append(self, choice: int, etag: str, count: int) -> None:
        key = self.some_key(choice // 13)
        known = self.model.keys[key]
        lease, blocks = self.some_blocks(choice, count)
        # A copy's is what its client says.
        total = self.row_of(key).size_bytes + len(blocks)
        row = om.KeyRow(
            etag=etag,
            size_bytes=len(blocks),
            blocks=self.slices(lease, blocks),
            parts=[om.ObjectPart(number=1, size_bytes=total)],
        )
        request = om.CommitKeyRequest(
            volume=VOLUME, key=key, row=row, appends_to=known.object_id, **self.where
        )
        reply = self.send(request, om.CommitKeyReply)
        if not all(self.model.blocks.leased(lease, block) for block in blocks):
            assert reply == "LeaseExpired"
            return
        assert isinstance(reply, om.CommitKeyReply), reply
        self.model.put(key, Version(etag, [*known.blocks, *blocks], reply.object_id))

    @precondition(lambda self: self.model.keys)
    @rule(choice=choices, is_late=st.booleans())
    def move(self, choice: int, is_late: bool) -> None:
        key = self.some_key(choice // 13)
        known = self.model.keys[key]
        lease, blocks = self.some_blocks(choice, len(known.blocks))
        request = om.CommitTransitionRequest(
            volume=VOLUME,
            key=key,
            object_id=known.object_id,
            row=om.RewrittenRow(
                storage_class="EC_3_2",
                blocks=self.slices(lease, blocks),
                replication=RATIS_ONE.proto,
            ),
            **self.where,
        )
        if known.blocks:
            # Somebody else was as far before.
            request.first_block.container = CONTAINER
            request.first_block.local = known.blocks[0] + is_late
        reply = self.send(request, om.CommitTransitionReply)
        if known.blocks and is_late:
            assert reply == "ConditionConflict"
        elif blocks and len(blocks) != len(known.blocks):
            assert reply == "InvalidRequest"
        elif not all(self.model.blocks.leased(lease, block) for block in blocks):
            assert reply == "LeaseExpired"
        else:
            assert isinstance(reply, om.CommitTransitionReply), reply
            if blocks:
                self.model.put(key, Version(known.etag, list(blocks), known.object_id))

    @precondition(lambda self: self.model.keys and self.model.uploads)
    @rule(choice=choices, number=st.integers(1, 4), etag=etags, count=st.integers(0, 3))
    def share_part(self, choice: int, number: int, etag: str, count: int) -> None:
        upload_id, source = self.some_upload(choice), self.some_key(choice // 13)
        key, _ = self.model.uploads[upload_id]
        known = self.model.keys[source]
        start = choice // 7 % (len(known.blocks) + 1)
        blocks = known.blocks[start : start + count]
        request = om.CommitPartRequest(
            volume=VOLUME,
            key=key,
            upload_id=upload_id,
            number=number,
            row=om.PartRow(etag=etag, size_bytes=len(blocks)),
            copy_source=om.CopySource(
                volume=VOLUME,
                key=source,
                object_id=known.object_id,
                offset_bytes=start,
                length_bytes=len(blocks),
                **self.where,
            ),
            **self.where,
        )
        reply = self.send(request, om.CommitPartReply)
        assert isinstance(reply, om.CommitPartReply), reply
        self.model.put_part(upload_id, number, Version(etag, list(blocks), 0))


TestSharingAgainstModel = SharingAgainstModel.TestCase
TestSharingAgainstModel.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
