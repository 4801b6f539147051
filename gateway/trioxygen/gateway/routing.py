"""Which S3 operation a request is: by method, level, sub-resource and headers, as the table says.

A sub-resource that S3 has and that is not here, or not at the level that is asked for, is never
taken for something else: NotImplemented, which the gate says."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from trioxygen.gateway.protocol.control import PATH, control_resource
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.names import Target
from trioxygen.gateway.s3.needs import COPY_SOURCE
from trioxygen.gateway.s3.operation import Level, Operation, of_another_level

# As an Allow header lists them.
_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
# S3 looks for the source of a copy there, also where none can be made.
_NOT_POSTS: Final = frozenset(("GET", "HEAD", "PUT", "DELETE"))
# Those of RFC 9110 and 5789. Any other is no verb to S3.
_VERBS: Final = frozenset((*_METHODS, "OPTIONS", "PATCH", "CONNECT", "TRACE"))
_LIST_TYPE: Final = "list-type"
# What S3 calls what is addressed, where it is not the level.
_RESOURCE_TYPES: Final = {"uploadId": "UPLOAD", "policy": "BUCKETPOLICY"}


class Router:
    """Args:
    operations: the table; of several at one place, one that wants more of a request goes first.

    Attributes: unsigned: what all requests of a method are, by those methods that nobody signs."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        places: defaultdict[tuple[str, Level, str], list[Operation]] = defaultdict(list)
        for operation in operations:
            places[operation.route.place].append(operation)
        self._places = {
            place: tuple(sorted(rows, key=lambda row: -row.route.conditions))
            for place, rows in places.items()
        }
        self._sub_resources = frozenset(
            sub for _, level, sub in self._places if sub and level is not Level.ACCOUNT
        )
        self.unsigned: Mapping[str, Operation] = {
            row.route.method: row
            for rows in self._places.values()
            for row in rows
            if not row.is_signed
        }

    def route(self, head: RequestHead, level: Level) -> Operation:
        """Of a request that may be signed. Raises NotImplemented, MethodNotAllowed,
        InvalidArgument, InvalidRequest, InvalidURI."""
        if level is Level.ACCOUNT:
            return self._route_control(head.method, control_resource(head))
        sub = self._sub_resource(head, level) if head.raw_query else ""
        rows = self._places.get((head.method, level, sub), ())
        if head.method in _NOT_POSTS:
            _check_copy_source(head, rows)
        for row in rows:
            if row.route.holds(head):
                return row
        return self._no_route(head.method, level, sub)

    def _route_control(self, method: str, resource: str) -> Operation:
        rows = self._places.get((method, Level.ACCOUNT, resource))
        if rows is not None:
            return rows[0]
        if any((other, Level.ACCOUNT, resource) in self._places for other in _METHODS):
            return self._no_route(method, Level.ACCOUNT, resource)
        raise not_implemented(f"S3 Control: {method} {PATH}{resource} is not implemented.")

    def _sub_resource(self, head: RequestHead, level: Level) -> str:
        """The query name that chooses the operation, "" if none does. Raises InvalidArgument,
        InvalidRequest."""
        names = {name for name, _ in head.query_pairs if name in self._sub_resources}
        # An argument of a listing, which chooses only where no sub-resource does.
        names.discard(_LIST_TYPE)
        asked = sorted(names)
        sub = asked[0] if asked else ""
        if level is Level.OBJECT:
            _check_object_query(head, asked, sub)
        if len(asked) > 1:
            raise invalid_argument(
                f"Conflicting query string parameters: {', '.join(asked)}", "ResourceType", sub
            )
        if not sub and level is Level.BUCKET and head.query_value(_LIST_TYPE) == "2":
            return _LIST_TYPE
        return sub

    def _no_route(self, method: str, level: Level, sub: str) -> Operation:
        if method not in _VERBS:
            raise S3Error("BadRequest")
        places = {name: self._places.get((name, level, sub), ()) for name in _METHODS}
        if not any(places.values()):
            if level is Level.SERVICE:
                raise not_implemented(f"{method} with ?{sub} is not implemented.")
            return of_another_level(method, level, sub)
        allowed = ", ".join(name for name, rows in places.items() if rows and name != method)
        resource = _RESOURCE_TYPES.get(sub, level.name)
        raise S3Error(
            "MethodNotAllowed", details={"ResourceType": resource}, headers={"Allow": allowed}
        )


def level_of(target: Target) -> Level:
    if target.bucket is None:
        return Level.SERVICE
    return Level.BUCKET if target.key is None else Level.OBJECT


def _check_copy_source(head: RequestHead, rows: Iterable[Operation]) -> None:
    source = head.header(COPY_SOURCE)
    if source is not None and not any(row.route.header == COPY_SOURCE for row in rows):
        raise invalid_argument(
            "You can only specify a copy source header for copy requests.", COPY_SOURCE, source
        )


def _check_object_query(head: RequestHead, asked: list[str], sub: str) -> None:
    """What S3 refuses in the query of an object's request, whatever its method has to do with it.

    Raises: InvalidArgument, InvalidRequest.
    """
    if "uploads" in asked and "uploadId" in asked:
        raise invalid_argument("Conflicting query string parameters", "ResourceType", "uploads")
    if sub == "versions":
        raise S3Error(
            "InvalidRequest", "There is no such thing as the ?versions sub-resource for a key"
        )
    if sub == "uploads" and head.method == "GET":
        raise S3Error(
            "InvalidRequest", "Key is not expected for the GET method ?uploads subresource"
        )
    if head.method not in ("GET", "HEAD") and "uploadId" not in asked:
        number = head.query_value("partNumber")
        if number is not None:
            raise invalid_argument(
                "This operation does not accept partNumber without uploadId", "partNumber", number
            )
