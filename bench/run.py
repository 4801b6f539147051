"""A whole run: a bucket of its own, every phase at every concurrency, and the bucket gone again."""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bench.accounting import Charged
from bench.measure import Operation, Result, measure, run_all
from bench.phases import FILL_CONCURRENCY, Phases, delete_operation, put_operation
from bench.report import result_table
from bench.session import Payload, Session, expect, xml_texts
from bench.signing import Endpoint, Signer
from bench.sigv4_client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The store to measure; `charged`: whose CPU is the server's."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str
    signs_payload: bool
    charged: Charged | None

    def session(self, bucket: str, storage_class: str = "") -> Session:
        endpoint = Endpoint.parse(self.endpoint)
        signer = Signer(
            endpoint=endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
        )
        return Session(
            endpoint=endpoint,
            signer=signer,
            bucket=bucket,
            signs_payload=self.signs_payload,
            storage_class=storage_class,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to measure: `seconds` for each phase at each concurrency."""

    phases: Sequence[str]
    concurrencies: Sequence[int]
    seconds: float
    seed: int


async def empty_and_delete_bucket(session: Session, client: Client) -> None:
    """Delete every key, a page at a time, then the bucket."""
    while True:
        page = expect(await client.send(session.list_page(prefix="")), 200)
        keys = xml_texts(page.body, "Key")
        if not keys:
            break
        deletes: list[Operation] = [delete_operation(session.delete(key)) for key in keys]
        await run_all(session, deletes, FILL_CONCURRENCY)
    expect(await client.send(session.delete_bucket()), 204)


async def run(target: Target, settings: Settings) -> list[Result]:
    """Prints each result as it comes, and a table of all."""
    results = await measure_phases(target, settings)
    print(result_table([result.as_json() for result in results]))
    return results


async def measure_phases(
    target: Target, settings: Settings, *, storage_class: str = ""
) -> list[Result]:
    """Prints each result as it comes. Concurrencies above a phase's limit are left out."""
    session = target.session(f"bench-{secrets.token_hex(6)}", storage_class)
    phases = Phases(seconds=settings.seconds, seed=settings.seed)
    selected = phases.select(list(settings.phases))
    client = session.client()
    await session.create_bucket(client)
    results: list[Result] = []
    try:
        # The first object of a storage class waits until there is a pipeline for it.
        first = Payload.random(1, random.Random(settings.seed))
        await put_operation(session.put("first", first), first)(client)
        for concurrency in settings.concurrencies:
            for phase in selected:
                if concurrency > phase.concurrency_max:
                    continue
                result = await measure(
                    session,
                    phase,
                    concurrency=concurrency,
                    seconds=settings.seconds,
                    charged=target.charged,
                )
                results.append(result)
                print(
                    f"{phase.name:10} {storage_class:{'19' if storage_class else ''}}"
                    f"x{concurrency:<3} {result.operations_per_second:10.1f} ops/s"
                    f"  p50 {result.p50_ms:8.2f} ms  errors {result.errors}",
                    flush=True,
                )
    finally:
        await empty_and_delete_bucket(session, client)
        client.close()
    return results
