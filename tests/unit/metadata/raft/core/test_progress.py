from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.progress import Progress, ProgressState

CONFIG = RaftConfig(inflight_messages_max=2, inflight_bytes_max=100, append_bytes_max=100)


def replicating(match: int) -> Progress:
    progress = Progress(CONFIG, next_index=match + 1, match=match)
    progress.become_replicate()
    return progress


def test_probe_sends_one_message_until_answered() -> None:
    progress = Progress(CONFIG, next_index=5)
    assert not progress.is_paused()
    progress.sent(7, 10)
    assert progress.is_paused() and progress.next == 5
    progress.free_oldest()
    assert not progress.is_paused()


def test_probe_backs_up_to_the_hint_but_not_before_the_match() -> None:
    progress = Progress(CONFIG, next_index=9, match=3)
    assert progress.rejected(8, 5) and progress.next == 6
    assert progress.rejected(5, 0) and progress.next == 4


def test_probe_ignores_the_refusal_of_an_older_message() -> None:
    progress = Progress(CONFIG, next_index=9)
    assert not progress.rejected(4, 2)
    assert progress.next == 9


def test_replicate_runs_ahead_until_messages_or_bytes_are_used_up() -> None:
    progress = replicating(3)
    progress.sent(4, 1)
    assert progress.next == 5 and not progress.is_paused()
    progress.sent(6, 1)
    assert progress.is_paused()
    assert progress.acknowledged(4) and not progress.is_paused()
    progress.acknowledged(6)
    progress.sent(7, 100)
    assert progress.is_paused() and progress.inflight_bytes == 100


def test_replicate_frees_everything_up_to_an_acknowledged_index() -> None:
    progress = replicating(3)
    progress.sent(4, 10)
    progress.sent(5, 20)
    assert progress.acknowledged(5)
    assert (progress.match, progress.inflight_messages, progress.inflight_bytes) == (5, 0, 0)
    assert not progress.acknowledged(4)
    assert progress.match == 5


def test_replicate_goes_back_to_probing_after_the_match_when_refused() -> None:
    progress = replicating(3)
    progress.sent(8, 10)
    assert not progress.rejected(2, 1)
    assert progress.rejected(8, 5)
    assert progress.state is ProgressState.PROBE and progress.next == 4


def test_snapshot_pauses_and_what_it_brought_is_not_sent_again() -> None:
    progress = Progress(CONFIG, next_index=2)
    progress.become_snapshot(50)
    assert progress.is_paused()
    progress.become_probe()
    assert progress.next == 51 and not progress.is_paused()


def test_heartbeat_reply_lets_one_more_message_go_when_the_limit_is_reached() -> None:
    progress = replicating(3)
    progress.sent(4, 1)
    progress.sent(5, 1)
    progress.free_oldest()
    assert not progress.is_paused()
    progress.free_oldest()
    assert progress.inflight_messages == 1
