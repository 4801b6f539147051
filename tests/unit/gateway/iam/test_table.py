"""The table against AWS's own models of the two services."""

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel

from trioxygen.gateway.iam import absent
from trioxygen.gateway.iam.action import Action, Api
from trioxygen.gateway.iam.arguments import Kind
from trioxygen.gateway.iam.errors import STATUSES
from trioxygen.gateway.iam.table import ACTIONS

MODELS = {api: ServiceModel(Loader().load_service_model(api.service, "service-2")) for api in Api}
# Of AWS's organizations and accounts that are none here.
NOT_READ = {"OrderedOrganizationPolicyInputList", "PolicyExclusionList", "ProvidedContexts"}
NOT_READ |= {"ResourceHandlingOption", "ResourceOwner"}
KINDS = {"integer": Kind.NUMBER, "boolean": Kind.FLAG, "string": Kind.TEXT}


def model_of(action: Action) -> OperationModel:
    return MODELS[action.api].operation_model(action.name)


@pytest.mark.parametrize("api", list(Api))
def test_each_action_of_aws_is_here_or_said_to_be_absent(api: Api) -> None:
    here = {action.name for action in ACTIONS if action.api is api}
    assert here | absent.NAMES[api] == set(MODELS[api].operation_names)
    assert not here & absent.NAMES[api]


@pytest.mark.parametrize("api", list(Api))
def test_versions_and_namespaces_are_aws(api: Api) -> None:
    metadata = MODELS[api].metadata
    assert (metadata["apiVersion"], metadata["xmlNamespace"]) == (api.version, api.xmlns)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_arguments_are_those_of_the_model(action: Action) -> None:
    model = model_of(action).input_shape
    members = {} if model is None else model.members
    read = {argument.name: argument for argument in action.arguments}
    assert set(members) - NOT_READ <= set(read) | NOT_READ
    assert set(read) <= set(members)
    required = set() if model is None else set(model.required_members)
    assert {name for name, argument in read.items() if argument.is_needed} == required
    for name, argument in read.items():
        shape = members[name]
        kind = shape.type_name
        if isinstance(shape, ListShape):
            kind = shape.member.type_name
            assert argument.kind is (Kind.STRUCTURES if kind == "structure" else Kind.TEXTS), name
        else:
            assert argument.kind is KINDS[kind], name
        if argument.kind is Kind.NUMBER:
            metadata = members[name].metadata
            assert argument.bounds == (metadata["min"], metadata["max"]), name


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_statuses_of_errors_are_those_of_the_model(action: Action) -> None:
    for shape in model_of(action).error_shapes:
        error = shape.metadata.get("error", {})
        if error.get("code") in STATUSES:
            assert STATUSES[error["code"]] == error["httpStatusCode"]
