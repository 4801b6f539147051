"""A replica is copied to another node: whole, checked, and not before it is on stable storage."""

from pathlib import Path

from tests.unit.hdds.copying.two import BLOCKS, CONTAINER, S, Two, contents, tell, with_two
from tests.unit.hdds.ring.three import until
from trioxygen.hdds.container.blocks import block_key
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockRange


async def copy_all(two: Two) -> None:
    await two.close()
    await two.copy()
    await until(two.is_copied)
    assert await contents(two.target) == BLOCKS
    source = two.source.work.volume.containers[CONTAINER]
    copied = two.copied
    assert copied is not None
    assert copied.report("target").origin_node_id == "source"
    for name in ("commit_sequence", "highest_local", "pipeline_id", "used_bytes", "block_count"):
        assert getattr(copied, name) == getattr(source, name), name
    assert two.target.work.volume.room.under_way_bytes == 0
    assert len(two.target.datanode.imports) == 0
    # Told again, nothing comes of it.
    await two.copy()
    await until(lambda: two.source.datanode.copies.copied == 2)
    # It is governed by the target's own log, over a crash too.
    gone = BlockRange(container=CONTAINER, first_local=62, count=1)
    deletion = DeleteBlocksCommand(transaction_id=1, blocks=[gone])
    await tell(two.target, DataNodeCommand(delete_blocks=deletion))
    await two.target.end(crash=True)
    await two.target.start()
    assert two.is_copied()
    left = {local: data for local, data in BLOCKS.items() if local != 62}
    assert await contents(two.target) == left


def test_copy_has_all_blocks_and_is_a_replica_of_its_own(tmp_path: Path) -> None:
    with_two(tmp_path, copy_all)


async def copy_open(two: Two) -> None:
    await two.copy()
    await until(lambda: two.source.datanode.copies.failed == 1)
    assert two.copied is None


def test_open_replica_is_not_copied(tmp_path: Path) -> None:
    with_two(tmp_path, copy_open)


async def copy_corrupt(two: Two) -> None:
    await two.close()
    await two.source.work.flusher.flush_all()
    volume = two.source.work.volume
    path = volume.layout.block(CONTAINER, 62)
    volume.files.drop_container(CONTAINER)
    data = bytearray(path.read_bytes())
    data[700_000] ^= 1
    path.write_bytes(data)
    await two.copy()
    await until(lambda: two.source.datanode.copies.failed == 1)
    assert two.copied is not None
    assert two.copied.state is S.RECOVERING
    assert list(volume.corrupt) == [block_key(CONTAINER, 62)]


def test_corrupt_block_at_the_source_is_reported_and_never_copied(tmp_path: Path) -> None:
    with_two(tmp_path, copy_corrupt)
