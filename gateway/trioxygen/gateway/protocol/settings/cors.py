"""CORS rules of a bucket: which of them S3 takes.

Source: S3 API, PutBucketCors; S3 user guide, "Elements of a CORS configuration"."""

import re
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.xml.cors import cors_document, read_cors
from trioxygen.gateway.store.values.buckets import SettingKind
from trioxygen.gateway.store.values.cors import CorsRule, CorsRules

RULES_MAX: Final = 100
METHODS: Final = frozenset(("GET", "PUT", "POST", "DELETE", "HEAD"))

# An origin goes into headers as it is.
_ORIGIN: Final = re.compile(r"[!-~]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def check_cors(rules: CorsRules) -> None:
    """Raises: InvalidRequest."""
    if len(rules) > RULES_MAX:
        raise _refused(
            f"The number of CORS rules should not exceed allowed limit of {RULES_MAX} rules."
        )
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: CorsRule) -> None:
    for origin in rule.origins:
        _check_wildcards("AllowedOrigin", origin)
        if _ORIGIN.fullmatch(origin) is None:
            raise _refused(f'AllowedOrigin "{origin}" contains invalid character.')
    for method in rule.methods:
        if method not in METHODS:
            raise _refused(
                f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )
    for header in rule.headers:
        _check_wildcards("AllowedHeader", header)
        _check_header("AllowedHeader", header)
    for header in rule.exposed:
        if "*" in header:
            raise _refused(
                f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard'
                " for ExposeHeader."
            )
        _check_header("ExposeHeader", header)


def _check_wildcards(element: str, text: str) -> None:
    if text.count("*") > 1:
        raise _refused(f'{element} "{text}" can not have more than one wildcard.')


def _check_header(element: str, name: str) -> None:
    if _HEADER.fullmatch(name) is None:
        raise _refused(f'{element} "{name}" contains invalid character.')


def _refused(message: str) -> S3Error:
    return S3Error("InvalidRequest", message)


CORS: Final = Setting(
    kind=SettingKind.CORS,
    body_bytes_max=64 * KIB,
    parse=read_cors,
    check=check_cors,
    show=cors_document,
    absent="NoSuchCORSConfiguration",
    is_digest_demanded=True,
)
