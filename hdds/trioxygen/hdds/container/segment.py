"""A packed segment of a container, as its counters show it. In memory; a row mirrors it."""

from dataclasses import dataclass

from trioxygen.proto.v1.datanode_pb2 import SegmentRow


@dataclass(frozen=True, slots=True)
class Place:
    segment: int
    offset_bytes: int


@dataclass(slots=True)
class Segment:
    """Its counters are written here alone.

    Attributes:
    size_bytes: where the next block goes; what is below is written, or reserved.
    live_bytes: of blocks that the index knows.
    punched_bytes: dead ones whose disk space was given back.
    unindexed: writes into it that the index does not know yet; it must not be compacted.
    """

    size_bytes: int = 0
    live_bytes: int = 0
    punched_bytes: int = 0
    unindexed: int = 0

    @classmethod
    def of_row(cls, row: SegmentRow) -> "Segment":
        return cls(row.size_bytes, row.live_bytes, row.punched_bytes)

    def row(self, *, size_bytes: int, live_bytes_more: int) -> SegmentRow:
        """Args: size_bytes: when the row's transaction was begun."""
        return SegmentRow(
            size_bytes=size_bytes,
            live_bytes=self.live_bytes + live_bytes_more,
            punched_bytes=self.punched_bytes,
        )

    @property
    def garbage_bytes(self) -> int:
        return max(0, self.size_bytes - self.live_bytes - self.punched_bytes)

    def extend(self, size_bytes: int) -> int:
        """Room at its end; where it begins."""
        offset_bytes = self.size_bytes
        self.size_bytes += size_bytes
        return offset_bytes

    def give_back(self, offset_bytes: int, size_bytes: int) -> None:
        """Room that nothing was written to after all. Behind other room it stays garbage."""
        if self.size_bytes == offset_bytes + size_bytes:
            self.size_bytes = offset_bytes

    def hold(self) -> None:
        """Something is written into it that the index does not know yet."""
        self.unindexed += 1

    def release(self) -> None:
        """The index knows it, or it is garbage."""
        self.unindexed -= 1
        assert self.unindexed >= 0, "more was released than held"

    def punched(self, size_bytes: int) -> None:
        self.punched_bytes += size_bytes

    def lives(self, size_bytes: int) -> None:
        """Of blocks that the index names in it; of fewer where it is negative."""
        self.live_bytes += size_bytes

    def restore(self, file_bytes: int) -> None:
        """Its file, at start. What is beyond the row's size is of a flush or a stream that did not
        end."""
        self.size_bytes = max(self.size_bytes, file_bytes)

    def forget_live(self) -> None:
        """They are counted again."""
        self.live_bytes = 0
