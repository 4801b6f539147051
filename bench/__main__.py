"""The command line: python -m bench run | local | listing | slow | raft | snapshot | compare."""

import argparse
import asyncio
import os
import resource
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from bench import report
from bench.accounting import Machine
from bench.listing import measure_listing
from bench.local import ServerFailed, local_server
from bench.measure import Result
from bench.phases import NAMES
from bench.raft import PYSYNCOBJ_VARIANTS, measure_raft
from bench.run import Settings, Target, run
from bench.session import Session
from bench.signing import Endpoint, Signer
from bench.sigv4_client import ConnectionLost, MalformedAnswer, WrongAnswer
from bench.slow import KINDS, Crowd, measure_slow, show
from bench.snapshot import measure_snapshot

EXIT_OK, EXIT_WRONG_ANSWERS, EXIT_FAILED = 0, 1, 2


def numbers(text: str) -> list[int]:
    values = [int(part.replace("_", "")) for part in text.split(",")]
    if min(values) < 1:
        raise argparse.ArgumentTypeError("wants numbers of 1 or more")
    return values


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", required=True, help="http://127.0.0.1:9878")
    parser.add_argument("--access-key", default=os.environ.get("BENCH_ACCESS_KEY"))
    parser.add_argument("--secret-key", default=os.environ.get("BENCH_SECRET_KEY"))
    parser.add_argument("--server-pid", type=int, help="charge this process and its descendants")


def add_measuring(parser: argparse.ArgumentParser, *, seconds: float) -> None:
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--payload", choices=("signed", "unsigned"), default="signed")
    parser.add_argument("--seconds", type=float, default=seconds, help="for each measurement")
    parser.add_argument("--seed", type=int, default=1, help="of payloads and of the order of keys")
    parser.add_argument("--label", default="bench", help="what the result is called in tables")
    parser.add_argument("--out", type=Path, help="write the result as JSON")


def add_phases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phases", type=names, default=list(NAMES), help=", ".join(NAMES))
    parser.add_argument("--concurrency", type=numbers, default=[1, 8, 32], metavar="1,8,32")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure an S3 endpoint. Keys may stand in BENCH_ACCESS_KEY, BENCH_SECRET_KEY.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    run_verb = verbs.add_parser("run", help="measure a running endpoint")
    add_target(run_verb)
    add_phases(run_verb)
    add_measuring(run_verb, seconds=5.0)
    local_verb = verbs.add_parser("local", help="start o3 serve on an empty folder and measure it")
    local_verb.add_argument("--data-parent", type=Path, help="the folder (so the disk) to use")
    add_phases(local_verb)
    add_measuring(local_verb, seconds=5.0)
    listing_verb = verbs.add_parser("listing", help="the cost of a page by the bucket's size")
    add_target(listing_verb)
    listing_verb.add_argument("--keys", type=numbers, default=[10_000, 1_000_000])
    listing_verb.add_argument("--concurrency", type=int, default=1)
    add_measuring(listing_verb, seconds=10.0)
    slow_verb = verbs.add_parser("slow", help="many slow readers and writers: the server's memory")
    slow_verb.add_argument("--data-parent", type=Path, help="the folder (so the disk) to use")
    slow_verb.add_argument("--readers", type=int, default=1_000)
    slow_verb.add_argument("--writers", type=int, default=1_000)
    slow_verb.add_argument("--idle", type=int, default=0, help="connections that ask for nothing")
    slow_verb.add_argument("--kind", choices=KINDS, default="object", help="how writers send")
    slow_verb.add_argument("--burst-bytes", type=int, default=1 << 16, help="before the trickle")
    slow_verb.add_argument("--trickle-bytes", type=int, default=1 << 10, help="each second")
    add_measuring(slow_verb, seconds=20.0)
    raft_verb = verbs.add_parser("raft", help="three OM processes beside PySyncObj")
    raft_verb.add_argument("--data-parent", type=Path, help="the folder (so the disk) to use")
    raft_verb.add_argument("--in-flight", type=numbers, default=[1, 8, 64], metavar="1,8,64")
    raft_verb.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    raft_verb.add_argument("--beside", choices=("all", "none", *PYSYNCOBJ_VARIANTS), default="all")
    add_measuring(raft_verb, seconds=5.0)
    snapshot_verb = verbs.add_parser("snapshot", help="writes while an OM gets the whole state")
    snapshot_verb.add_argument("--data-parent", type=Path, help="the folder (so the disk) to use")
    snapshot_verb.add_argument("--keys", type=int, default=1_000_000)
    snapshot_verb.add_argument("--in-flight", type=numbers, default=[8], metavar="1,8")
    snapshot_verb.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    add_measuring(snapshot_verb, seconds=5.0)
    compare_verb = verbs.add_parser("compare", help="two results side by side")
    compare_verb.add_argument("before", type=Path)
    compare_verb.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    if options.verb in ("run", "listing") and not (options.access_key and options.secret_key):
        parser.error("wants --access-key and --secret-key")
    return options


def target_of(options: argparse.Namespace) -> Target:
    return Target(
        endpoint=options.endpoint,
        access_key=options.access_key,
        secret_key=options.secret_key,
        region=options.region,
        signs_payload=options.payload == "signed",
        server_pid=options.server_pid,
    )


def on_uvloop(work: Coroutine[Any, Any, list[Result]]) -> list[Result]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def measured(options: argparse.Namespace) -> list[Result]:
    if options.verb == "listing":
        return on_uvloop(
            measure_listing(
                target_of(options),
                sizes=options.keys,
                concurrency=options.concurrency,
                seconds=options.seconds,
                seed=options.seed,
            )
        )
    if options.verb == "raft":
        chosen = {"all": list(PYSYNCOBJ_VARIANTS), "none": []}
        return on_uvloop(
            measure_raft(
                in_flight=options.in_flight,
                seconds=options.seconds,
                rounds=options.rounds,
                data_parent=options.data_parent,
                variants=chosen.get(options.beside, [options.beside]),
                cores=os.cpu_count() or 1,
            )
        )
    if options.verb == "snapshot":
        return on_uvloop(
            measure_snapshot(
                keys=options.keys,
                in_flight=options.in_flight,
                seconds=options.seconds,
                rounds=options.rounds,
                data_parent=options.data_parent,
            )
        )
    settings = Settings(
        phases=options.phases,
        concurrencies=options.concurrency,
        seconds=options.seconds,
        seed=options.seed,
    )
    if options.verb == "run":
        return on_uvloop(run(target_of(options), settings))
    with local_server(options.data_parent) as server:
        options.endpoint, options.server_pid = server.endpoint, server.pid
        options.access_key, options.secret_key = server.access_key, server.secret_key
        return on_uvloop(run(target_of(options), settings))


def slow(options: argparse.Namespace) -> int:
    crowd = Crowd(
        readers=options.readers,
        writers=options.writers,
        idle=options.idle,
        kind=options.kind,
        burst_bytes=options.burst_bytes,
        trickle_bytes=options.trickle_bytes,
        seconds=options.seconds,
    )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with local_server(options.data_parent) as server:
        endpoint = Endpoint.parse(server.endpoint)
        signer = Signer(
            endpoint=endpoint,
            access_key=server.access_key,
            secret_key=server.secret_key,
            region=options.region,
        )
        session = Session(endpoint=endpoint, signer=signer, bucket="bench-slow", signs_payload=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            seen = runner.run(
                measure_slow(session, signer, crowd, server_pid=server.pid, seed=options.seed)
            )
    show(crowd, seen)
    return EXIT_WRONG_ANSWERS if seen.probes_failed else EXIT_OK


def compare(before_path: Path, after_path: Path) -> None:
    before, after = report.read(before_path), report.read(after_path)
    print(report.comparison_table(before, after))
    for fact in report.differing_facts(before, after):
        print(f"note: the machines differ in {fact}")


def measure_and_write(options: argparse.Namespace) -> int:
    machine = Machine.read()
    results = measured(options)
    if options.out is not None:
        settings = {
            "verb": options.verb,
            "seconds": options.seconds,
            "payload": options.payload,
            "seed": options.seed,
        }
        report.write(
            options.out, label=options.label, settings=settings, machine=machine, results=results
        )
    for result in results:
        for example in result.error_examples:
            print(f"error in {result.phase} x{result.concurrency}: {example}", file=sys.stderr)
    return EXIT_WRONG_ANSWERS if any(result.errors for result in results) else EXIT_OK


def leaves(error: BaseException) -> list[BaseException]:
    """The errors inside nested exception groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    try:
        if options.verb == "compare":
            compare(options.before, options.after)
            return EXIT_OK
        if options.verb == "slow":
            return slow(options)
        return measure_and_write(options)
    except* (
        OSError, ValueError, ConnectionLost, MalformedAnswer, WrongAnswer, ServerFailed,
    ) as group:  # fmt: skip
        for error in leaves(group)[:3]:
            print(f"bench: {type(error).__name__}: {error}", file=sys.stderr)
    return EXIT_FAILED


sys.exit(main(sys.argv[1:]))
