"""Does a key with a million versions cost what one with ten costs?

Each of the keys is in a bucket of its own. Its versions are put into the OM's store while no server
runs: a million PUTs would take many minutes. They share one block, so all can be read.
Operations that change something come in pairs which leave as many versions as there were.
"""

import itertools
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.measure import Operation, Phase, Result, measure
from bench.report import aligned, number, ratio
from bench.run import Target
from bench.session import Payload, Session, expect, xml_texts
from bench.sigv4_client import Client, Request, WrongAnswer
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.schema import (
    ALL_TABLES,
    BLOCK_REFERENCES,
    BUCKETS,
    HISTORY,
    KEYS,
    VISIBLE,
    history_key,
    key_key,
)
from trioxygen.metadata.replication.state import SEQUENCE, get_integer, put_integer
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1.om_pb2 import BucketRow, HistoryRow

KEY: Final = "k"
PAYLOAD: Final = Payload.random(16, random.Random(1))
# Short enough for the key with few versions.
SHORT_PAGE: Final = 5
LONG_PAGE: Final = 1_000
# From so many versions on, pages and deletions of a thousand of them are measured.
MANY: Final = 10_000
NAMES: Final = (
    "GET current",
    "GET middle version",
    "GET oldest version",
    "HEAD current",
    "HEAD oldest version",
    "list 5 versions, first page",
    "list 5 versions, from the middle",
    "list 1,000 versions, first page",
    "list 1,000 versions, from the middle",
    "ListObjectsV2",
    "DELETE bucket, refused",
    "PUT, DELETE newest version",
    "PUT, DELETE middle version",
    "PUT, DELETE oldest version",
    "DELETE, DELETE marker",
    "DELETE 1,000 oldest versions",
)
_FOLDER: Final = "om"
_AN_HOUR_MS: Final = 3_600_000


def bucket_name(count: int) -> str:
    return f"bench-versions-{count}"


# ---- the state ----


async def prepare_keys(target: Target, counts: Sequence[int]) -> None:
    """Each with its first version."""
    for count in counts:
        session = target.session(bucket_name(count))
        client = session.client()
        await session.create_bucket(client)
        expect(await client.send(session.keep_versions()), 200)
        expect(await client.send(session.put(KEY, PAYLOAD)), 200)
        client.close()


def add_versions(folder: Path, counts: Sequence[int]) -> None:
    """To the keys of a store that does not run."""
    store = LmdbStore(folder / _FOLDER, ALL_TABLES)
    txn = store.begin()
    buckets = {row.name: row for _, row in BUCKETS.scan(txn, prefix=b"")}
    for count in counts:
        _add_versions(txn, buckets[bucket_name(count)], count)
    txn.commit()
    store.sync()
    store.close()


def _add_versions(txn: WriteTxn, bucket: BucketRow, count: int) -> None:
    """Ids are drawn as the OM does, and the current version gets the last of them."""
    place = key_key(bucket.bucket_id, KEY.encode())
    row = KEYS.get(txn, place)
    assert row is not None, "the key's first version is stored"
    first = get_integer(txn, SEQUENCE) + 1
    put_integer(txn, SEQUENCE, first + count - 1)
    history = HistoryRow(row=row, superseded_ms=row.modified_ms - _AN_HOUR_MS)
    for object_id in reversed(range(first, first + count - 1)):
        history.row.object_id = object_id
        HISTORY.put(txn, history_key(bucket.bucket_id, VISIBLE, KEY.encode(), object_id), history)
    row.object_id = first + count - 1
    KEYS.put(txn, place, row)
    for piece in row.blocks:
        block = block_key(piece.container, piece.local)
        references = BLOCK_REFERENCES.get(txn, block)
        assert references is not None, "the block of the first version is referenced"
        references.references += count - 1
        BLOCK_REFERENCES.put(txn, block, references)


# ---- what is done with it ----


class Action(NamedTuple):
    """times: how often it can be done; 0: without end."""

    operation: Operation
    times: int = 0


class OneKey:
    """What a client knows of a key's versions."""

    def __init__(self, session: Session, count: int, newest: str) -> None:
        self._session = session
        last = int(newest, 16)
        middle = last - count // 2
        # Oldest first. From the middle they are taken one after the other, upwards.
        self._older = deque(range(last - count + 1, middle))
        self._newer = deque(range(middle, last + 1))
        self.count = count

    def _named(self, position: float) -> str:
        """Args: position: 0 for the oldest, 1 for the newest."""
        known = len(self._older) + len(self._newer)
        at = min(known - 1, int(position * known))
        older = len(self._older)
        chosen = self._older[at] if at < older else self._newer[at - older]
        return f"{chosen:016x}"

    async def _put(self, client: Client) -> None:
        request = self._session.put(KEY, PAYLOAD)
        answer = expect(await client.send(request), 200, etag=PAYLOAD.etag)
        self._newer.append(int(answer.header(b"x-amz-version-id") or b"", 16))

    async def put_and_delete(self, client: Client, take: Callable[[], int]) -> None:
        await self._put(client)
        deleted = self._session.delete(KEY, f"{take():016x}")
        expect(await client.send(deleted), 204)

    async def mark_and_uncover(self, client: Client) -> None:
        marked = expect(await client.send(self._session.delete(KEY)), 204)
        marker = (marked.header(b"x-amz-version-id") or b"").decode()
        expect(await client.send(self._session.delete(KEY, marker)), 204)

    async def delete_many(self, client: Client) -> None:
        versions = [f"{self._older.popleft():016x}" for _ in range(LONG_PAGE)]
        done = expect(await client.send(self._session.delete_versions(KEY, versions)), 200)
        if b"<Error>" in done.body:
            raise WrongAnswer(f"{done.body[:300]!r}")

    def _page(self, position: float, keys_max: int) -> Operation:
        marker = self._named(position) if position < 1 else ""
        request = self._session.list_versions(
            key_marker=KEY if marker else "", version_marker=marker, keys_max=keys_max
        )

        async def list_page(client: Client) -> None:
            body = expect(await client.send(request), 200).body
            if body.count(b"<VersionId>") != keys_max:
                raise WrongAnswer(f"{body.count(b'<VersionId>')} versions")

        return list_page

    def _answered(self, request: Request, status: int) -> Operation:
        async def ask(client: Client) -> None:
            expect(await client.send(request), status)

        return ask

    def action(self, name: str) -> "Action | None":
        """None: the key has too few versions."""
        session, middle, oldest = self._session, self._named(0.5), self._named(0)
        match name:
            case "GET current":
                return Action(self._answered(session.get(KEY), 200))
            case "GET middle version":
                return Action(self._answered(session.get(KEY, middle), 200))
            case "GET oldest version":
                return Action(self._answered(session.get(KEY, oldest), 200))
            case "HEAD current":
                return Action(self._answered(session.head(KEY), 200))
            case "HEAD oldest version":
                return Action(self._answered(session.head(KEY, oldest), 200))
            case "list 5 versions, first page":
                return Action(self._page(1, SHORT_PAGE))
            case "list 5 versions, from the middle":
                return Action(self._page(0.6, SHORT_PAGE))
            case "ListObjectsV2":
                return Action(self._answered(session.list_page(prefix=""), 200))
            case "DELETE bucket, refused":
                return Action(self._answered(session.delete_bucket(), 409))
            case "PUT, DELETE newest version":
                return Action(self._pair(self._newer.pop))
            case "PUT, DELETE middle version":
                return Action(self._pair(self._newer.popleft))
            case "PUT, DELETE oldest version":
                return Action(self._pair(self._take_oldest))
            case "DELETE, DELETE marker":
                return Action(self.mark_and_uncover)
        if self.count < MANY:
            return None
        match name:
            case "list 1,000 versions, first page":
                return Action(self._page(1, LONG_PAGE))
            case "list 1,000 versions, from the middle":
                return Action(self._page(0.6, LONG_PAGE))
            case "DELETE 1,000 oldest versions":
                return Action(self.delete_many, times=1)
        raise AssertionError(f"no such operation: {name}")

    def _take_oldest(self) -> int:
        return (self._older or self._newer).popleft()

    def _pair(self, take: Callable[[], int]) -> Operation:
        def put_and_delete(client: Client) -> Awaitable[None]:
            return self.put_and_delete(client, take)

        return put_and_delete


async def _newest(session: Session, client: Client) -> str:
    [version] = xml_texts(
        expect(await client.send(session.list_versions(keys_max=1)), 200).body, "VersionId"
    )
    return version


async def measure_versions(
    target: Target, *, counts: Sequence[int], seconds: float, rounds: int
) -> list[Result]:
    """One client, so that times add nothing up. What is compared is measured in turn, and the best
    round of each counts. Prints the table."""
    keys: list[tuple[Session, OneKey]] = []
    for count in counts:
        session = target.session(bucket_name(count))
        client = session.client()
        keys.append((session, OneKey(session, count, await _newest(session, client))))
        client.close()
    best: dict[str, dict[int, Result]] = {}
    for _ in range(rounds):
        for name in NAMES:
            for session, key in keys:
                action = key.action(name)
                if action is None:
                    continue
                phase = _phase(f"{name} ({key.count:,})", action)
                result = await measure(
                    session, phase, concurrency=1, seconds=seconds, charged=target.charged
                )
                print(f"{result.phase}: p50 {result.p50_ms} ms, errors {result.errors}", flush=True)
                known = best.setdefault(name, {}).get(key.count)
                best[name][key.count] = result if known is None else _better(known, result)
    print(aligned(_table(best, counts)))
    return [result for of_name in best.values() for result in of_name.values()]


def _better(one: Result, other: Result) -> Result:
    """A round with wrong answers is never better."""
    return min(one, other, key=lambda result: (-result.errors, result.server_cpu_ms or 0.0))


def _phase(name: str, action: Action) -> Phase:
    async def prepare(session: Session, concurrency: int) -> Iterator[Operation]:
        operation, times = action
        return itertools.repeat(operation, times) if times else itertools.repeat(operation)

    return Phase(name=name, op_size_bytes=0, concurrency_max=1, prepare=prepare)


def _table(results: dict[str, dict[int, Result]], counts: Sequence[int]) -> list[list[str]]:
    table = [["p50 ms | srv ms/op", *(f"{count:,} versions" for count in counts), "to the first"]]
    for name, of_name in results.items():
        found = [of_name.get(count) for count in counts]
        cells = [
            "-" if each is None else f"{number(each.p50_ms)} | {number(each.server_cpu_ms)}"
            for each in found
        ]
        known = [each for each in found if each is not None]
        table.append([name, *cells, ratio(known[0].server_cpu_ms, known[-1].server_cpu_ms)])
    return table
