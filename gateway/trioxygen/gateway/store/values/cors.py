"""Which pages of other origins may use a bucket: CORS rules, as they are stored and looked at.

Source: S3 user guide, "Elements of a CORS configuration"."""

from typing import NamedTuple


class CorsRule(NamedTuple):
    """Attributes:
    origins, headers: each with at most one `*`, which stands for any characters.
    methods: in upper case.
    exposed: names of headers that a page may read.
    max_age_seconds: for which a browser may remember; None: it is not told.
    rule_id: "": none."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_seconds: int | None = None
    rule_id: str = ""


CorsRules = tuple[CorsRule, ...]
