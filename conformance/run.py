"""Runs the public ceph/s3-tests suite against a store; compares with `expected_failures.toml`.

    python -m conformance.run --suite PATH-OF-A-CLONE --data FOLDER-OF-A-RUNNING-STORE-OR-CLUSTER
    python -m conformance.run --suite PATH-OF-A-CLONE --endpoint URL --admin-url URL

The suite is not part of this project: bring a git clone of it. It runs from a temporary copy, in a
virtual environment of its own. The store was started with the environment in `store.env`. Requests
go to the gateways of a cluster in turn.

Counted are the tests that are not marked fails_on_aws: 651 of S3 (`test_s3.py`, `test_headers.py`),
and with the 164 of the other files 815; pytest's parameters count each. The two parts run one after
the other, because they want other users (`users.py`).

Exit code 0: nothing unexpected; 1: an unexpected failure, or a test that is expected to fail
passed.
"""

import argparse
import configparser
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from conformance.users import OF_IAM, OF_S3, Identity, Key, Operator
from conformance.web_identity import web_identity

HERE = Path(__file__).parent
_NOT_MARKED = "not fails_on_aws"
# With days of 24 hours, as AWS has them, what waits for one cannot pass: the suite marks it
# fails_on_aws too, so the tests of lifecycle have a run of their own.
SELECTIONS = {"whole": _NOT_MARKED, "short": "lifecycle"}
# Set for the running store too: how many seconds a day of lifecycle rules has.
SHORT_DAY = "O3_LIFECYCLE__DAY_SECONDS"
MASTER_KEYS = ("conformance-1", "conformance-2")
# Answers name a master key by its ARN; the account of the suite is no number.
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/"
# Read by the plugin `alternately`.
GATEWAYS = "CONFORMANCE_GATEWAYS"
# The suite's requirements that its tests here do not use.
_NOT_NEEDED = ("tox", "gevent")


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the suite's files, which want the same users.

    Attributes:
        seconds_max: for one test.
        options: of pytest, behind those that were given.
    """

    files: tuple[str, ...]
    sections: Mapping[str, Identity]
    seconds_max: int
    options: tuple[str, ...] = ()


PARTS = {
    # Some tests of lifecycle wait for a dozen short days.
    "s3": Part(("test_s3.py", "test_headers.py"), OF_S3, 300),
    # One test waits until credentials of 900 seconds have expired. Each removes all roles and
    # providers of its account when it ends: one at a time.
    "iam": Part(
        ("test_iam.py", "test_sts.py", "test_sns.py", "test_s3select.py", "test_utils.py"),
        OF_IAM,
        1_200,
        ("-p", "leftovers", "-n", "0"),
    ),
}


class Store(NamedTuple):
    """The store under test: its gateways' URLs, and where `o3` makes accounts."""

    gateways: tuple[str, ...]
    place: tuple[str, ...]


def store_of(data: Path) -> Store:
    """What runs in a folder: a store has its own endpoint, a cluster one in each gateway's."""
    folders = sorted(data.glob("gw*")) if (data / "cluster.json").exists() else [data]
    files = [folder / "endpoint.json" for folder in folders]
    running = [file for file in files if file.exists()]
    if not running:
        sys.exit(f"{data}: no store and no cluster with a gateway runs here")
    gateways = (json.loads(file.read_text())["s3"] for file in running)
    return Store(tuple(gateways), ("--data", str(running[0].parent)))


def suite_configuration(
    endpoint: str, keys: Mapping[str, Key], identity: Mapping[str, str], day_seconds: str
) -> configparser.RawConfigParser:
    """Args: keys, identity: see `users`, `web_identity`."""
    parts = urlsplit(endpoint)
    written = configparser.RawConfigParser()
    written["DEFAULT"] = {
        "host": parts.hostname or "",
        "port": str(parts.port),
        "is_secure": str(parts.scheme == "https"),
        "ssl_verify": "False",
    }
    written["fixtures"] = {
        "bucket prefix": "conformance-{random}-",
        "iam name prefix": "s3-tests-",
        "iam path prefix": "/s3-tests/",
    }
    for section, key in keys.items():
        written[section] = {
            "access_key": key.access,
            "secret_key": key.secret,
            "user_id": key.identity.user_id,
            "display_name": key.identity.name,
            "email": key.identity.email,
        }
    written["s3 main"].update({"api_name": "default", "lc_debug_interval": day_seconds})
    for option, name in zip(("kms_keyid", "kms_keyid2"), MASTER_KEYS, strict=True):
        written["s3 main"][option] = KEY_ARN + name
    written["s3 tenant"]["tenant"] = keys["s3 tenant"].identity.tenant
    written["webidentity"] = identity
    return written


def make_environment(folder: Path, suite: Path) -> Path:
    """The python of a virtual environment with the suite's requirements; one that is there already
    is taken as it is."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    lines = map(str.strip, (suite / "requirements.txt").read_text().splitlines())
    wanted = [line for line in lines if line and not line.startswith(("#", *_NOT_NEEDED))]
    venv.create(folder, with_pip=True)
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        *wanted,
        "pytest-timeout",
        "pytest-xdist",
    ]
    subprocess.run(install, check=True)
    return python


@contextmanager
def copy_of(clone: Path) -> Iterator[tuple[Path, Path]]:
    """(a folder to work in, a copy of what the clone has committed)."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        work = Path(folder)
        suite = work / "suite"
        suite.mkdir()
        git = ["git", "-c", "safe.directory=*", "-C", str(clone)]
        archive = subprocess.run([*git, "archive", "HEAD"], capture_output=True, check=True)
        subprocess.run(["tar", "x", "-C", str(suite)], input=archive.stdout, check=True)
        yield work, suite


def run_suite(
    python: Path, suite: Path, work: Path, store: Store, part: Part, options: list[str]
) -> Mapping[str, str]:
    """Outcome of each test: passed, failed or skipped, by `file::name`."""
    results = work / "results.xml"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"S3TEST_CONF": str(work / "s3tests.conf"), "AWS_CONFIG_FILE": os.devnull}
    environment |= {GATEWAYS: " ".join(store.gateways), "PYTHONPATH": str(HERE)}
    files = [f"s3tests/functional/{name}" for name in part.files]
    pytest: list[str | Path] = [python, "-m", "pytest", "-q", "--tb=no", f"--junitxml={results}"]
    always = ["-p", "alternately", f"--timeout={part.seconds_max}", "-W", "ignore"]
    subprocess.run(
        [*pytest, *always, *files, *options, *part.options],
        cwd=suite,
        env=environment,
        check=False,  # tests that fail are what the comparison is for
    )
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(results).iter("testcase"):
        name = f"{case.get('classname', '').rsplit('.', 1)[-1]}.py::{case.get('name')}"
        outcome = "passed"
        for child in case:
            outcome = {"failure": "failed", "error": "failed"}.get(child.tag, outcome)
            if child.tag == "skipped":
                outcome = "skipped"
        outcomes[name] = outcome
    return outcomes


def expected_failures(days: str) -> dict[str, str]:
    """The group of each test that is to fail: some only with short days, or with whole ones."""
    groups = tomllib.loads((HERE / "expected_failures.toml").read_text())
    return {
        test: name
        for name, group in groups.items()
        if group.get("days", days) == days
        for test in group["tests"]
    }


def compare(outcomes: Mapping[str, str], expected: Mapping[str, str]) -> int:
    """Prints what is not as expected, and the totals; the exit code."""
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    surprising = sorted(failed - set(expected))
    mended = sorted(name for name in expected if outcomes.get(name) == "passed")
    for name in surprising:
        print(f"unexpected failure: {name}")
    for name in mended:
        print(f"passes now, take it out of expected_failures.toml: {name}")
    counts = {
        word: sum(1 for each in outcomes.values() if each == word)
        for word in ("passed", "failed", "skipped")
    }
    print(
        f"{counts['passed']} passed / {len(failed & set(expected))} expected failures /"
        f" {len(outcomes)} counted; {len(surprising)} unexpected failures,"
        f" {counts['skipped']} skipped"
    )
    return 1 if surprising or mended else 0


def arguments_given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", type=Path, required=True, help="a clone of ceph/s3-tests")
    parser.add_argument("--data", type=Path, help="folder of a running store or cluster")
    parser.add_argument("--endpoint", action="append", help="a gateway elsewhere; may be repeated")
    parser.add_argument("--admin-url", help="its admin port; the token is read from O3_ADMIN_TOKEN")
    parser.add_argument("--part", choices=[*PARTS, "all"], default="s3", help="of the suite")
    parser.add_argument(
        "--environment", type=Path, help="keeps the suite's virtual environment in this folder"
    )
    parser.add_argument("extra", nargs="*", help="for pytest, after --")
    arguments = parser.parse_args()
    if bool(arguments.endpoint) != bool(arguments.admin_url):
        parser.error("--endpoint and --admin-url need each other")
    if bool(arguments.endpoint) == bool(arguments.data):
        parser.error("one of --data and --endpoint is needed")
    return arguments


def main() -> int:
    arguments = arguments_given()
    day_seconds = os.environ.get(SHORT_DAY)
    days = "whole" if day_seconds is None else "short"
    if arguments.endpoint:
        store = Store(tuple(arguments.endpoint), ("--admin-url", arguments.admin_url))
    else:
        store = store_of(arguments.data)
    operator = Operator(store.place)
    if arguments.data:
        operator.make_master_keys(MASTER_KEYS)
    outcomes: dict[str, str] = {}
    with copy_of(arguments.suite) as (work, suite):
        python = make_environment(arguments.environment or work / "venv", suite)
        for name, part in PARTS.items():
            if arguments.part not in (name, "all"):
                continue
            keys = operator.sections(dict(part.sections))
            with web_identity() as identity, (work / "s3tests.conf").open("w") as file:
                # What waits for days that are whole ends at once, and fails.
                suite_configuration(store.gateways[0], keys, identity, day_seconds or "1").write(
                    file
                )
                file.flush()
                options = ["-m", SELECTIONS[days], *arguments.extra]
                outcomes |= run_suite(python, suite, work, store, part, options)
    return compare(outcomes, expected_failures(days))


if __name__ == "__main__":
    sys.exit(main())
