"""Documents made odd: of a right one, by a few steps of a seeded `Random`, or by one of its text.

Trees are of lxml, which writes no control character: what it refuses is put in as a mark and
replaced in the text.
"""

import copy
import re
from collections.abc import Callable
from random import Random
from typing import Final

from lxml import etree

from tests.integration.s3.fuzz.odd_values import BASE64, DATES, NUMBERS, TEXTS

_NAMESPACES: Final = (
    *("", "http://s3.amazonaws.com/doc/2006-03-01", "https://s3.amazonaws.com/doc/2006-03-01/"),
    *("urn:x", "http://doc.s3.amazonaws.com/2006-03-01", " ", "http://www.w3.org/XML/1998/x"),
)
# Each stands in some document.
_NAMES: Final = (
    *(
        "Tag",
        "TagSet",
        "Key",
        "Value",
        "Mode",
        "RetainUntilDate",
        "Status",
        "Rule",
        "Days",
        "Years",
    ),
    *("DefaultRetention", "MfaDelete", "Object", "VersionId", "ETag", "Size", "LastModifiedTime"),
    *("Quiet", "ID", "Prefix", "Filter", "And", "Date", "Expiration", "Transition", "Part", "Tags"),
    *("StorageClass", "PartNumber", "ChecksumCRC32", "ChecksumSHA512", "SSEAlgorithm", "Location"),
)
_STEPS: Final = (0, 1, 1, 1, 1, 2, 2, 3)
_HUGE: Final = 200_000
_DEEP: Final = 300
_DEEPER: Final = 5_000
_MARK: Final = "\ue000"
_NOT_OF_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Element = etree._Element


def _any(rng: Random, root: Element) -> Element:
    return rng.choice([node for node in root.iter() if isinstance(node.tag, str)])


def _inner(rng: Random, root: Element) -> Element | None:
    nodes = [node for node in root.iterdescendants() if isinstance(node.tag, str)]
    return rng.choice(nodes) if nodes else None


def _drop(rng: Random, root: Element) -> None:
    node = _inner(rng, root)
    if node is not None:
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)


def _double(rng: Random, root: Element) -> None:
    node = _inner(rng, root)
    if node is not None:
        node.addnext(copy.deepcopy(node))


def _multiply(rng: Random, root: Element) -> None:
    node = _inner(rng, root)
    if node is not None:
        for _ in range(rng.choice((10, 11, 51, 1_001))):
            node.addnext(copy.deepcopy(node))


def _reorder(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    children = list(node)
    rng.shuffle(children)
    node[:] = children


def _nest(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    node.append(copy.deepcopy(rng.choice([node, root])))


def _move(rng: Random, root: Element) -> None:
    node = _inner(rng, root)
    if node is not None:
        _any(rng, root).append(copy.deepcopy(node))


def _empty(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    for child in list(node):
        node.remove(child)
    node.text = None


def _say(rng: Random, root: Element) -> None:
    leaves = [node for node in root.iter() if isinstance(node.tag, str) and not len(node)]
    text = rng.choice(rng.choice((NUMBERS, DATES, TEXTS, BASE64)))
    rng.choice(leaves or [root]).text = _NOT_OF_XML.sub(_MARK, text)


def _say_beside(rng: Random, root: Element) -> None:
    rng.choice(list(root.iter())).tail = _NOT_OF_XML.sub(_MARK, rng.choice(TEXTS))


def _rename(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    name = etree.QName(node).localname
    others = (name.lower(), name.upper(), f"{name}s", "Other", "x" * 5_000)
    node.tag = rng.choice(rng.choice((others, _NAMES)))


def _rename_space(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    space = rng.choice(_NAMESPACES)
    name = etree.QName(node).localname
    node.tag = f"{{{space}}}{name}" if space else name


def _attribute(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    node.set(rng.choice(("id", "{http://www.w3.org/2001/XMLSchema-instance}type")), "Group")


def _remark(rng: Random, root: Element) -> None:
    node = _any(rng, root)
    made = rng.choice((etree.Comment("a"), etree.ProcessingInstruction("a", "b")))
    node.insert(rng.randint(0, len(node)), made)


def _deepen(rng: Random, root: Element) -> None:
    at = _any(rng, root)
    for _ in range(rng.choice((5, 200, _DEEP))):
        at = etree.SubElement(at, "And")


def _enlarge(rng: Random, root: Element) -> None:
    _any(rng, root).text = "x" * rng.choice((257, 5_000, _HUGE))


_OF_TREES: Final[tuple[Callable[[Random, Element], None], ...]] = (
    *(_drop, _double, _multiply, _reorder, _nest, _move, _empty, *[_say] * 12, _say_beside),
    *(_rename, _rename_space, _attribute, _remark, _deepen, _enlarge),
)


# ---- of the text ----


def _laughs(rng: Random, text: str) -> bytes:
    levels = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
    dtd = f"<!DOCTYPE lolz [<!ENTITY l0 'lol'>{levels}]>"
    return (dtd + _first_text(text, "&l11;")).encode()


def _quadratic(rng: Random, text: str) -> bytes:
    return f"<!DOCTYPE a [<!ENTITY a '{'a' * 50_000}'>]>{_first_text(text, '&a;' * 900)}".encode()


def _external(rng: Random, text: str) -> bytes:
    place = rng.choice(("file:///etc/passwd", "http://127.0.0.1:1/x", "file:///dev/zero"))
    before = rng.choice(("", " ", "<?xml version='1.0'?>", "<!-- a -->", "<?a b?>", "\ufeff"))
    dtd = f"{before}<!DOCTYPE a [<!ENTITY a SYSTEM '{place}'>]>"
    return (dtd + _first_text(text, "&a;")).encode()


def _external_subset(rng: Random, text: str) -> bytes:
    return f"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'>{text}".encode()


def _unknown_entity(rng: Random, text: str) -> bytes:
    given = ("&x;", "&nbsp;", "&#0;", "&#x1;", "&#xD800;", "&#x110000;", "&#99999999999;", "&")
    return _first_text(text, rng.choice(given)).encode()


def _first_text(text: str, new: str) -> str:
    """With other content of the first element that holds text."""
    return re.sub(r">[^<>]+<", lambda _: f">{new}<", text, count=1)


def _declared(rng: Random, text: str) -> bytes:
    names = ("utf-8", "UTF-16", "utf-7", "iso-8859-1", "cp037", "ebcdic", "", "x" * 300, "utf-32")
    said, used = rng.choice(names), rng.choice(("utf-8", "utf-16", "utf-16-be", "utf-32", "cp037"))
    return f'<?xml version="1.{rng.choice("0129")}" encoding="{said}"?>{text}'.encode(
        used, "replace"
    )


def _bytes_changed(rng: Random, text: str) -> bytes:
    data = bytearray(text.encode())
    for _ in range(rng.choice((1, 1, 5, 50))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _cut(rng: Random, text: str) -> bytes:
    return text.encode()[: rng.randrange(len(text))]


def _followed(rng: Random, text: str) -> bytes:
    return (text + rng.choice((text, "<a/>", "x", "\x00", " \n", "<!-- a -->"))).encode()


def _deeper(rng: Random, text: str) -> bytes:
    return _first_text(text, "<a>" * _DEEPER + "</a>" * _DEEPER).encode()


def _unclosed(rng: Random, text: str) -> bytes:
    return text.encode() + b"<a " + b"a='b' " * rng.choice((10, 30_000))


def _character_data(rng: Random, text: str) -> bytes:
    inner = rng.choice(("x", "<a>", "", "]" * 1_000))
    return _first_text(text, f"<![CDATA[{inner}]]>").encode()


def _something_else(rng: Random, text: str) -> bytes:
    return rng.choice((b"", b" ", b"\x00", b"{}", b"null", b"<", b"<>", b"\xff\xfe", b"<a", b"A=B"))


_OF_TEXTS: Final[tuple[Callable[[Random, str], bytes], ...]] = (
    *(_laughs, _quadratic, _external, _external_subset, _unknown_entity, _declared, _declared),
    *(_bytes_changed, _bytes_changed, _cut, _followed, _deeper, _unclosed, _character_data),
    _something_else,
)


def mutated(rng: Random, text: str) -> bytes:
    """Of a right document; now and then as it is."""
    root = etree.fromstring(text)
    steps = rng.choice(_STEPS)
    for _ in range(steps):
        rng.choice(_OF_TREES)(rng, root)
    written = etree.tostring(root, encoding="unicode")
    written = written.replace(_MARK, rng.choice(("\x00", "\x01", "\x0b", "\x1f", "&#1;", "\ufffe")))
    if rng.random() < (0.1 if steps else 0.75):
        return rng.choice(_OF_TEXTS)(rng, written)
    return written.encode("utf-8", "surrogatepass")
