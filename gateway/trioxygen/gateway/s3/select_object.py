"""SelectObjectContent: a query over an object, answered as a stream of events.

The object goes through a worker's thread in small steps; what is wrong before anything was
answered is an error as of any operation, later it is the stream's last event."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Overloaded, TrioxygenError
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.protocol.encryption import refuse_on_read
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.encryption import Opening, opening_of
from trioxygen.gateway.s3.error_response import s3_error, said_in
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.select import event_stream
from trioxygen.gateway.select.evaluation import Evaluation
from trioxygen.gateway.select.records.csv import CsvReader
from trioxygen.gateway.select.records.window import ScanWindow
from trioxygen.gateway.select.request import read_select_request
from trioxygen.gateway.select.settings import CsvInput, HeaderInfo, Selection

# An expression of 256 KiB, each character escaped, and its elements.
_BODY_BYTES_MAX: Final = 2 * MIB
_STEP_BYTES: Final = 64 * KIB


async def select_object_content(services: Services, request: S3Request) -> Response:
    _check_type(request)
    if request.head.header("range") is not None:
        raise S3Error("UnsupportedRangeHeader")
    selection = await read_document(
        services,
        request,
        partial(read_select_request, dialect=services.config.dialect.select),
        bytes_max=_BODY_BYTES_MAX,
    )
    record = request.record
    opening = opening_of(request, record.encryption)
    if opening.key is not None:
        await services.store.contents.check_key(record.content, opening.key)
    queries, holder = request.shares.queries, request.holder
    if not queries.take(holder):
        raise Overloaded("too many queries under way", held=queries.held(holder))
    events = _Query(services, request, selection, opening).events()
    # An error that comes before any event is still one of the request.
    try:
        first = await anext(events)
    except BaseException:
        await events.aclose()
        queries.give_back(holder)
        raise
    headers = [(b"content-type", b"application/vnd.amazon.eventstream")]
    if opening.encryption is not None:
        headers += opening.headers
    return Response(200, headers, stream=_Begun(first, events, request))


class _Begun:
    """Events of which the first one is here already; `aclose` ends the query, also of an answer
    that nobody has begun to read."""

    def __init__(
        self, first: bytes, events: AsyncGenerator[bytes, None], request: S3Request
    ) -> None:
        self._first: bytes | None = first
        self._events, self._request, self._is_open = events, request, True

    def __aiter__(self) -> AsyncIterator[Buffer]:
        return self

    async def __anext__(self) -> Buffer:
        first, self._first = self._first, None
        return await anext(self._events) if first is None else first

    async def aclose(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._request.shares.queries.give_back(self._request.holder)
        await self._events.aclose()


class _Query:
    def __init__(
        self, services: Services, request: S3Request, selection: Selection, opening: Opening
    ) -> None:
        self._services, self._request, self._opening = services, request, opening
        self._selection, self._record = selection, request.record
        self._dialect = services.config.dialect
        self._quiet_ms = services.config.keep_alive_space_ms
        self._said_ms = services.clock.monotonic_ms()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Raises S3Error and TrioxygenError before the first event only."""
        has_begun = False
        try:
            async with aclosing(self._events()) as events:
                async for event in events:
                    has_begun = True
                    self._said_ms = self._services.clock.monotonic_ms()
                    yield event
        except (S3Error, TrioxygenError) as error:
            if not has_begun:
                raise
            answer = said_in(self._dialect, s3_error(error, self._request))
            self._request.late_error_code = answer.code
            yield event_stream.error(answer.code, answer.message)

    async def _events(self) -> AsyncGenerator[bytes, None]:
        evaluation, begin = await self._begun()
        pieces = self._pieces(begin)
        async with aclosing(pieces):
            async for piece in pieces:
                async for event in self._run(evaluation, evaluation.feed(piece)):
                    yield event
                if evaluation.is_done:
                    break
        async for event in self._run(evaluation, evaluation.finish()):
            yield event
        if self._selection.tells_progress:
            yield event_stream.progress(evaluation.counts)
        yield event_stream.stats(evaluation.counts)
        yield event_stream.END

    async def _run(
        self, evaluation: Evaluation, steps: Iterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """What comes of a piece of the object; where that is nothing for long, a sign of life."""
        blocking, clock = self._services.blocking, self._services.clock
        while (output := await blocking.run(_next, steps)) is not None:
            if output:
                yield event_stream.records(output)
            elif clock.monotonic_ms() - self._said_ms >= self._quiet_ms:
                if self._selection.tells_progress:
                    yield event_stream.progress(evaluation.counts)
                else:
                    yield event_stream.CONTINUATION

    async def _begun(self) -> tuple[Evaluation, int]:
        """With where the bytes begin that it is to be fed."""
        selection, size_bytes = self._selection, self._record.size_bytes
        now = datetime.fromtimestamp(self._services.clock.wall_ms() / 1_000, UTC)
        dialect = self._dialect.select
        if selection.scan_range is None:
            return Evaluation(selection, dialect, now), 0
        first, last = selection.scan_range.of(size_bytes)
        source = selection.input
        delimiter = source.record_delimiter if isinstance(source, CsvInput) else "\n"
        window = ScanWindow(delimiter.encode(), first, last)
        header: Sequence[str] | None = None
        if isinstance(source, CsvInput) and source.header is not HeaderInfo.NONE and first > 0:
            header = await self._header(source)
        return Evaluation(selection, dialect, now, header=header, window=window), window.begin

    async def _header(self, source: CsvInput) -> Sequence[str]:
        """The object's first record, wherever the range begins."""
        reader = CsvReader(source)
        async with aclosing(self._pieces(0)) as pieces:
            async for piece in pieces:
                record = next(reader.records(piece), None)
                if record is not None:
                    return record
        return next(reader.finish(), [])

    async def _pieces(self, begin: int) -> AsyncGenerator[bytes, None]:
        """Of the object, from there on."""
        length_bytes = self._record.size_bytes - begin
        if not length_bytes:
            return
        contents = self._services.store.contents
        stream = contents.read(
            self._record.content,
            offset_bytes=begin,
            length_bytes=length_bytes,
            buffers=self._request.buffers,
            customer_key=self._opening.key,
        )
        async with aclosing(stream):
            async for data in stream:
                view = memoryview(data)
                for at in range(0, len(view), _STEP_BYTES):
                    yield bytes(view[at : at + _STEP_BYTES])


def _next(steps: Iterator[bytes]) -> bytes | None:
    """None: there are no more. (A future takes no StopIteration.)"""
    return next(steps, None)


def _check_type(request: S3Request) -> None:
    value = request.head.query_value("select-type")
    if value != "2":
        raise invalid_argument("select-type has to be 2.", "select-type", value or "")


ROWS: Final = (
    Operation(
        name="SelectObjectContent",
        route=Route("POST", Level.OBJECT, "select"),
        accesses=(Access("s3:GetObject", Resource.OBJECT, KEY, "s3:GetObjectVersion"),),
        reads_body=True,
        refuses=refuse_on_read,
        handler=select_object_content,
    ),
)
