"""Refusals and questions of access on the admin port."""

from tests.unit.gateway.admin.test_app import Port
from tests.unit.gateway.can.one_user import questions
from tests.unit.gateway.explain.signed import explainer_of
from tests.unit.gateway.explain.test_ring import refused
from tests.unit.gateway.s3.one_bucket import OWNER
from trioxygen.gateway.admin.access_routes import AccessAnswers


def test_request_that_was_refused_is_explained_to_who_has_the_token() -> None:
    port = Port()
    port.access.explainer.refused.add(refused(7))
    path = f"/admin/v1/refused/{7:016X}"
    status, body = port.json("GET", f"{path}?endpoint=https://s3.test")
    assert (status, body["explanation"]["code"]) == (200, "AccessDenied")
    assert port.call("GET", path, token=None)[0] == 401
    assert port.json("GET", "/admin/v1/refused/0") == (200, {"explanation": None})


def test_question_is_answered_with_what_decides() -> None:
    port = Port(AccessAnswers(explainer_of({}), questions()))
    question = {
        "who": f"{OWNER.account_id}/ann",
        "action": "s3:PutObject",
        "resource": "s3://bucket/key",
        "context": {"aws:SourceIp": ["10.1.2.3"]},
    }
    status, body = port.json("POST", "/admin/v1/can", question)
    assert (status, body["access"]["allowed"]) == (200, True)
    assert body["access"]["decided_by"] == "group/writers inline writes"
    status, body = port.json("POST", "/admin/v1/can", {**question, "context": {}})
    assert (status, body["access"]["allowed"]) == (200, False)


def test_question_that_makes_no_sense_is_refused() -> None:
    port = Port(AccessAnswers(explainer_of({}), questions()))
    question = {"who": "nobody", "action": "s3:GetObject", "resource": "s3://bucket/key"}
    assert port.json("POST", "/admin/v1/can", question)[0] == 404
    assert port.json("POST", "/admin/v1/can", {**question, "resource": "key"})[0] == 400
    many = {f"aws:{number}": ["1"] for number in range(101)}
    assert port.json("POST", "/admin/v1/can", {**question, "context": many})[0] == 400
    assert port.json("POST", "/admin/v1/can", {"who": "x"})[0] == 400
