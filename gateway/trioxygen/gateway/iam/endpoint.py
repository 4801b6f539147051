"""The query APIs of IAM and STS on the S3 port: which action, who asks, may he, what is answered.

Sources: IAM and STS API references, "Making query requests"."""

from collections.abc import Callable, Mapping
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.iam import absent
from trioxygen.gateway.iam.action import Action, Api, Call, Decides, Signer
from trioxygen.gateway.iam.admission import admit
from trioxygen.gateway.iam.arguments import Arguments
from trioxygen.gateway.iam.body import read_form
from trioxygen.gateway.iam.document import Value, date_text, error_document, response_document
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.form import Form
from trioxygen.gateway.iam.identification import Identification, keys_of_request
from trioxygen.gateway.iam.service_errors import iam_error
from trioxygen.gateway.iam.services import IamServices
from trioxygen.gateway.iam.table import BY_NAME
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.request import Headers, Response, S3Request

log = logs.get(__name__)

_FORM_TYPE: Final = b"application/x-www-form-urlencoded"
_VERSIONS: Final = {api.version: api for api in Api}


class IamEndpoint:
    def __init__(self, services: IamServices, identification: Identification) -> None:
        self._services, self._identification = services, identification
        self._unnumbered = services.config.unnumbered

    @staticmethod
    def is_asked_by(head: RequestHead) -> bool:
        """Of a request to no bucket."""
        if head.method == "POST":
            return (head.raw_header(b"content-type") or b"").lower().startswith(_FORM_TYPE)
        query = head.raw_query
        return head.method == "GET" and b"Action=" in query and b"Version=20" in query

    async def answer(
        self, request: S3Request, take_share: Callable[[], None]
    ) -> tuple[Response, IamError | None]:
        """(what is answered, why it is refused if it is). It does not raise.

        Args: take_share: of the requests that are under way; raises S3Error."""
        api = Api.IAM
        try:
            take_share()
            body = await read_form(request) if request.head.method == "POST" else b""
            form = Form.read(request.head.raw_query, body).mapped(self._unnumbered.numbered)
            action = _action(form)
            api = action.api
            request.operation = action.permission
            result = await self._result(action, form, request, body)
        except (IamError, S3Error, TrioxygenError) as failure:
            return self._refused(iam_error(failure, request), api, request)
        # The outermost frame: a defect must not take the connection down.
        except Exception as defect:
            log.error("request_failed", operation=request.operation, error=defect)
            return self._refused(_defect(), api, request)
        document = response_document(action.name, api.xmlns, result, request.request_id)
        return Response(200, _headers(request), self._unnumbered.shown(document)), None

    def _refused(self, error: IamError, api: Api, request: S3Request) -> tuple[Response, IamError]:
        document = error_document(error, api.xmlns, request.request_id)
        shown = self._unnumbered.shown(document)
        return Response(error.status, _headers(request), shown), error

    async def _result(
        self, action: Action, form: Form, request: S3Request, body: bytes
    ) -> Mapping[str, Value] | None:
        signer = await self._identification.identify(request, body)
        if signer is None and action.is_signed:
            raise IamError("MissingAuthenticationToken", "Request is missing Authentication Token")
        if signer is not None:
            _check_session(action, signer)
        now_s = self._services.now_s
        call = Call(
            services=self._services,
            arguments=Arguments(form, action.arguments),
            request_id=request.request_id,
            keys=keys_of_request(request, request.claim, now_s, date_text(now_s * 1_000)),
            signer_or_none=signer,
        )
        try:
            if action.decides is Decides.IDENTITY:
                await admit(call, action.permission, action.subject)
            return await action.handler(call)
        finally:
            request.asked.extend(call.asked)
            if call.decisions:
                request.decision = call.decisions[-1]


def _check_session(action: Action, signer: Signer) -> None:
    """Source: GetSessionToken: what its credentials may ask for without a device."""
    if (
        signer.is_session
        and signer.caller.kind is not CallerKind.ROLE_SESSION
        and not action.for_sessions
    ):
        raise IamError(
            "InvalidClientTokenId", "The security token included in the request is invalid"
        )


def _action(form: Form) -> Action:
    """Raises: MissingAction, InvalidAction, NotImplemented."""
    name, version = form.text("Action"), form.text("Version")
    if not name:
        raise IamError("MissingAction", "The request must contain the parameter Action.")
    apis = tuple(Api) if version is None else (_VERSIONS.get(version),)
    for api in apis:
        action = BY_NAME.get((api, name)) if api is not None else None
        if action is not None:
            return action
    if any(api is not None and name in absent.NAMES[api] for api in apis):
        raise IamError("NotImplemented", f"{name} is not implemented.")
    raise IamError(
        "InvalidAction",
        f"Could not find operation {name} for version {version or 'NO_VERSION_SPECIFIED'}",
    )


def _defect() -> IamError:
    return IamError(
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
    )


def _headers(request: S3Request) -> Headers:
    return [
        (b"x-amzn-requestid", request.request_id.encode()),
        (b"content-type", b"text/xml"),
    ]
