"""Plugin of the suite's pytest: each request of boto3 goes to the next gateway of a cluster.

What one gateway has answered is in force on the next request through another one; a suite that
speaks to a single address would not notice if it were not. The request is signed for the suite's
one host, so that host stays in its header: only the connection goes elsewhere.
"""

import itertools
import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.session

GATEWAYS = "CONFORMANCE_GATEWAYS"


def pytest_configure() -> None:
    gateways = itertools.cycle(map(urlsplit, os.environ[GATEWAYS].split()))
    made = botocore.session.Session.__init__

    def send_to_next(request: Any, **_: object) -> None:
        asked = urlsplit(request.url)
        request.headers.setdefault("Host", asked.netloc)
        request.url = urlunsplit(asked._replace(netloc=next(gateways).netloc))

    def make(session: Any, *arguments: Any, **named: Any) -> None:
        made(session, *arguments, **named)
        session.register("before-send.s3", send_to_next)

    botocore.session.Session.__init__ = make  # type: ignore[assignment, method-assign]
