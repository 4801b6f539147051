"""Ways to break, on purpose, what is done with erasure-coded blocks. The simulation must notice
every one."""

from collections.abc import Mapping, Set
from typing import Any, Final

from tests.sim.mutations import Mutation, Patch
from tests.sim.storage_mutations import LOSSES, POWER, block_file_not_synced
from trioxygen.common.disk import Buffer
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.reconstruction import rebuild
from trioxygen.hdds.reconstruction.rebuild import Rebuild
from trioxygen.metadata.scm.replication import indexes
from trioxygen.sim.storage.options import CODED

_POWER: Final[dict[str, Any]] = POWER | {"replication": CODED}
_LOSSES: Final[dict[str, Any]] = LOSSES | {"replication": CODED}


class _FirstForAll:
    """Codes as the right one; what is lost it takes from the first part that is left."""

    def __init__(self, data: int, parity: int) -> None:
        self.encode = codec_of(data, parity).encode

    def decode(
        self, available: Mapping[int, Buffer], wanted: Set[int], length_bytes: int
    ) -> dict[int, bytes]:
        first = bytes(available[min(available)])
        return {index: first.ljust(length_bytes, b"\0")[:length_bytes] for index in wanted}


def _rebuilt_of_the_wrong_index() -> list[Patch]:
    """And nobody compares the block with its tag."""
    return [
        (rebuild, "codec_of", _FirstForAll),
        (Rebuild, "_check", lambda *_: None),
    ]


def _lost_indexes_left() -> list[Patch]:
    return [(indexes, "lacking", lambda container: ())]


CODED_MUTATIONS: Final = (
    Mutation("coded-part-not-synced", block_file_not_synced, _POWER),
    Mutation("rebuilt-of-the-wrong-index", _rebuilt_of_the_wrong_index, _LOSSES),
    Mutation("lost-indexes-left", _lost_indexes_left, _LOSSES),
)
