"""Of an object's bytes, those of the records that begin in a range. Pure."""


class ScanWindow:
    """Args:
    delimiter: of records.
    first, last: where they may begin; `last` is one too far.

    Attributes: begin: where the bytes begin that it has to be fed. is_done: it needs no more."""

    def __init__(self, delimiter: bytes, first: int, last: int) -> None:
        self._delimiter, self._last = delimiter, last
        # A record begins at `first` when a delimiter ends there.
        self.begin = max(first - len(delimiter), 0)
        self._at = self.begin
        self._is_before = first > 0
        self._held = b""
        self.is_done = first >= last

    def cut(self, data: bytes) -> bytes:
        """What of it is of these records."""
        if self.is_done:
            return b""
        data, self._held = self._held + data, b""
        delimiter = self._delimiter
        if self._is_before:
            end = data.find(delimiter)
            if end < 0:
                self._hold(data)
                return b""
            self._is_before = False
            end += len(delimiter)
            data, self._at = data[end:], self._at + end
            if self._at >= self._last:
                self.is_done = True
                return b""
        search_from = max(self._last - len(delimiter) - self._at, 0)
        end = data.find(delimiter, search_from) if search_from < len(data) else -1
        if end >= 0:
            self.is_done = True
            return data[: end + len(delimiter)]
        return data[: len(data) - self._hold(data)]

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return b"" if self._is_before or self.is_done else held

    def _hold(self, data: bytes) -> int:
        """Keeps what may be the beginning of a delimiter; how much that is."""
        size = min(len(self._delimiter) - 1, len(data))
        self._held = data[len(data) - size :]
        self._at += len(data) - size
        return size
