"""Calls to a replicated service: fills in request ids, finds the leader, retries what is safe to
retry.

A mutating request keeps its (client_id, request_id) over all its tries, so the service answers it
once."""

from typing import Final

from google.protobuf.message import Message

from trioxygen.common.errors import (
    DeadlineExceeded,
    NotLeader,
    Overloaded,
    SafeMode,
    Unavailable,
    Unreachable,
)
from trioxygen.common.network import Reply
from trioxygen.common.runtime import Runtime

_RETRIED: Final = (NotLeader, Unreachable, Overloaded, SafeMode)
_WAIT_MS_FIRST: Final = 5.0
_WAIT_MS_MAX: Final = 500.0


class LeaderClient:
    """Args:
    service: the name of its protobuf service.
    addresses: of all replicas."""

    def __init__(
        self, runtime: Runtime, service: str, addresses: list[str], *, timeout_ms: float = 30_000
    ) -> None:
        self._runtime, self._service, self._timeout_ms = runtime, service, timeout_ms
        self._channels = [runtime.network.channel(address) for address in addresses]
        self._leader = 0
        self.client_id = runtime.rng.getrandbits(63) | 1
        self._last_request_id = 0
        self._methods: dict[type[Message], tuple[str, bool]] = {}

    def _method(self, request_type: type[Message]) -> tuple[str, bool]:
        known = self._methods.get(request_type)
        if known is None:
            mutating = "request_id" in request_type.DESCRIPTOR.fields_by_name
            known = f"{self._service}/{request_type.__name__.removesuffix('Request')}", mutating
            self._methods[request_type] = known
        return known

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply:
        """Raises: what the service refused; Unavailable errors once the deadline is near."""
        method, mutating = self._method(type(request))
        if mutating:
            self._last_request_id += 1
            request.client_id = self.client_id  # type: ignore[attr-defined]
            request.request_id = self._last_request_id  # type: ignore[attr-defined]
        tried = self._leader
        try:
            return await self._channels[tried].call(
                method, request, reply_type, timeout_ms=self._timeout_ms
            )
        except _RETRIED as error:
            return await self._call_again(method, request, reply_type, error, tried)

    async def _call_again(
        self, method: str, request: Message, reply_type: type[Reply], error: Unavailable, tried: int
    ) -> Reply:
        clock = self._runtime.clock
        deadline_ms = clock.monotonic_ms() + self._timeout_ms
        wait_ms = _WAIT_MS_FIRST
        while True:
            left_ms = deadline_ms - clock.monotonic_ms()
            if left_ms <= wait_ms:
                raise DeadlineExceeded(f"gave up on {method}: {error}") from error
            await clock.sleep_ms(wait_ms * self._runtime.rng.uniform(0.5, 1.0))
            wait_ms = min(_WAIT_MS_MAX, wait_ms * 2)
            # Only past the one that failed: another call may have moved on already.
            if isinstance(error, NotLeader | Unreachable) and self._leader == tried:
                self._leader = (tried + 1) % len(self._channels)
            tried = self._leader
            try:
                return await self._channels[tried].call(
                    method, request, reply_type, timeout_ms=left_ms
                )
            except _RETRIED as again:
                error = again
