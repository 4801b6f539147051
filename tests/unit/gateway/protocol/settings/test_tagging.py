import pytest

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.tagging import TAGGING
from trioxygen.gateway.protocol.xml.tags import BUCKET_TAGS_MAX
from trioxygen.gateway.store.values.keys import Tags


def body(*tags: tuple[str, str]) -> bytes:
    inner = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    return f"<Tagging><TagSet>{inner}</TagSet></Tagging>".encode()


def test_tags_are_read_as_they_are_shown() -> None:
    tags = (("team", "store"), ("k\xe4se / a+b=c.d_e:f@g-h", ""), ("\u96ea", "\u0967 2"))
    TAGGING.check(tags)
    assert TAGGING.parse(TAGGING.show(tags)) == tags
    assert TAGGING.parse(body(("a", "b"))) == (("a", "b"),)
    assert TAGGING.parse(body()) == ()


@pytest.mark.parametrize(
    "document",
    [
        b"x",
        b"<Tagging/>",
        b"<TagSet/>",
        b"<Tagging><TagSet/><TagSet/></Tagging>",
        b"<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Value>v</Value></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Pair><Key>k</Key><Value>v</Value></Pair></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value><X/></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key>k</Key><Key>k</Key><Value/></Tag></TagSet></Tagging>",
    ],
)
def test_document_of_another_form_is_malformed(document: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        TAGGING.parse(document)
    assert refused.value.code == "MalformedXML"


def test_missing_document_is_told_as_one() -> None:
    with pytest.raises(S3Error) as refused:
        TAGGING.parse(b"")
    assert refused.value.code == "MissingRequestBodyError"


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ((("", "v"),), "The TagKey you have provided is invalid"),
        ((("k" * 129, "v"),), "The TagKey you have provided is invalid"),
        ((("a;b", "v"),), "The TagKey you have provided is invalid"),
        ((("k", "v" * 257),), "The TagValue you have provided is invalid"),
        ((("k", "a\nb"),), "The TagValue you have provided is invalid"),
        ((("aws:k", "v"),), "System tags cannot be added/updated by requester"),
        ((("AWS:k", "v"),), "System tags cannot be added/updated by requester"),
        ((("k", "1"), ("k", "2")), "Cannot provide multiple Tags with the same key"),
    ],
)
def test_tag_that_s3_does_not_take_is_refused(tags: Tags, message: str) -> None:
    with pytest.raises(S3Error) as refused:
        TAGGING.check(tags)
    assert (refused.value.code, refused.value.message) == ("InvalidTag", message)


def test_bucket_has_at_most_so_many_tags_of_the_greatest_length() -> None:
    tags: Tags = tuple(
        [(f"{number:03}".ljust(128, "k"), "v" * 256) for number in range(BUCKET_TAGS_MAX)]
    )
    TAGGING.check(tags)
    assert len(TAGGING.show(tags)) < TAGGING.body_bytes_max
    with pytest.raises(S3Error) as refused:
        TAGGING.check((*tags, ("one more", "")))
    assert refused.value.code == "BadRequest"
