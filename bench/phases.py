"""What is measured: small and large PUT and GET, HEAD, LIST, DELETE, multipart.

Small requests are signed before the clock starts; each phase verifies status, ETag, length, and of
every SAMPLE_EVERY-th body the digest.
"""

import hashlib
import itertools
import random
from collections.abc import Iterator
from typing import Final

from bench.measure import Operation, Phase, Prepare, run_all
from bench.session import KIB, MIB, Payload, Session, expect, xml_texts
from bench.sigv4_client import Client, Request, WrongAnswer

SMALL_BYTES: Final = 4 * KIB
MEDIUM_BYTES: Final = MIB
LARGE_BYTES: Final = 64 * MIB
PART_BYTES: Final = 8 * MIB
PARTS_PER_UPLOAD: Final = 8
STANDING_KEYS: Final = 2_000
PAGE_KEYS: Final = 1_000
SMALL_CONCURRENCY_MAX: Final = 1_024
MEDIUM_CONCURRENCY_MAX: Final = 32
LARGE_CONCURRENCY_MAX: Final = 8
# Keys that one phase writes in turn, by the objects' size.
OBJECTS: Final = {MEDIUM_BYTES: 32, LARGE_BYTES: 4}
SAMPLE_EVERY: Final = 16
FILL_CONCURRENCY: Final = 16
SMALL_OPERATIONS_PER_SECOND_MAX: Final = 6_000

NAMES: Final = (
    "put4k", "get4k", "head", "list1000", "delete", "put1m", "get1m", "put64m", "get64m",
    "multipart",
)  # fmt: skip


def put_operation(request: Request, payload: Payload) -> Operation:
    async def put(client: Client) -> None:
        expect(await client.send(request), 200, etag=payload.etag)

    return put


def head_operation(request: Request, payload: Payload) -> Operation:
    wanted = str(len(payload.body)).encode()

    async def head(client: Client) -> None:
        answer = expect(await client.send(request), 200, etag=payload.etag)
        if answer.header(b"content-length") != wanted:
            raise WrongAnswer(f"length {answer.header(b'content-length')!r}, not {wanted!r}")

    return head


def delete_operation(request: Request) -> Operation:
    async def delete(client: Client) -> None:
        expect(await client.send(request), 204)

    return delete


def get_operation(request: Request, payload: Payload, counter: Iterator[int]) -> Operation:
    async def get(client: Client) -> None:
        sampled = next(counter) % SAMPLE_EVERY == 0
        digest = hashlib.md5()
        small = len(payload.body) <= SMALL_BYTES
        sink = None if small else digest.update if sampled else discard
        answer = expect(await client.send(request, sink), 200, etag=payload.etag)
        if answer.size_bytes != len(payload.body):
            raise WrongAnswer(f"{answer.size_bytes} bytes, not {len(payload.body)}")
        if sampled:
            digest.update(answer.body)
            if digest.hexdigest() != payload.md5:
                raise WrongAnswer("the body is not the one that was stored")

    return get


def large_keys(size_bytes: int) -> list[str]:
    return [f"large/{size_bytes}/{number}" for number in range(OBJECTS[size_bytes])]


def discard(data: memoryview) -> None:
    """Keep nothing of a body; its length is counted by the connection."""


class Phases:
    """The phases of one session, with what they leave for each other."""

    def __init__(self, *, seconds: float, seed: int) -> None:
        rng = random.Random(seed)
        self._rng = rng
        self._seconds = seconds
        self._small = [Payload.random(SMALL_BYTES, rng) for _ in range(256)]
        self._part = Payload.random(PART_BYTES, rng)
        self._large = dict[int, Payload]()
        self._serial = itertools.count()
        self._is_filled = False
        self._deletable: list[str] = []

    def select(self, names: list[str]) -> list[Phase]:
        """In the order in which they feed each other. Raises ValueError: an unknown name."""
        unknown = set(names) - set(NAMES)
        if unknown:
            raise ValueError(f"unknown phases {sorted(unknown)}, known: {', '.join(NAMES)}")
        small = {
            "put4k": (SMALL_BYTES, self._put4k),
            "get4k": (SMALL_BYTES, self._get4k),
            "head": (0, self._head),
            "list1000": (0, self._list),
            "delete": (0, self._delete),
        }
        medium = {
            "put1m": (MEDIUM_BYTES, self._put(MEDIUM_BYTES)),
            "get1m": (MEDIUM_BYTES, self._get(MEDIUM_BYTES)),
        }
        large = {
            "put64m": (LARGE_BYTES, self._put(LARGE_BYTES)),
            "get64m": (LARGE_BYTES, self._get(LARGE_BYTES)),
            "multipart": (PART_BYTES * PARTS_PER_UPLOAD, self._multipart),
        }
        known = [
            Phase(name=name, op_size_bytes=size, concurrency_max=concurrency_max, prepare=prepare)
            for kinds, concurrency_max in (
                (small, SMALL_CONCURRENCY_MAX),
                (medium, MEDIUM_CONCURRENCY_MAX),
                (large, LARGE_CONCURRENCY_MAX),
            )
            for name, (size, prepare) in kinds.items()
        ]
        assert [phase.name for phase in known] == list(NAMES)
        return [phase for phase in known if phase.name in names]

    # -- small objects

    def _payload(self, number: int) -> Payload:
        return self._small[number % len(self._small)]

    async def _standing_keys(self, session: Session) -> list[str]:
        """Keys that stay: what get4k, head and list1000 read."""
        keys = [f"standing/{number:08d}" for number in range(STANDING_KEYS)]
        if not self._is_filled:
            await run_all(session, self._puts(session, keys), FILL_CONCURRENCY)
            self._is_filled = True
        return keys

    def _puts(self, session: Session, keys: list[str]) -> list[Operation]:
        return [
            put_operation(session.put(key, self._payload(number)), self._payload(number))
            for number, key in enumerate(keys)
        ]

    async def _put4k(self, session: Session, concurrency: int) -> Iterator[Operation]:
        run = next(self._serial)
        count = int(self._seconds * SMALL_OPERATIONS_PER_SECOND_MAX)
        keys = [f"put/{run}/{number:08d}" for number in range(count)]
        done: list[str] = []
        self._deletable = done

        def noting_keys() -> Iterator[Operation]:
            for key, operation in zip(keys, operations, strict=True):
                done.append(key)
                yield operation

        operations = self._puts(session, keys)
        return noting_keys()

    async def _get4k(self, session: Session, concurrency: int) -> Iterator[Operation]:
        keys = await self._standing_keys(session)
        counter = itertools.count()
        return shuffled_forever(
            self._rng,
            [
                get_operation(session.get(key), self._payload(number), counter)
                for number, key in enumerate(keys)
            ],
        )

    async def _head(self, session: Session, concurrency: int) -> Iterator[Operation]:
        keys = await self._standing_keys(session)
        return shuffled_forever(
            self._rng,
            [
                head_operation(session.head(key), self._payload(number))
                for number, key in enumerate(keys)
            ],
        )

    async def _list(self, session: Session, concurrency: int) -> Iterator[Operation]:
        keys = await self._standing_keys(session)
        starts = range(0, STANDING_KEYS - PAGE_KEYS, 50)
        return shuffled_forever(
            self._rng,
            [
                page_operation(
                    session.list_page(prefix="standing/", start_after=keys[start]),
                    keys[start + 1 : start + 1 + PAGE_KEYS],
                )
                for start in starts
            ],
        )

    async def _delete(self, session: Session, concurrency: int) -> Iterator[Operation]:
        keys, self._deletable = self._deletable, []
        if not keys:
            run = next(self._serial)
            keys = [f"put/{run}/{number:08d}" for number in range(STANDING_KEYS)]
            await run_all(session, self._puts(session, keys), FILL_CONCURRENCY)
        return iter([delete_operation(session.delete(key)) for key in keys])

    # -- large objects

    def _large_puts(self, session: Session, size_bytes: int) -> list[Operation]:
        payload = self._large.get(size_bytes)
        if payload is None:
            payload = self._large[size_bytes] = Payload.random(size_bytes, self._rng)
        return [put_operation(session.put(key, payload), payload) for key in large_keys(size_bytes)]

    def _put(self, size_bytes: int) -> Prepare:
        async def prepare(session: Session, concurrency: int) -> Iterator[Operation]:
            return itertools.cycle(self._large_puts(session, size_bytes))

        return prepare

    def _get(self, size_bytes: int) -> Prepare:
        async def prepare(session: Session, concurrency: int) -> Iterator[Operation]:
            await run_all(session, self._large_puts(session, size_bytes), 1)
            payload, counter = self._large[size_bytes], itertools.count()
            return itertools.cycle(
                [
                    get_operation(session.get(key), payload, counter)
                    for key in large_keys(size_bytes)
                ]
            )

        return prepare

    async def _multipart(self, session: Session, concurrency: int) -> Iterator[Operation]:
        return itertools.cycle(
            [
                self._upload_operation(session, f"multipart/{number}")
                for number in range(OBJECTS[LARGE_BYTES])
            ]
        )

    def _upload_operation(self, session: Session, key: str) -> Operation:
        part = self._part
        digests = bytes.fromhex(part.md5) * PARTS_PER_UPLOAD
        wanted = f"{hashlib.md5(digests).hexdigest()}-{PARTS_PER_UPLOAD}"
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{part.md5}&quot;</ETag></Part>"
            for number in range(1, PARTS_PER_UPLOAD + 1)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()

        async def upload(client: Client) -> None:
            created = expect(await client.send(session.post(key, [("uploads", "")])), 200)
            [upload_id] = xml_texts(created.body, "UploadId")
            for number in range(1, PARTS_PER_UPLOAD + 1):
                query = [("partNumber", str(number)), ("uploadId", upload_id)]
                expect(await client.send(session.put(key, part, query)), 200, etag=part.etag)
            done = expect(
                await client.send(session.post(key, [("uploadId", upload_id)], body)), 200
            )
            # An error may stand inside a 200 (the server may have sent white space early).
            if [etag.strip('"') for etag in xml_texts(done.body.strip(), "ETag")] != [wanted]:
                raise WrongAnswer(f"multipart answer: {done.body[:300]!r}")

        return upload


def page_operation(request: Request, wanted: list[str]) -> Operation:
    """A page is verified without parsing XML: the client's own cost must stay small."""
    first, last = f"<Key>{wanted[0]}</Key>".encode(), f"<Key>{wanted[-1]}</Key>".encode()

    async def list_page(client: Client) -> None:
        body = expect(await client.send(request), 200).body
        start, end = body.find(b"<Key>"), body.rfind(b"<Key>")
        if (
            body.count(b"<Key>") != len(wanted)
            or not body.startswith(first, start)
            or not body.startswith(last, end)
        ):
            raise WrongAnswer(f"{body.count(b'<Key>')} keys from {body[start : start + 60]!r}")

    return list_page


def shuffled_forever(rng: random.Random, operations: list[Operation]) -> Iterator[Operation]:
    """The operations again and again, in one random order."""
    order = list(operations)
    rng.shuffle(order)
    return itertools.cycle(order)
