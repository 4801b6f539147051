"""Whether this process should be sent requests: what `/_health/ready` answers. No HTTP here."""


class Readiness:
    """Not ready until it is set; taken back first when the process stops."""

    __slots__ = ("_is_ready",)

    def __init__(self) -> None:
        self._is_ready = False

    def set(self, is_ready: bool) -> None:
        self._is_ready = is_ready

    def get(self) -> bool:
        return self._is_ready
