"""Why a replica takes part no more, and what others are told of it."""

from trioxygen.common.errors import Internal, Stopping, TrioxygenError, again
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.ports import GroupId, ReplicaFailed, StateMachineFailed


def failure_of(error: BaseException, group: GroupId) -> TrioxygenError:
    """Of the replica, by what it met: of its log, or a defect."""
    if isinstance(error, TrioxygenError):
        return error
    failure: TrioxygenError
    if isinstance(error, OSError):
        failure = LogFailed("the write-ahead log has failed", cause=str(error))
    else:
        failure = Internal("the replica failed", group=group, cause=str(error))
    failure.__cause__ = error
    return failure


def failure_of_machine(error: BaseException | None, group: GroupId) -> TrioxygenError:
    """The state machine takes no more entries. Args: error: None: it was told to stop;
    Stopping: it is stopped, and leaves what it could not apply to the next start."""
    if error is None:
        return Stopping(group=group)
    if isinstance(error, Stopping):
        return error
    failure = StateMachineFailed("the state machine failed", group=group, cause=str(error))
    failure.__cause__ = error
    return failure


def refusal_of(
    failure: TrioxygenError, group: GroupId, *, is_alone: bool = False
) -> TrioxygenError:
    """What those are told who ask a replica that takes part no more.

    Args: is_alone: there is no other that could answer: they are told the failure itself."""
    if is_alone or isinstance(failure, Stopping):
        return again(failure)
    refused = ReplicaFailed("the replica has failed", group=group, cause=str(failure))
    refused.__cause__ = failure
    return refused
