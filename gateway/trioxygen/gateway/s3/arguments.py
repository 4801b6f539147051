"""What writes read of their headers, read once more and not kept: of a request that is refused for
a header that asks for what is not here. S3 says first what is wrong with the others."""

from trioxygen.gateway.protocol import checksums, headers
from trioxygen.gateway.protocol.acl_headers import read_acl_headers
from trioxygen.gateway.protocol.xml.tags import replaces_tags
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import read_attributes, read_condition


def check_of_body(services: Services, request: S3Request) -> None:
    """Raises: InvalidDigest, InvalidRequest, BadDigest."""
    checksums.read_content_md5(request.head)
    checksums.read_checksum_request(request.head)


def check_of_object(services: Services, request: S3Request) -> None:
    """Raises what S3 says of the headers that are stored, of tags, ACLs, locks and conditions."""
    headers.read_object_headers(request.head)
    read_attributes(services, request)
    read_acl_headers(request.head, of_bucket=False)
    read_condition(services, request)


def check_of_put(services: Services, request: S3Request) -> None:
    check_of_object(services, request)
    check_of_body(services, request)


def check_of_copy(services: Services, request: S3Request) -> None:
    check_of_object(services, request)
    headers.replaces_metadata(request.head)
    replaces_tags(request.head)
    checksums.read_copy_algorithm(request.head)


def check_of_upload(services: Services, request: S3Request) -> None:
    check_of_object(services, request)
    checksums.read_upload_checksum(request.head)
