"""The requests of one connection, and their answers in the same order.

A task of the ASGI application runs for one request at a time; what came before its turn waits.
"""

from collections import deque

from trioxygen.gateway.http.ending import Ending
from trioxygen.gateway.http.exchange import Exchange
from trioxygen.gateway.http.inflow import Inflow
from trioxygen.gateway.http.limits import Listening
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.refusal import Reason, Refusal, Refused
from trioxygen.gateway.http.response import refusal_bytes
from trioxygen.gateway.http.scope import NO_EXTENSIONS, Extensions, HttpHead, asgi_scope
from trioxygen.gateway.http.states import Break
from trioxygen.gateway.http.target import BadTarget
from trioxygen.gateway.http.watch import Watch

Address = tuple[str, int] | None


class Pipeline:
    """Takes what `RequestReader` reads; carries its exchanges (`Carrier`).

    Args:
        server, client: addresses of the two sides.
        extensions: of ASGI, that all its requests have.

    Attributes:
        active: `listening.now` when a byte last came or was taken, or an answer was complete.
    """

    __slots__ = (
        "_client",
        "_ending",
        "_exchanges",
        "_extensions",
        "_inflow",
        "_received",
        "_refused",
        "_server",
        "_watch",
        "active",
        "listening",
        "outlet",
    )

    def __init__(
        self,
        listening: Listening,
        inflow: Inflow,
        outlet: Outlet,
        ending: Ending,
        watch: Watch,
        *,
        server: Address,
        client: Address,
        extensions: Extensions = NO_EXTENSIONS,
    ) -> None:
        self.listening, self.outlet = listening, outlet
        self._inflow, self._ending, self._watch = inflow, ending, watch
        self._server, self._client, self._extensions = server, client, extensions
        self.active = listening.now
        self._exchanges: deque[Exchange] = deque()
        # The request whose body comes in.
        self._received: Exchange | None = None
        # Of what cannot be read: answered after the requests before it.
        self._refused: Refused | None = None

    @property
    def is_answering(self) -> bool:
        return bool(self._exchanges)

    @property
    def is_waiting_for_body(self) -> bool:
        """The application of the first request waits for its body."""
        return self._exchanges[0].is_waiting_for_body

    # ---- requests ----

    def begin_request(self, head: HttpHead) -> None:
        if len(self._exchanges) > self.listening.limits.pipelined_max:
            raise Refusal(Reason.TOO_MANY_REQUESTS)
        try:
            scope = asgi_scope(
                head,
                scheme=self.listening.scheme,
                server=self._server,
                client=self._client,
                extensions=self._extensions,
            )
        except BadTarget:
            raise Refusal(Reason.MALFORMED) from None
        exchange = Exchange(
            self, scope, keep_alive=head.keep_alive, expects_continue=head.expects_continue
        )
        self._exchanges.append(exchange)
        self._received = exchange
        self._inflow.body = exchange.body
        if len(self._exchanges) == 1:
            self._start(exchange)
        else:
            self._inflow.pause()

    def _start(self, exchange: Exchange) -> None:
        listening = self.listening
        self._watch.begin()
        exchange.is_started = True
        # The application gets bound methods of the exchange: nothing is wrapped.
        task = listening.loop.create_task(
            listening.app(exchange.scope, exchange.receive, exchange.send)
        )
        listening.tasks.add(task)
        task.add_done_callback(exchange.task_ended)

    def take_body(self, piece: bytes) -> None:
        exchange = self._received
        if exchange is None or exchange.response.is_complete:
            return
        exchange.add_body(piece)
        self._inflow.body_came(exchange.body)

    def end_body(self) -> bool:
        exchange = self._received
        if exchange is not None:
            exchange.end_body()
            self._received = self._inflow.body = None
            if not exchange.keep_alive:
                self._ending.read_no_more()
        return self._ending.is_open

    def _read_no_more(self) -> None:
        self._received = None
        self._ending.read_no_more()

    def end_input(self) -> bool:
        """The client has ended its side. Returns whether somebody still waits for an answer."""
        if not self._exchanges or self.listening.scheme == "https":
            return False
        newest = self._exchanges[-1]
        newest.keep_alive = False
        if not newest.body.is_complete:
            newest.disconnect(Break.INCOMPLETE)
        self._read_no_more()
        return True

    def end_idle_body(self) -> None:
        """The body that is waited for does not come: the application answers for it."""
        self._read_no_more()
        self._exchanges[0].disconnect(Break.IDLE)

    def body_taken(self, exchange: Exchange, *, is_wanted: bool) -> None:
        # What is read next belongs to the newest request.
        if self._exchanges and self._exchanges[-1] is exchange:
            self._inflow.body_taken(exchange.body, is_wanted=is_wanted)

    # ---- answers ----

    def exchange_answered(self, exchange: Exchange) -> None:
        assert self._exchanges[0] is exchange, "answers go out in the order of requests"
        self._exchanges.popleft()
        self.active = self.listening.now
        if not exchange.keep_alive:
            self._drop_exchanges()
            self._ending.end(is_client_silent=exchange.body.is_complete)
        elif self._exchanges:
            self._start(self._exchanges[0])
        elif self._refused is not None:
            self._answer_refusal(self._refused)
        elif self.listening.stopping:
            self.close()
        else:
            self._inflow.resume()

    def lose(self, reason: Break) -> None:
        """The connection is gone."""
        for exchange in self._exchanges:
            exchange.disconnect(reason)
        self._drop_exchanges()

    def _drop_exchanges(self) -> None:
        for exchange in self._exchanges:
            exchange.drop()
        self._exchanges.clear()

    def close(self) -> None:
        self._ending.close()

    # ---- refusals ----

    def fail(self, reason: Reason, *, method: str) -> None:
        """What came is not HTTP: the requests before it are answered, then it."""
        if not self._ending.is_open:
            return  # bytes after a last request are nobody's
        self.listening.metrics.malformed.labels(self.listening.name).inc()
        broken = self._received
        self._read_no_more()
        if broken is not None:
            # The application answers for the broken body.
            broken.disconnect(Break.MALFORMED)
            return
        self._refused = self._refusal(reason, method=method)
        if not self._exchanges:
            self._answer_refusal(self._refused)

    def refuse(
        self,
        reason: Reason,
        *,
        method: str = "",
        is_client_silent: bool = False,
        waited_seconds: float = 0.0,
    ) -> None:
        """An answer of the server's own, then the end."""
        refused = self._refusal(reason, method=method, waited_seconds=waited_seconds)
        self._answer_refusal(refused, is_client_silent=is_client_silent)

    def _refusal(self, reason: Reason, *, method: str, waited_seconds: float = 0.0) -> Refused:
        return Refused(
            reason=reason,
            method=method,
            remote=self._client[0] if self._client else "",
            waited_seconds=waited_seconds,
            head_bytes_max=self.listening.limits.head_bytes_max,
        )

    def _answer_refusal(self, refused: Refused, *, is_client_silent: bool = False) -> None:
        self.outlet.write(
            refusal_bytes(
                self.listening.refusals(refused),
                common_head=self.listening.common_head,
                is_head_request=refused.method == "HEAD",
            )
        )
        self._ending.end(is_client_silent=is_client_silent)
