"""One HTTP request and its answer, as ASGI sees them. The connection moves the bytes."""

import asyncio
from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.gateway.http.limits import (
    AnswerCutShort,
    ClientGone,
    ClientTooSlow,
    Listening,
    Message,
    Scope,
)
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.refusal import Reason
from trioxygen.gateway.http.request_body import RequestBody
from trioxygen.gateway.http.response import CONTINUE, Headers, Response
from trioxygen.gateway.http.states import BREAK_MOVES, BodyState, Break

log = logs.get(__name__)

_UNASKED: Final = BodyState.UNASKED


class Carrier(Protocol):
    """What an exchange asks of its connection."""

    listening: Listening
    outlet: Outlet

    def body_taken(self, exchange: "Exchange", *, is_wanted: bool) -> None:
        """The application has taken all that had come. Args: is_wanted: it waits for more."""
        ...

    def exchange_answered(self, exchange: "Exchange") -> None:
        """All of its answer is written."""
        ...

    def refuse(self, reason: Reason, *, method: str, is_client_silent: bool) -> None:
        """Answers in the application's place, then ends."""
        ...

    def close(self) -> None: ...


class Exchange:
    """A request and its answer.

    The ASGI event `http.disconnect` carries one more key, `reason`: a `Break`'s, or "answered".
    After a `Break` that leaves a reader an answer can still be sent.

    Attributes:
        body: of the request. Its holder is who the application writes into the scope before it asks
            for the body; else the client's address.
        keep_alive: another request may follow on the connection.
    """

    __slots__ = (
        "_break",
        "_connection",
        "_expects_continue",
        "_waiter",
        "body",
        "is_started",
        "keep_alive",
        "response",
        "scope",
    )

    def __init__(
        self, connection: Carrier, scope: Scope, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        self._expects_continue = expects_continue
        self._break: Break | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.is_started = False
        self.body = RequestBody(connection.listening.intake)
        self.response = Response(
            connection.outlet,
            is_head_request=scope["method"] == "HEAD",
            is_http_10=scope["http_version"] == "1.0",
        )

    # ---- from the connection ----

    @property
    def is_waiting_for_body(self) -> bool:
        return self._waiter is not None and not self.body.is_complete and self._break is None

    def add_body(self, piece: bytes) -> None:
        self.body.add(piece)
        self._expects_continue = False
        if self._waiter is not None:
            self._wake()

    def end_body(self) -> None:
        self.body.is_complete = True
        if self._waiter is not None:
            self._wake()

    def disconnect(self, reason: Break) -> None:
        """No more of the body comes."""
        if self._break is None or reason in BREAK_MOVES[self._break]:
            self._break = reason
        self.keep_alive = False
        if self._waiter is not None:
            self._wake()

    def _wake(self) -> None:
        assert self._waiter is not None
        if not self._waiter.done():
            self._waiter.set_result(None)

    # ---- the application's side ----

    async def receive(self) -> Message:
        body = self.body
        if body.state is _UNASKED:
            self._ask()
        else:
            body.give_back()
        while True:
            if body.pieces:
                piece, more = body.take()
                if not body.pieces:
                    self._connection.body_taken(self, is_wanted=False)
                return {"type": "http.request", "body": piece, "more_body": more}
            if self._break is not None:
                return {"type": "http.disconnect", "reason": self._break.value}
            if self.response.is_complete:
                return {"type": "http.disconnect", "reason": "answered"}
            if body.take_end():
                return {"type": "http.request", "body": b"", "more_body": False}
            if self._expects_continue and not body.is_complete:
                self._expects_continue = False
                self._connection.outlet.write(CONTINUE)
            assert self._waiter is None, "two tasks receive one request"
            self._connection.body_taken(self, is_wanted=True)
            self._waiter = self._connection.listening.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _ask(self) -> None:
        client = self.scope["client"]
        self.body.ask(self.scope.get("holder") or f"address {client[0] if client else ''}")

    async def send(self, message: Message) -> None:
        """Returns when the client has taken nearly all of it: who makes the next piece only then
        holds one at most. Raises ClientGone when nobody can read it."""
        if self._break is not None:
            self._check_reachable()
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
            return
        assert message["type"] == "http.response.body", message["type"]
        outlet = self._connection.outlet
        if outlet.is_paused:
            # Of an answer before this one.
            await outlet.drained()
            self._check_reachable()
        more = bool(message.get("more_body", False))
        self.response.send(message.get("body", b""), more)
        if not more:
            if self._waiter is not None:
                self._wake()
            self._connection.exchange_answered(self)
        elif outlet.is_paused:
            await outlet.drained()
            self._check_reachable()

    def _check_reachable(self) -> None:
        if self._break is Break.SLOW:
            raise ClientTooSlow("the client took its answer too slowly")
        if self._break is Break.GONE:
            raise ClientGone("the client closed the connection")

    def _begin(self, status: int, headers: Headers) -> None:
        listening, body = self._connection.listening, self.body
        # A body that is still on its way would be taken for the next request.
        if not body.is_complete or listening.stopping:
            self.keep_alive = False
        self.keep_alive = self.response.begin(
            status,
            headers,
            common_head=listening.common_head,
            keep_alive=self.keep_alive,
            # An empty body is asked for as well: botocore takes the status of an answer that comes
            # instead of 100 for that of the next such request too, unless the connection closes.
            asks_continue=self._expects_continue and body.is_complete,
        )

    # ---- the end ----

    def drop(self) -> None:
        """The connection answers it no more. One whose application runs ends with it."""
        if not self.is_started:
            self.body.settle()

    def task_ended(self, task: "asyncio.Task[None]") -> None:
        listening = self._connection.listening
        listening.tasks.discard(task)
        self.body.settle()
        error = None if task.cancelled() else task.exception()
        if self.response.is_complete:
            if error is not None:
                self._count_failure("request_failed_after_answer", error)
        elif self._break is not None:
            # The client ended it: nobody waits for an answer.
            self._connection.close()
            if error is not None and not isinstance(error, (ClientGone, AnswerCutShort)):
                self._count_failure("request_failed", error)
        elif task.cancelled():
            # By `stop`.
            self._refuse(Reason.STOPPING)
        else:
            self._count_failure("request_failed", error)
            self._refuse(Reason.FAILED)

    def _count_failure(self, event: str, error: BaseException | None) -> None:
        listening = self._connection.listening
        listening.metrics.failures.labels(listening.name).inc()
        # What cuts an answer short is in the log already.
        if not isinstance(error, AnswerCutShort):
            log.error(event, path=self.scope["path"], error=error)

    def _refuse(self, reason: Reason) -> None:
        """In the application's place."""
        if self.response.is_out:
            # Part of the answer is sent: only an early end tells the client.
            self._connection.close()
            return
        self._connection.refuse(
            reason, method=self.scope["method"], is_client_silent=self.body.is_complete
        )
