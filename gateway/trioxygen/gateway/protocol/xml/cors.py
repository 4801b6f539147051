"""CORSConfiguration, read and written. What is well-formed and wrong all the same, is told by
`settings.cors`. Pure.

Source: S3 API, PutBucketCors.
"""

from typing import Final

from lxml import etree

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import INT_MAX, read_natural
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import leaf_text, local_name, parse_document
from trioxygen.gateway.store.values.cors import CorsRule, CorsRules

# Of 64 KiB no more fit in that say anything; how many S3 takes, `settings.cors` says.
_ROWS_MAX: Final = 1_000
_LISTS: Final = {
    "AllowedOrigin": "origins",
    "AllowedMethod": "methods",
    "AllowedHeader": "headers",
    "ExposeHeader": "exposed",
}
_SINGLES: Final = ("ID", "MaxAgeSeconds")
_RULE_ID_CHARACTERS_MAX: Final = 255


def read_cors(body: bytes) -> CorsRules:
    """Raises: MissingRequestBodyError, MalformedXML."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "CORSConfiguration", rows_max=_ROWS_MAX)
    if not len(root) or any(local_name(node) != "CORSRule" for node in root):
        raise S3Error("MalformedXML")
    return tuple([_rule(node) for node in root])


def _rule(node: "etree._Element") -> CorsRule:
    lists: dict[str, list[str]] = {name: [] for name in _LISTS.values()}
    singles: dict[str, str] = {}
    for child in node:
        name, text = local_name(child), leaf_text(child)
        if name in _LISTS:
            lists[_LISTS[name]].append(text)
        elif name in _SINGLES and name not in singles:
            singles[name] = text
        else:
            raise S3Error("MalformedXML")
    if not lists["origins"] or not lists["methods"]:
        raise S3Error("MalformedXML")
    rule_id = singles.get("ID", "")
    if len(rule_id) > _RULE_ID_CHARACTERS_MAX:
        raise S3Error("MalformedXML")
    return CorsRule(
        **{name: tuple(values) for name, values in lists.items()},
        max_age_seconds=_seconds(singles.get("MaxAgeSeconds")),
        rule_id=rule_id,
    )


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    seconds = read_natural(text.strip())
    if seconds is None or seconds > INT_MAX:
        raise S3Error("MalformedXML")
    return seconds


def cors_document(rules: CorsRules) -> bytes:
    return document("CORSConfiguration", "".join([_rule_element(rule) for rule in rules]))


def _rule_element(rule: CorsRule) -> str:
    parts = [element("ID", rule.rule_id or None)]
    for name, attribute in _LISTS.items():
        parts += [element(name, value) for value in getattr(rule, attribute)]
    parts.append(element("MaxAgeSeconds", rule.max_age_seconds))
    return f"<CORSRule>{''.join(parts)}</CORSRule>"
