"""What browsers are answered that upload a form."""

from typing import Any, Final

from tests.integration.endpoint import Keys
from tests.integration.s3.answers.expected import Row, gives, refuses
from tests.integration.s3.forms import BOUNDARY, encoded, signed

_SENT: Final = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
_WRITTEN: Final = {
    "etag": '"{tag}"',
    "x-amz-checksum-crc64nvme": "@crc64",
    "x-amz-checksum-type": "FULL_OBJECT",
    "x-amz-server-side-encryption": "AES256",
}
# Of the answer, one of which a form may have besides its key.
_OF_ANSWERS: Final = ("", "success_action_status", "success_action_redirect")


def signatures(bucket: str, keys: Keys) -> dict[str, str]:
    """Parts of forms that sign them, by what their policies let pass besides a key: a condition on
    what a form does not have fails."""
    made = {}
    for name in _OF_ANSWERS:
        conditions = [["starts-with", f"${field}", ""] for field in ("key", name) if field]
        fields = signed(bucket, {}, conditions, keys=keys)
        parts = encoded(fields.items(), None).decode()
        made[f"signed-{name}"] = parts.removesuffix(f"--{BOUNDARY}--\r\n")
    return made


def _form(*fields: tuple[str, str]) -> str:
    [asked, *_] = [name for name, _ in fields if name in _OF_ANSWERS] or [""]
    return f"{{signed-{asked}}}" + encoded(fields, b"body").decode()


def _gives(situation: str, status: int, *fields: tuple[str, str], **more: Any) -> Row:
    headers = {"location": "http://{host}/{plain}/by%20form", **_WRITTEN, **more.pop("headers", {})}
    return gives(
        "PostObject",
        situation,
        "POST /{plain}",
        status,
        headers,
        body=_form(("key", "by form"), *fields),
        sent=_SENT,
        signer="nobody",
        **more,
    )


def _refuses(situation: str, answer: str, elements: str, message: str, **more: Any) -> Row:
    asked = more.pop("asked", "POST /{plain}")
    return refuses(
        "PostObject",
        situation,
        asked,
        answer,
        elements,
        message=message,
        signer="nobody",
        **{"sent": _SENT, **more},
    )


ROWS: Final = (
    _gives("a form", 204),
    _gives("status 200", 200, ("success_action_status", "200")),
    _gives(
        "status 201",
        201,
        ("success_action_status", "201"),
        document="PostResponse(Location=http://{host}/{plain}/by%20form Bucket={plain}"
        " Key='by form' ETag='\"{tag}\"')",
    ),
    _gives(
        "a redirect",
        303,
        ("success_action_redirect", "http://page.example/"),
        headers={
            "location": "http://page.example/?bucket={plain}&key=by%20form&etag=%22{tag}%22",
        },
    ),
    _refuses(
        "no form",
        "412 PreconditionFailed",
        "Condition='Bucket POST must be of the enclosure-type multipart/form-data'",
        "At least one of the pre-conditions you specified did not hold",
        sent={"Content-Type": "text/plain"},
    ),
    _refuses(
        "no boundary",
        "400 MalformedPOSTRequest",
        "",
        "The body of your POST request is not well-formed multipart/form-data.",
        sent={"Content-Type": "multipart/form-data"},
    ),
    _refuses(
        "no file",
        "400 InvalidArgument",
        "ArgumentName=file ArgumentValue=0",
        "POST requires exactly one file upload per request.",
        body=encoded([("key", "k")], None),
    ),
    _refuses(
        "no key",
        "400 InvalidArgument",
        "ArgumentName=key ArgumentValue=",
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order"
        " of the fields.",
        body=_form(),
    ),
    _refuses(
        "a field that the policy does not name",
        "403 AccessDenied",
        "",
        "Invalid according to Policy: Extra input fields: acl",
        body=_form(("key", "k"), ("acl", "private")),
    ),
    _refuses(
        "nobody signed", "403 AccessDenied", "", "Access Denied", body=encoded([("key", "k")], b"")
    ),
    _refuses(
        "no bucket",
        "404 NoSuchBucket",
        "BucketName=o3-none",
        "The specified bucket does not exist",
        asked="POST /o3-none",
        body=encoded([("key", "k")], b""),
    ),
)
