"""How documents that clients send are read.

Nothing outside the document is ever read: a DTD is refused before it is parsed, entities are not
resolved, libxml2's limits on depth and size stay on, as do ones on the number of tags and the
length of one, for a tree takes thirty times the document's room; the caller bounds the body. The
namespace is optional."""

import re
from typing import Final

from lxml import etree

from trioxygen.gateway.protocol.errors import S3Error

# Encodings in which a tag's bracket is the byte that is counted below; UTF-7, say, has others.
_ENCODING: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]{0,256}?encoding\s*=\s*"
    rb"[\"'](?!(?:utf-8|(?:us-)?ascii|iso-8859-1)[\"'])",
    re.IGNORECASE,
)
_LONG_TAG: Final = re.compile(rb"<[^<>]{4096}")
# An Object has Key, VersionId, ETag and what is refused; a Part has PartNumber, ETag, checksums.
_TAGS_PER_ROW_MAX: Final = 24


def _has_dtd(body: bytes) -> bool:
    """Whether one comes before the root element, where there may be white space, comments and
    processing instructions.

    By `find`: a regular expression does not let other threads run while it looks at megabytes.
    """
    position = body.find(b"<")
    while position >= 0:
        if body.startswith(b"<!--", position):
            position = body.find(b"-->", position + 4)
        elif body.startswith(b"<?", position):
            position = body.find(b"?>", position + 2)
        else:
            return body.startswith(b"<!DOCTYPE", position)
        if position >= 0:
            position = body.find(b"<", position)
    return False


def parse_document(body: bytes, root_name: str, *, rows_max: int) -> "etree._Element":
    if body.count(b"<") > (rows_max + 1) * _TAGS_PER_ROW_MAX:
        raise S3Error("MalformedXML")
    if _has_dtd(body) or _LONG_TAG.search(body) or _ENCODING.match(body):
        raise S3Error("MalformedXML")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise S3Error("MalformedXML") from error
    docinfo = root.getroottree().docinfo
    assert docinfo is not None, "a parsed document has a DocInfo"
    if docinfo.internalDTD is not None or local_name(root) != root_name:
        raise S3Error("MalformedXML")
    return root


def local_name(node: "etree._Element") -> str:
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(node: "etree._Element") -> dict[str, str]:
    """Text of the children by local name, each at most once and without children of its own."""
    texts: dict[str, str] = {}
    for child in node:
        name = local_name(child)
        if not name or name in texts or len(child):
            raise S3Error("MalformedXML")
        texts[name] = child.text or ""
    return texts


def once(node: "etree._Element") -> dict[str, "etree._Element"]:
    """The children by local name, each at most once."""
    nodes = {local_name(child): child for child in node}
    if len(nodes) != len(node) or "" in nodes:
        raise S3Error("MalformedXML")
    return nodes


def leaf_text(node: "etree._Element") -> str:
    """Of an element that has no children."""
    if len(node):
        raise S3Error("MalformedXML")
    return node.text or ""
