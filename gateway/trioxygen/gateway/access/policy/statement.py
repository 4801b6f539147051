"""One statement of a policy, ready to be asked. It does not change.

Source: IAM user guide, "IAM JSON policy elements reference"."""

from collections.abc import Sequence

from trioxygen.gateway.access.caller import Caller
from trioxygen.gateway.access.policy.alternatives import Alternatives
from trioxygen.gateway.access.policy.conditions import Condition
from trioxygen.gateway.access.policy.patterns import Matcher, always
from trioxygen.gateway.access.policy.principals import Principals
from trioxygen.gateway.access.policy.verdict import Element, StatementTrace, Verdict
from trioxygen.gateway.access.question import Question


class Statement:
    """Attributes:
    number: in the policy, from 0.
    principals: None: of an identity's policy, which speaks of that identity.
    actions: of names in lower case.
    resources: None: of a trust policy, which speaks of its role.
    is_not_principal, is_not_action, is_not_resource: whatever is not named is meant.
    """

    __slots__ = (
        "_holds", "_matches", "actions", "conditions", "is_deny", "is_not_action",
        "is_not_principal", "is_not_resource", "number", "principals", "resources", "sid",
    )  # fmt: skip

    def __init__(
        self,
        *,
        number: int,
        sid: str,
        is_deny: bool,
        principals: Principals | None,
        is_not_principal: bool,
        actions: Matcher,
        is_not_action: bool,
        resources: Alternatives | None,
        is_not_resource: bool,
        conditions: Sequence[Condition],
    ) -> None:
        self.number, self.sid, self.is_deny = number, sid, is_deny
        self.principals, self.is_not_principal = principals, is_not_principal
        self.actions, self.is_not_action = actions, is_not_action
        self.resources, self.is_not_resource = resources, is_not_resource
        self.conditions = tuple(conditions)
        self._matches = always if resources is None else resources.fixed
        self._holds = tuple(condition.holds for condition in conditions)

    def is_of_action(self, action: str) -> bool:
        """action: in lower case."""
        return self.actions(action) is not self.is_not_action

    def verdict(self, question: Question) -> Verdict:
        """What it says by itself, of an action that it is of."""
        if not self._is_of_resource(question):
            return Verdict.NOTHING
        said = self._of_caller(question.caller)
        if said:
            context = question.context
            for holds in self._holds:
                if not holds(context):
                    return Verdict.NOTHING
        return said

    def trace(self, question: Question) -> StatementTrace:
        """The same, and which element says otherwise."""
        failed, conditions = self._failed(question)
        return StatementTrace(
            self.number,
            self.sid,
            self.is_deny,
            Verdict.NOTHING if failed is not None else self._of_caller(question.caller),
            failed,
            tuple(condition.compared(question.context) for condition in conditions),
        )

    def _failed(self, question: Question) -> tuple[Element | None, Sequence[Condition]]:
        """With the conditions to tell of: those that failed, or all, which hold."""
        context = question.context
        if not self._of_caller(question.caller):
            return Element.PRINCIPAL, ()
        if not self.is_of_action(question.action.lower()):
            return Element.ACTION, ()
        if not self._is_of_resource(question):
            return Element.RESOURCE, ()
        failed = [condition for condition in self.conditions if not condition.holds(context)]
        return (Element.CONDITION, failed) if failed else (None, self.conditions)

    def _is_of_resource(self, question: Question) -> bool:
        matches = self._matches
        if matches is None:
            assert self.resources is not None
            matches = self.resources.matcher(question.context)
        return matches(question.resource) is not self.is_not_resource

    def _of_caller(self, caller: Caller) -> Verdict:
        principals = self.principals
        if principals is None:
            return Verdict.DENY if self.is_deny else Verdict.ALLOW
        if self.is_not_principal:
            return Verdict.NOTHING if principals.spare(caller) else Verdict.DENY
        said = principals.verdict(caller)
        return Verdict.DENY if said and self.is_deny else said
