"""What a document says twice, or in an element that S3 does not know, is not passed over: it could
be a condition."""

import copy
from collections.abc import Iterator

import pytest
from lxml import etree

from tests.integration.endpoint import Endpoint
from tests.integration.s3.fuzz.documents import DOCUMENTS, Document
from tests.integration.s3.fuzz.made_requests import request_with
from tests.integration.s3.fuzz.requests_sent import Asker

# Of which there may be several; what is wrong about the same one twice has a code of its own.
_SEVERAL = {
    *("Grant", "Tag", "Rule", "Object", "Part", "Transition", "NoncurrentVersionTransition"),
    *("CORSRule", "AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"),
}
# Of buckets in a zone nothing is read.
_REFUSALS = ("MalformedXML", "MalformedACLError", "NotImplemented")
# How something is to be restored nobody asks where nothing is archived.
_UNREAD = {
    *("RenameObjectRequest", "ObjectEncryption", "RestoreRequest"),
}


def name_of(node: etree._Element) -> str:
    return etree.QName(node).localname


def variants(text: str) -> Iterator[tuple[str, bytes]]:
    """What was done to a document, and what it is then."""
    count = sum(1 for _ in etree.fromstring(text).iterdescendants())
    for number in range(count):
        root = etree.fromstring(text)
        node = list(root.iterdescendants())[number]
        if name_of(node) not in _SEVERAL:
            node.addnext(copy.deepcopy(node))
            yield f"{name_of(node)} twice", etree.tostring(root)
    for number in range(count + 1):
        root = etree.fromstring(text)
        node = [root, *root.iterdescendants()][number]
        etree.SubElement(node, "Unknown").text = "x"
        yield f"Unknown in {name_of(node)}", etree.tostring(root)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.asked)
def test_what_is_said_twice_or_is_unknown_is_malformed(
    endpoint: Endpoint, place: dict[str, str], document: Document
) -> None:
    if name_of(etree.fromstring(document.text)) in _UNREAD:
        pytest.skip("is not read")
    passed = []
    with Asker(endpoint) as asker:
        for what, body in variants(document.text):
            answer = asker.ask(request_with(document, place, body))
            if answer.status < 400 or answer.code not in _REFUSALS:
                passed.append((what, answer.status, answer.body[:200]))
    assert passed == []
