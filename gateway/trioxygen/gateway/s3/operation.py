"""What a row of the table of S3 operations says. The rows stand beside their handlers.

Everything that asks "which operations are there" reads the rows: routing, the gate, metrics, the
access log, docs/reference/s3-operations.md."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.needs import NOTHING, Need, refused_in_bucket
from trioxygen.gateway.s3.request import UNROUTED, Response, S3Request
from trioxygen.gateway.s3.services import Services

Handler = Callable[[Services, S3Request], Awaitable[Response]]


class Level(Enum):
    """What a request addresses: no bucket, a bucket, or a key in it. ACCOUNT: of S3 Control, whose
    sub-resource is in the path (see `protocol.control`). ANY: of a route that does not ask,
    whatever the query says."""

    ACCOUNT = auto()
    SERVICE = auto()
    BUCKET = auto()
    OBJECT = auto()
    ANY = auto()


class Resource(Enum):
    """What an action is about. ACCOUNT: the one that the header names. NEW_BUCKET: one that is not
    there yet. OBJECTS: the keys that the body names. SOURCE: of a copy."""

    ACCOUNT = "the account named"
    SERVICE = "account"
    NEW_BUCKET = "new bucket"
    BUCKET = "bucket"
    OBJECT = "object"
    OBJECTS = "each object"
    SOURCE = "source object"


@dataclass(frozen=True, slots=True)
class Route:
    """Attributes:
    sub_resource: the query name that chooses the operation; "": none. Of an account, the path.
    query: a further name that the query has to hold.
    header: one that the request has to carry.
    """

    method: str
    level: Level
    sub_resource: str = ""
    query: str = ""
    header: str = ""

    @property
    def place(self) -> tuple[str, Level, str]:
        return self.method, self.level, self.sub_resource

    @property
    def conditions(self) -> int:
        """How much it wants of a request besides the place."""
        return bool(self.query) + bool(self.header)

    def holds(self, head: RequestHead) -> bool:
        """Of a request to this place: whether it has what else the route wants."""
        return (not self.header or head.header(self.header) is not None) and (
            not self.query or head.has_query(self.query)
        )


# Nobody owns them but the caller, at these places; of all others it has to be known who does.
OWN: Final[Mapping[Resource, Callable[[Route], bool]]] = MappingProxyType(
    {
        Resource.ACCOUNT: lambda route: route.level is Level.ACCOUNT,
        Resource.SERVICE: lambda route: route.place == ("GET", Level.SERVICE, ""),
        Resource.NEW_BUCKET: lambda route: route.place == ("PUT", Level.BUCKET, ""),
    }
)


def _whose(resource: Resource) -> Resource | None:
    """What its owner is the owner of: a bucket, or the one that is copied from. None: nobody's but
    the caller's."""
    if resource in OWN:
        return None
    return resource if resource is Resource.SOURCE else Resource.BUCKET


@dataclass(frozen=True, slots=True)
class Access:
    """Attributes:
    action: of IAM. Source: Service Authorization Reference, "Actions defined by Amazon S3".
    needs: what has to be fetched for it, beyond what the accesses before it needed.
    version_action: in its place, of what names a version; "": the same.
    when: of which requests it is asked; None: of all.
    is_optional: not allowed, the operation goes on without it: its handler asks `lacks`.
    reads: the body, before it is decided, where a policy may ask what it says
        (`documents.read_ahead`); None: no policy can.
    """

    action: str
    resource: Resource
    needs: Need = NOTHING
    version_action: str = ""
    when: Callable[[S3Request], bool] | None = None
    is_optional: bool = False
    reads: Callable[[Services, S3Request], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Attributes:
    name: of the S3 API.
    accesses: all of them that are asked must be allowed, in this order. None: no permission is
        asked for, which no row with a handler can say of what is signed.
    is_signed: False: nobody signs requests of its method (a preflight's, which CORS rules answer);
        all are this operation.
    reads_body: it has one, which its handler reads.
    check: of what S3 refuses before anybody is asked, by the request alone.
    refuses: of headers that ask for what is not here; once the first access is allowed.
    arguments: of what S3 refuses about the others, which is said before that. Its handler reads
        them too.
    is_form: its body says who signed it, and of which key it is: its fields are read before it is
        decided (see `forms`).
    tells_region: the bucket's, also where it is refused.
    tries: runs again, decision and all, when what it began with has changed meanwhile.
    handler: runs only when all accesses are allowed; None: not implemented, which is said then.
    absent_as: what not being implemented is, where dialects say it differently.
    """

    name: str
    route: Route
    accesses: tuple[Access, ...]
    reads_body: bool = False
    check: Callable[[S3Request], object] | None = None
    refuses: Callable[[RequestHead], None] | None = None
    arguments: Callable[[Services, S3Request], object] | None = None
    is_signed: bool = True
    is_form: bool = False
    tells_region: bool = False
    tries: int = 1
    handler: Handler | None = None
    absent_as: Case | None = None

    def __post_init__(self) -> None:
        """A row that could let a stranger in is no row."""
        assert self.accesses or self.handler is None or not self.is_signed, (
            f"{self.name}: who may do it is not said"
        )
        known: Resource | None = None
        first = self.accesses[0] if self.accesses else None
        assert first is None or (first.when is None and not first.is_optional), (
            f"{self.name}: who may do it is not said of every request"
        )
        for access in self.accesses:
            assert self._is_known(access, known), (
                f"{self.name}: whose {access.resource.value} it is has to be fetched"
            )
            known = _whose(access.resource)

    def _is_known(self, access: Access, known: Resource | None) -> bool:
        """Whether the gate decides about the access by its own owner, when it last decided by the
        owner of `known`."""
        fetches, whose = access.needs.fetch is not None, _whose(access.resource)
        if whose is None:
            return known is None and not fetches and OWN[access.resource](self.route)
        return fetches or whose is known


def of_another_level(method: str, level: Level, sub_resource: str) -> Operation:
    """Of a sub-resource that S3 has, but not where this request asks for it."""
    assert level in (Level.BUCKET, Level.OBJECT), level
    return Operation(
        name=UNROUTED,
        route=Route(method, level, sub_resource),
        accesses=(
            Access(
                "s3:ListBucket",
                Resource.BUCKET,
                refused_in_bucket(f"{method} with ?{sub_resource}"),
            ),
        ),
    )
