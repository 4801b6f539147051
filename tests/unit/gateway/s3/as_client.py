"""Documents as an AWS client sees them: parsed and written by botocore with its own S3 model."""

from typing import Any

import botocore.session
from botocore.model import ServiceModel, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer


class Client:
    """Parses answers and writes request bodies of S3 operations."""

    def __init__(self) -> None:
        self._model: ServiceModel = botocore.session.get_session().get_service_model("s3")
        self._parser = create_parser("rest-xml")
        self._serializer = create_serializer("rest-xml")

    def parsed(self, operation: str, body: bytes, *, status: int = 200) -> dict[str, Any]:
        """What the SDK makes of an answer, without ResponseMetadata."""
        shape = self._model.operation_model(operation).output_shape
        assert isinstance(shape, StructureShape)
        answer = {"body": body, "headers": {}, "status_code": status}
        actual = dict(self._parser.parse(answer, shape))
        actual.pop("ResponseMetadata", None)
        return actual

    def body(self, operation: str, parameters: dict[str, Any]) -> bytes:
        """The body the SDK sends."""
        model = self._model.operation_model(operation)
        written = self._serializer.serialize_to_request(parameters, model)["body"]
        assert isinstance(written, bytes)
        return written
