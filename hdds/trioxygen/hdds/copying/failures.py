"""What a node was told to make, and could not: kept until the SCM that leads has heard of it. That
plans it anew, and does not wait until its time is over."""

from collections.abc import Sequence
from typing import Final

from trioxygen.common.errors import TrioxygenError
from trioxygen.proto.v1.scm_pb2 import FailedRepair

# Of the last ones. The SCM gives up those that it is not told of when their time is over.
_KEPT_MAX: Final = 1_000
_REASON_MAX: Final = 1_000

# By container and target.
_Key = tuple[int, str]


class Failures:
    """Args (of all methods): target: that was to get a copy; empty: parts were to be rebuilt."""

    def __init__(self) -> None:
        self._untold: dict[_Key, FailedRepair] = {}

    def note(self, container_id: int, target: str, reason: TrioxygenError | OSError) -> None:
        # Folders have names of any bytes, and errors name them; messages take text.
        text = str(reason).encode(errors="backslashreplace").decode()
        self._untold[container_id, target] = FailedRepair(
            container_id=container_id, target_node_id=target, reason=text[:_REASON_MAX]
        )
        if len(self._untold) > _KEPT_MAX:
            del self._untold[next(iter(self._untold))]

    def begun_again(self, container_id: int, target: str) -> None:
        """How it ends is not known any more."""
        self._untold.pop((container_id, target), None)

    def untold(self) -> Sequence[FailedRepair]:
        return [*self._untold.values()]

    def forget(self, failures: Sequence[FailedRepair]) -> None:
        """The SCM that leads has heard of these; not of what failed since."""
        for failure in failures:
            key = failure.container_id, failure.target_node_id
            if self._untold.get(key) is failure:
                del self._untold[key]
