"""Does a page of 1,000 keys cost the same whatever the bucket's size?

Fills one bucket for each size (keys `k/00000000`, `k/00000001`, ... in this order) and keeps it, so
that a second run measures at once; then reads pages from random places and reports CPU per page.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Final

from bench.measure import Operation, Phase, Result, measure, run_all
from bench.phases import PAGE_KEYS, page_operation, put_operation, shuffled_forever
from bench.report import aligned, number, ratio
from bench.run import Target
from bench.session import Payload, Session, expect
from bench.sigv4_client import Client

PREFIX: Final = "k/"
FILL_CONCURRENCY: Final = 32
FILL_STEP_KEYS: Final = 20_000
OBJECT_BYTES: Final = 16
PAGES: Final = 500


def key_name(position: int) -> str:
    return f"{PREFIX}{position:08d}"


async def stored_keys(session: Session, client: Client, keys: int) -> int:
    """How many keys are there already, less a margin for those that were under way when it ended.

    Keys are stored in order, so a binary search finds the edge.
    """
    low, high = 0, keys
    while low < high:
        middle = (low + high) // 2
        answer = expect(await client.send(session.head(key_name(middle))), 200, 404)
        low, high = (middle + 1, high) if answer.status == 200 else (low, middle)
    return keys if low == keys else max(0, low - 10 * FILL_CONCURRENCY)


async def fill(session: Session, client: Client, keys: int, seed: int) -> None:
    """Bring the bucket to `keys` keys."""
    payload = Payload.random(OBJECT_BYTES, random.Random(seed))
    begin = await stored_keys(session, client, keys)
    for step in range(begin, keys, FILL_STEP_KEYS):
        step_end = min(step + FILL_STEP_KEYS, keys)
        puts: list[Operation] = [
            put_operation(session.put(key_name(position), payload), payload)
            for position in range(step, step_end)
        ]
        await run_all(session, puts, FILL_CONCURRENCY)
        print(f"{session.bucket}: {step_end:,} of {keys:,} keys", flush=True)


def pages_phase(keys: int, seed: int) -> Phase:
    rng = random.Random(seed)

    async def prepare(session: Session, concurrency: int) -> Iterator[Operation]:
        operations: list[Operation] = []
        for _ in range(PAGES):
            after = rng.randrange(keys - PAGE_KEYS)
            wanted = [key_name(position) for position in range(after + 1, after + 1 + PAGE_KEYS)]
            page = session.list_page(prefix=PREFIX, start_after=key_name(after))
            operations.append(page_operation(page, wanted))
        return itertools.islice(shuffled_forever(rng, operations), 1 << 30)

    return Phase(name=f"list {keys:,}", op_size_bytes=0, concurrency_max=1024, prepare=prepare)


async def measure_listing(
    target: Target, *, sizes: Sequence[int], concurrency: int, seconds: float, seed: int
) -> list[Result]:
    """One result for each size; prints the table. Raises ValueError: a size of one page or less."""
    if min(sizes) <= PAGE_KEYS:
        raise ValueError(f"a bucket needs more than {PAGE_KEYS} keys to have a full page")
    for keys in sizes:
        session = target.session(f"bench-listing-{keys}")
        client = session.client()
        await session.create_bucket(client)
        await fill(session, client, keys, seed)
        client.close()
    results = [
        await measure(
            target.session(f"bench-listing-{keys}"),
            pages_phase(keys, seed),
            concurrency=concurrency,
            seconds=seconds,
            charged=target.charged,
        )
        for keys in sizes
    ]
    first = results[0]
    table = [
        [
            "keys in the bucket",
            "pages/s",
            "p50 ms",
            "p99 ms",
            "srv ms/page",
            "to the first",
            "errors",
        ]
    ]
    for keys, result in zip(sizes, results, strict=True):
        is_charged = first.server_cpu_ms is not None
        compared = (
            ratio(first.server_cpu_ms, result.server_cpu_ms)
            if is_charged
            else ratio(first.p50_ms, result.p50_ms)
        )
        table.append(
            [
                f"{keys:,}",
                number(result.operations_per_second),
                number(result.p50_ms),
                number(result.p99_ms),
                number(result.server_cpu_ms),
                compared,
                str(result.errors),
            ]
        )
    print(aligned(table))
    return results
