"""The options of each verb of the command line."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cluster import CLASSES, datanodes_for
from bench.encryption import PHASES as SEALED_PHASES
from bench.phases import NAMES
from bench.policies import STATEMENTS
from bench.raft import PYSYNCOBJ_VARIANTS
from bench.scm_scale.group import ScmSettings
from bench.slow import KINDS

Verbs = Any
"""argparse has no name for what `add_subparsers` gives."""


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


def add_own_processes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-parent", type=Path, help="the folder (so the disk) to use")


def add_scm_nodes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nodes", type=numbers, default=[100, 300, 1_000], metavar="N,N")
    parser.add_argument("--replicas", type=int, default=1_000, help="on each node")


def add_endpoint_verbs(verbs: Verbs) -> None:
    """Those that measure an endpoint that runs."""
    run_verb = verbs.add_parser("run", help="measure a running endpoint")
    add_target(run_verb)
    add_phases(run_verb)
    add_measuring(run_verb, seconds=5.0)
    listing_verb = verbs.add_parser("listing", help="the cost of a page by the bucket's size")
    add_target(listing_verb)
    listing_verb.add_argument("--keys", type=numbers, default=[10_000, 1_000_000])
    listing_verb.add_argument("--concurrency", type=int, default=1)
    add_measuring(listing_verb, seconds=10.0)


def add_server_verbs(verbs: Verbs) -> None:
    """Those that start `o3 serve`."""
    local_verb = verbs.add_parser("local", help="start o3 serve on an empty folder and measure it")
    add_own_processes(local_verb)
    add_phases(local_verb)
    add_measuring(local_verb, seconds=5.0)
    space_verb = verbs.add_parser("space", help="when the bytes of deleted objects are back")
    add_own_processes(space_verb)
    space_verb.add_argument("--objects", type=int, default=100_000)
    add_measuring(space_verb, seconds=0.0)
    encryption_verb = verbs.add_parser("encryption", help="what it costs, in two stores by turns")
    add_own_processes(encryption_verb)
    encryption_verb.add_argument(
        "--phases", type=names, default=list(SEALED_PHASES), help=", ".join(SEALED_PHASES)
    )
    encryption_verb.add_argument("--concurrency", type=numbers, default=[8], metavar="8")
    encryption_verb.add_argument("--rounds", type=int, default=5, help="the median of so many")
    add_measuring(encryption_verb, seconds=2.0)
    versions_verb = verbs.add_parser("versions", help="a key by how many versions it has")
    add_own_processes(versions_verb)
    versions_verb.add_argument("--versions", type=numbers, default=[10, 10_000, 1_000_000])
    versions_verb.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    add_measuring(versions_verb, seconds=1.0)
    slow_verb = verbs.add_parser("slow", help="many slow readers and writers: the server's memory")
    add_own_processes(slow_verb)
    slow_verb.add_argument("--readers", type=int, default=1_000)
    slow_verb.add_argument("--writers", type=int, default=1_000)
    slow_verb.add_argument("--idle", type=int, default=0, help="connections that ask for nothing")
    slow_verb.add_argument("--kind", choices=KINDS, default="object", help="how writers send")
    slow_verb.add_argument("--burst-bytes", type=int, default=1 << 16, help="before the trickle")
    slow_verb.add_argument("--trickle-bytes", type=int, default=1 << 10, help="each second")
    add_measuring(slow_verb, seconds=20.0)


def add_cluster_verbs(verbs: Verbs) -> None:
    """Those that start `o3 cluster`."""
    cluster_verb = verbs.add_parser("cluster", help="what each role of a cluster spends")
    add_own_processes(cluster_verb)
    add_phases(cluster_verb)
    cluster_verb.add_argument("--classes", type=names, default=list(CLASSES[:1]), metavar="C,C")
    cluster_verb.add_argument("--datanodes", type=int, help="default: as many as the classes need")
    cluster_verb.add_argument("--idle-seconds", type=float, default=5.0, help="before the load")
    add_measuring(cluster_verb, seconds=4.0)
    repair_verb = verbs.add_parser("repair", help="a DataNode is lost, with clients at work")
    add_own_processes(repair_verb)
    repair_verb.add_argument("--gigabytes", type=float, default=2.0, help="stored before")
    repair_verb.add_argument(
        "--copy-bytes-per-second",
        type=names,
        default=["128MiB", "0"],
        metavar="RATE,RATE",
        help="storage.copy_bytes_per_second of each run; 0: as fast as it goes",
    )
    add_measuring(repair_verb, seconds=10.0)


def add_group_verbs(verbs: Verbs) -> None:
    """Those that start OMs, or SCMs, alone."""
    raft_verb = verbs.add_parser("raft", help="three OM processes beside PySyncObj")
    add_own_processes(raft_verb)
    raft_verb.add_argument("--in-flight", type=numbers, default=[1, 8, 64], metavar="1,8,64")
    raft_verb.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    raft_verb.add_argument("--beside", choices=("all", "none", *PYSYNCOBJ_VARIANTS), default="all")
    add_measuring(raft_verb, seconds=5.0)
    snapshot_verb = verbs.add_parser("snapshot", help="writes while an OM gets the whole state")
    add_own_processes(snapshot_verb)
    snapshot_verb.add_argument("--keys", type=int, default=1_000_000)
    snapshot_verb.add_argument("--in-flight", type=numbers, default=[8], metavar="1,8")
    snapshot_verb.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    add_measuring(snapshot_verb, seconds=5.0)
    scale_verb = verbs.add_parser("scm_scale", help="SCMs under very many DataNodes")
    add_own_processes(scale_verb)
    add_scm_nodes(scale_verb)
    scale_verb.add_argument("--scms", type=int, default=3, choices=(1, 3))
    scale_verb.add_argument(
        "--election-ticks", type=int, default=ScmSettings().election_ticks, help="of 50 ms"
    )
    add_measuring(scale_verb, seconds=30.0)
    parts_verb = verbs.add_parser("scm_parts", help="of that, an SCM's own work, in one process")
    add_scm_nodes(parts_verb)
    parts_verb.add_argument("--seed", type=int, default=1, help="of where they lie")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure an S3 endpoint. Keys may stand in BENCH_ACCESS_KEY, BENCH_SECRET_KEY.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for add in (add_endpoint_verbs, add_server_verbs, add_cluster_verbs, add_group_verbs):
        add(verbs)
    policies_verb = verbs.add_parser("policies", help="a decision by the statements of a policy")
    policies_verb.add_argument("--statements", type=int, nargs="+", default=list(STATEMENTS))
    policies_verb.add_argument("--rounds", type=int, default=25, help="the median of so many")
    compare_verb = verbs.add_parser("compare", help="two results side by side")
    compare_verb.add_argument("before", type=Path)
    compare_verb.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    if options.verb in ("run", "listing") and not (options.access_key and options.secret_key):
        parser.error("wants --access-key and --secret-key")
    if options.verb == "cluster":
        needed = datanodes_for(options.classes)
        options.datanodes = options.datanodes or needed
        if options.datanodes < needed:
            parser.error(f"these classes need {needed} DataNodes")
    return options
