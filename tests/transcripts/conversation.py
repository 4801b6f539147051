"""The language of the Raft transcripts: a group in memory, one command a line.

cluster VOTERS [learners=N] [leader=N] [SETTING=VALUE ...]
                            begins anew; a leader is elected in silence
join N                      a replica that knows nobody, and that nobody knows
tick N|all [COUNT]          time passes; what results is sent, not delivered
campaign N / propose N TEXT[*TIMES] ... / read N REQUEST ... / restart N / compact N
change N voters=1,2 [learners=3] [stay] / leave N / transfer N TARGET
quiesce N / wake N / suspect N / unreachable N PEER
deliver [COUNT]             messages arrive in the order sent, until there are none, or COUNT rounds
drop                        all messages on their way are lost
cut N [PEER] / heal         messages from and to N are lost [only those from N to PEER]
slow N / sync N             N's disk takes its time / is done
withdraw N                  N's disk had no room, and what was to be written is taken back
hold N / release N          a snapshot to N stays on its way
state [N ...] / log [N ...] / peers N / quiet COMMAND

Timeouts are not drawn: replica N waits election_ticks + N - 1."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from tests.unit.metadata.raft.core.members import Member, group_of, install
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.errors import RaftError
from trioxygen.metadata.raft.core.membership import decode
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    AppendReply,
    Configuration,
    Entry,
    EntryKind,
    Heartbeat,
    InstallSnapshot,
    Message,
    Ready,
    ReplicaId,
    RequestId,
    RequestVote,
    Role,
    VoteReply,
)


class FixedSource:
    """Implements `config.RandomSource`: always the same number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def randrange(self, stop: int, /) -> int:
        return self._number % stop


def shown_configuration(configuration: Configuration) -> str:
    parts = [f"voters={list(configuration.voters)}"]
    if configuration.outgoing:
        parts.append(f"outgoing={list(configuration.outgoing)}")
    if configuration.learners:
        parts.append(f"learners={list(configuration.learners)}")
    return " ".join(parts)


def shown_entry(entry: Entry) -> str:
    what = entry.payload.decode(errors="replace")
    if entry.kind is EntryKind.CONFIGURATION:
        what = f"<{shown_configuration(decode(entry.payload))}>"
    elif entry.kind is EntryKind.NO_OP:
        what = "<no-op>"
    return f"{entry.index}/{entry.term} {what if len(what) <= 60 else what[:8] + '...'}"


def shown(message: Message) -> str:
    head = f"{message.sender} -> {message.to} {type(message).__name__} term={message.term}"
    match message:
        case AppendEntries():
            said = f"after={message.previous_index}/{message.previous_term} commit={message.commit}"
            said += f" [{', '.join(shown_entry(entry) for entry in message.entries)}]"
        case AppendReply():
            said = f"index={message.index}"
            if message.rejected:
                said += f" rejected hint={message.hint_index}/{message.hint_term}"
        case Heartbeat():
            said = f"commit={message.commit} round={message.round}"
            said += " quiesce" if message.quiesce else ""
        case RequestVote():
            said = f"last={message.last_index}/{message.last_term}"
            said += (" pre" if message.pre else "") + (" transfer" if message.transfer else "")
        case VoteReply():
            said = ("granted" if message.granted else "denied") + (" pre" if message.pre else "")
        case InstallSnapshot():
            snapshot = message.snapshot
            said = f"at={snapshot.index}/{snapshot.term} "
            said += shown_configuration(snapshot.configuration)
        case _:
            rest = [field.name for field in fields(message)[3:] if field.name != "token"]
            said = " ".join(f"{name}={getattr(message, name)}" for name in rest)
    return f"{head} {said}".rstrip()


def setting(text: str) -> int | bool:
    return text == "true" if text in ("true", "false") else int(text)


class Conversation:
    def __init__(self) -> None:
        self._members: dict[ReplicaId, Member] = {}
        self._network: list[Message] = []
        self._cut: set[tuple[ReplicaId, ReplicaId]] = set()
        self._slow: set[ReplicaId] = set()
        self._held: set[ReplicaId] = set()
        self._said: list[str] = []

    def run(self, line: str) -> Sequence[str]:
        """What was said in consequence."""
        self._said = []
        name, *words = line.split()
        if name == "quiet":
            self.run(" ".join(words))
            return ()
        command: Callable[..., None] = getattr(self, f"do_{name}")
        try:
            command(*words)
        except RaftError as error:
            self._said.append(f"refused: {type(error).__name__}: {error}")
        self._settle()
        return self._said

    def _member(self, word: str) -> Member:
        return self._members[ReplicaId(int(word))]

    def _settle(self) -> None:
        """Everybody does what is to be done, but for slow disks."""
        for member in self._members.values():
            while member.node.has_ready():
                self._heed(member, member.take())
                if member.id not in self._slow:
                    self._network += self._note(member.sync())

    def _heed(self, member: Member, ready: Ready) -> None:
        soft = ready.soft_state
        if soft is not None:
            led = f", leader {soft.leader}" if soft.leader not in (None, member.id) else ""
            self._said.append(
                f"{member.id} is {soft.role.name.lower().replace('_', '-')} term={soft.term}{led}"
            )
        self._network += self._note(ready.messages_at_once)
        if ready.snapshot is not None:
            self._said.append(f"{member.id} installs the snapshot at {ready.snapshot.index}")
        if ready.committed:
            self._said.append(
                f"{member.id} applies {', '.join(shown_entry(each) for each in ready.committed)}"
            )
        member.apply(ready.committed)
        self._said += [f"{member.id} reads {read.request} at {read.index}" for read in ready.reads]
        self._said += [f"{member.id} refuses read {each}" for each in ready.reads_refused]

    def _note(self, messages: Sequence[Message]) -> Sequence[Message]:
        self._said += [shown(message) for message in messages]
        return messages

    def do_cluster(self, voters: str, *words: str) -> None:
        Conversation.__init__(self)
        options = dict(word.split("=") for word in words)
        learners, leader = int(options.pop("learners", "0")), options.pop("leader", None)
        given: dict[str, Any] = {name: setting(text) for name, text in options.items()}
        # Shows what is committed without another word.
        given.setdefault("commit_notice_at_once", True)
        config = RaftConfig(**given)
        members = group_of(int(voters), learners)
        for number in members.members():
            source = FixedSource(number - 1)
            self._members[number] = Member(number, config, members, source)
        self._configuration = config
        self._settle()
        if leader is not None:
            self.do_campaign(leader)
            self._settle()
            self.do_deliver()
            self._said = []

    def do_join(self, number: str) -> None:
        """A replica that nobody knows yet starts with an empty disk."""
        first = ReplicaId(int(number))
        nobody = Configuration(voters=())
        self._members[first] = Member(first, self._configuration, nobody, FixedSource(first - 1))

    def do_tick(self, who: str, count: str = "1") -> None:
        for _ in range(int(count)):
            for member in self._members.values() if who == "all" else (self._member(who),):
                member.node.tick()
            self._settle()

    def do_campaign(self, who: str) -> None:
        self._member(who).node.campaign()

    def do_propose(self, who: str, *payloads: str) -> None:
        for payload in payloads:
            text, _, times = payload.partition("*")
            self._member(who).node.propose(text.encode() * int(times or 1))

    def do_read(self, who: str, *requests: str) -> None:
        for request in requests:
            self._member(who).node.read_index(RequestId(int(request)))

    def do_change(self, who: str, *words: str) -> None:
        wanted = {"voters": "", "learners": ""}
        wanted |= dict(word.split("=") for word in words if word != "stay")
        ids = {
            name: [ReplicaId(int(each)) for each in text.split(",") if each]
            for name, text in wanted.items()
        }
        self._member(who).node.propose_configuration(
            voters=ids["voters"], learners=ids["learners"], auto_leave="stay" not in words
        )

    def do_leave(self, who: str) -> None:
        self._member(who).node.leave_joint()

    def do_transfer(self, who: str, target: str) -> None:
        self._member(who).node.transfer_leadership(ReplicaId(int(target)))

    def do_quiesce(self, who: str) -> None:
        if not self._member(who).node.quiesce():
            self._said.append(f"{who} has something to do")

    def do_wake(self, who: str) -> None:
        self._member(who).node.wake()

    def do_suspect(self, who: str) -> None:
        self._member(who).node.leader_suspected()

    def do_unreachable(self, who: str, peer: str) -> None:
        self._member(who).node.unreachable_reported(ReplicaId(int(peer)))

    def do_restart(self, who: str) -> None:
        self._member(who).restart()

    def do_compact(self, who: str) -> None:
        self._member(who).compact()

    def do_deliver(self, rounds: str = "1000") -> None:
        for _ in range(int(rounds)):
            arriving, self._network = self._network, []
            for message in arriving:
                self._arrive(message)
            if not self._network or self._network == arriving:
                return

    def _arrive(self, message: Message) -> None:
        if (message.sender, message.to) in self._cut or message.to not in self._members:
            return
        target = self._members[message.to]
        if isinstance(message, InstallSnapshot):
            if message.to in self._held:
                self._network.append(message)
                return
            install(self._members[message.sender], target, message)
        else:
            target.node.step(message)
        self._settle()

    def do_drop(self) -> None:
        self._network = []

    def do_cut(self, who: str, peer: str | None = None) -> None:
        first = self._member(who).id
        if peer is not None:
            self._cut.add((first, self._member(peer).id))
            return
        for other in self._members:
            self._cut |= {(first, other), (other, first)}

    def do_heal(self) -> None:
        self._cut.clear()

    def do_slow(self, who: str) -> None:
        self._slow.add(self._member(who).id)

    def do_sync(self, who: str) -> None:
        member = self._member(who)
        self._slow.discard(member.id)
        while member.unsynced:
            self._network += self._note(member.sync())

    def do_withdraw(self, who: str) -> None:
        member = self._member(who)
        if not member.node.withdraw():
            self._said.append(f"{who} takes nothing back")
            return
        self._slow.discard(member.id)
        member.forget_unsynced()

    def do_hold(self, who: str) -> None:
        self._held.add(self._member(who).id)

    def do_release(self, who: str) -> None:
        self._held.discard(self._member(who).id)

    def do_state(self, *who: str) -> None:
        for word in who or [str(member) for member in self._members]:
            member = self._member(word)
            now = member.node.status()
            vote = member.hard_state.voted_for
            self._said.append(
                f"{member.id}: {now.role.name.lower().replace('_', '-')} term={now.term}"
                f" vote={vote or '-'} leader={now.leader or '-'} commit={now.commit}"
                f" last={now.last_index} {shown_configuration(now.configuration)}"
                f"{' quiescent' if now.quiescent else ''}"
            )

    def do_log(self, *who: str) -> None:
        for word in who or [str(member) for member in self._members]:
            member = self._member(word)
            kept = ", ".join(shown_entry(each) for each in member.log.kept)
            index, term = member.log.compacted
            self._said.append(f"{member.id}: {f'({index}/{term}) ' if index else ''}{kept}")

    def do_peers(self, who: str) -> None:
        member = self._member(who)
        assert member.node.role is Role.LEADER, who
        for peer, each in sorted(member.node.status().peers.items()):
            if peer != member.id:
                self._said.append(
                    f"{peer}: {each.state.name.lower()} match={each.match} next={each.next}"
                    f" inflight={each.inflight_messages}/{each.inflight_bytes}B"
                    f"{'' if each.active else ' away'}"
                )
