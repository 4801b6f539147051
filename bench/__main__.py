"""The command line: python -m bench VERB; `options.py` has the verbs."""

import argparse
import asyncio
import json
import os
import resource
import sys
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from bench import report
from bench.accounting import Charged, Machine
from bench.cluster import measure_cluster
from bench.cluster import target_of as cluster_target
from bench.encryption import DEFAULTS as ENCRYPTION_DEFAULTS
from bench.encryption import VARIABLE as ENCRYPTION_VARIABLE
from bench.encryption import measure_encryption
from bench.listing import measure_listing
from bench.local import LocalServer, ServerFailed, data_folder, local_server, server_on
from bench.local_cluster import Members, local_cluster
from bench.measure import Result
from bench.options import parse
from bench.policies import measure_policies, policies_table
from bench.raft import PYSYNCOBJ_VARIANTS, measure_raft
from bench.repair import Load, NotRepaired, measure_repairs
from bench.run import Settings, Target, run
from bench.scm_scale.group import ScmSettings
from bench.scm_scale.measure import measure_scm_scale
from bench.scm_scale.parts import measure_parts, parts_table
from bench.session import Session
from bench.signing import Endpoint, Signer
from bench.sigv4_client import ConnectionLost, MalformedAnswer, WrongAnswer
from bench.slow import Crowd, measure_slow, show
from bench.snapshot import measure_snapshot
from bench.space import SETTINGS as SPACE_SETTINGS
from bench.space import measure_space
from bench.space import show as show_space
from bench.versions import add_versions, measure_versions, prepare_keys

Measured = TypeVar("Measured")

EXIT_OK, EXIT_WRONG_ANSWERS, EXIT_FAILED = 0, 1, 2


def target_of(options: argparse.Namespace) -> Target:
    """Of an endpoint that runs."""
    return Target(
        endpoint=options.endpoint,
        access_key=options.access_key,
        secret_key=options.secret_key,
        region=options.region,
        signs_payload=options.payload == "signed",
        charged=Charged.one(options.server_pid),
    )


def local_target(options: argparse.Namespace, server: LocalServer) -> Target:
    return Target(
        endpoint=server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        region=options.region,
        signs_payload=options.payload == "signed",
        charged=Charged.one(server.pid),
    )


def on_uvloop(work: Coroutine[Any, Any, Measured]) -> Measured:
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
    if options.verb == "versions":
        return versions(options)
    settings = Settings(
        phases=options.phases,
        concurrencies=options.concurrency,
        seconds=options.seconds,
        seed=options.seed,
    )
    if options.verb == "encryption":
        return encryption(options, settings)
    if options.verb == "cluster":
        members = Members(datanodes=options.datanodes)
        with local_cluster(options.data_parent, members, {}) as cluster:
            return on_uvloop(
                measure_cluster(
                    cluster_target(
                        cluster,
                        region=options.region,
                        signs_payload=options.payload == "signed",
                    ),
                    settings,
                    classes=options.classes,
                    idle_seconds=options.idle_seconds,
                )
            )
    if options.verb == "run":
        return on_uvloop(run(target_of(options), settings))
    with local_server(options.data_parent) as server:
        return on_uvloop(run(local_target(options, server), settings))


def encryption(options: argparse.Namespace, settings: Settings) -> list[Result]:
    with ExitStack() as servers:
        targets = {}
        for default in ENCRYPTION_DEFAULTS:
            server = local_server(options.data_parent, {ENCRYPTION_VARIABLE: default})
            targets[default] = local_target(options, servers.enter_context(server))
        return on_uvloop(measure_encryption(targets, settings, rounds=options.rounds))


def versions(options: argparse.Namespace) -> list[Result]:
    counts = options.versions
    with data_folder(options.data_parent) as folder:
        with server_on(folder) as server:
            on_uvloop(prepare_keys(local_target(options, server), counts))
        add_versions(folder, counts)
        with server_on(folder) as server:
            target = local_target(options, server)
            return on_uvloop(
                measure_versions(
                    target, counts=counts, seconds=options.seconds, rounds=options.rounds
                )
            )


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


def space(options: argparse.Namespace) -> int:
    with local_server(options.data_parent, SPACE_SETTINGS) as server:
        session = local_target(options, server).session("bench-space")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            stages = runner.run(
                measure_space(server, session, objects=options.objects, seed=options.seed)
            )
    show_space(stages, options.objects)
    return EXIT_OK


def repair(options: argparse.Namespace) -> int:
    load = Load(
        fill_bytes=int(options.gigabytes * 1e9),
        before_seconds=options.seconds,
        seed=options.seed,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        is_clean = runner.run(
            measure_repairs(
                options.data_parent, load, options.copy_bytes_per_second, region=options.region
            )
        )
    return EXIT_OK if is_clean else EXIT_WRONG_ANSWERS


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


def scm_scale(options: argparse.Namespace) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runs = runner.run(
            measure_scm_scale(
                nodes=options.nodes,
                replicas_each=options.replicas,
                seconds=options.seconds,
                seed=options.seed,
                settings=ScmSettings(scms=options.scms, election_ticks=options.election_ticks),
                data_parent=options.data_parent,
            )
        )
    if options.out is not None:
        machine, rows = Machine.read().as_json(), [run.as_json() for run in runs]
        options.out.write_text(json.dumps({"machine": machine, "runs": rows}, indent=1) + "\n")
    return EXIT_OK


def scm_parts(options: argparse.Namespace) -> int:
    runs = measure_parts(nodes=options.nodes, replicas_each=options.replicas, seed=options.seed)
    print(parts_table(runs))
    return EXIT_OK


def policies(options: argparse.Namespace) -> int:
    print(policies_table(measure_policies(options.statements, rounds=options.rounds)))
    return EXIT_OK


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
        if options.verb == "space":
            return space(options)
        if options.verb == "repair":
            return repair(options)
        if options.verb == "scm_scale":
            return scm_scale(options)
        if options.verb == "scm_parts":
            return scm_parts(options)
        if options.verb == "policies":
            return policies(options)
        return measure_and_write(options)
    except* (
        OSError, ValueError, ConnectionLost, MalformedAnswer, WrongAnswer, ServerFailed,
        NotRepaired,
    ) as group:  # fmt: skip
        for error in leaves(group)[:3]:
            print(f"bench: {type(error).__name__}: {error}", file=sys.stderr)
    return EXIT_FAILED


sys.exit(main(sys.argv[1:]))
