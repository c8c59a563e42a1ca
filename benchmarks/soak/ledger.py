"""Compares input and output of a soak: nothing lost, nothing recorded twice, all in order."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.soak.following import Followed, Repeat, follow
from benchmarks.soak.record import Accepted

_MARK = re.compile(r"M\d{6}")
_REFERENCE = re.compile(r"E-[0-9A-F]{6}")
# An alert tells of one error by its reference, or of several by their number and the latest ones.
_ERRORS = re.compile(r"(\d+) erreurs techniques|Erreur technique E-")
# The beginning of the apology for a message that is given up.
_GIVEN_UP = "Un message que je devais vous envoyer"
# The notification of a new request; of one that was withdrawn before the sending was known; and the
# message that says of a withdrawal.
_NEW, _ALREADY_WITHDRAWN, _WITHDRAWAL = "Nouvelle demande", "retirée par la personne", "retiré</b>"
_MOST_EXAMPLES = 5
# A call sent by a process before it was killed may be received a moment later.
_LAG_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class LedgerConversation:
    """A person's chat; ``expected`` are the shapes of the calls that must come.

    ``entrusted``: a form was sent. ``withdrew``: it was withdrawn afterwards.
    """

    mark: str
    calls: Sequence[Accepted]
    expected: Sequence[str]
    finished: bool = True
    entrusted: bool = False
    withdrew: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated update.

    ``sound``: Telegram might send it. ``speaks``: a person expects an answer.
    """

    update_id: int
    sound: bool
    speaks: bool
    calls: Sequence[Accepted] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of the database at the end; ``states`` and ``references`` by update."""

    states: Mapping[int, str]
    references: Mapping[int, str]
    waiting: int
    parked: int
    # Given up because two processes were killed while they held it, and not for its content: that
    # cannot be told apart.
    crashed: int
    # The marks of the recorded requests, one for each request.
    marks: Sequence[str]
    withdrawn: Sequence[str] = ()
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one half of a soak; ``kills`` are monotonic times in seconds."""

    sent: frozenset[int]
    conversations: Sequence[LedgerConversation]
    generated: Sequence[Generated]
    administrators: Sequence[Accepted]
    facilitators: Sequence[Accepted]
    stored: Stored
    kills: Sequence[float] = ()
    unforeseen: Sequence[str] = ()


@dataclass(slots=True)
class Ledger:
    """Figures by name, and a sentence for each discrepancy."""

    figures: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def blame(self, what: str, examples: Sequence[object]) -> None:
        """Add a problem, with the first few examples, where there are any."""
        if examples:
            shown = "; ".join(str(example) for example in examples[:_MOST_EXAMPLES])
            self.problems.append(f"{what} ({len(examples)}): {shown}")


def settle(facts: Facts) -> Ledger:
    """Draw up the ledger."""
    ledger = Ledger()
    _updates(ledger, facts)
    followed = [(chat, follow(chat.calls, chat.expected)) for chat in facts.conversations]
    _conversations(ledger, followed, facts.stored.crashed)
    _interests(ledger, facts)
    _alerts(ledger, facts)
    _silence(ledger, facts)
    _repeats(ledger, facts, list(_all_repeats(facts, followed)))
    ledger.figures["left waiting in the outbox"] = facts.stored.waiting
    ledger.blame("messages wait for ever", range(facts.stored.waiting))
    ledger.blame("messages were given up", range(facts.stored.parked))
    ledger.figures["messages given up after two kills each"] = facts.stored.crashed
    ledger.blame("too many for the kills", range(len(facts.kills) // 2, facts.stored.crashed))
    ledger.blame("the database is damaged", facts.stored.faults)
    ledger.blame("the bot met what it did not foresee", facts.unforeseen)
    return ledger


def _updates(ledger: Ledger, facts: Facts) -> None:
    states = Counter(facts.stored.states.values())
    ledger.figures["updates delivered"] = len(facts.sent)
    ledger.figures["updates handled"] = states["done"]
    ledger.figures["updates set aside"] = states["aside"]
    ledger.figures["updates left in the inbox"] = states["waiting"]
    stored = facts.stored.states.keys()
    ledger.blame("updates were lost", sorted(facts.sent - stored))
    ledger.blame("updates came from nowhere", sorted(stored - facts.sent))
    stuck = [number for number, state in facts.stored.states.items() if state == "waiting"]
    ledger.blame("updates wait for ever", stuck)
    spoilt = {update.update_id for update in facts.generated if not update.sound}
    aside = {number for number, state in facts.stored.states.items() if state == "aside"}
    ledger.blame("sound updates were set aside", sorted(aside - spoilt))


def _conversations(
    ledger: Ledger, followed: Sequence[tuple[LedgerConversation, Followed]], given_up: int
) -> None:
    ledger.figures["conversations"] = len(followed)
    ledger.figures["messages that people expected"] = sum(
        len(chat.expected) for chat, _ in followed
    )
    sorry = [chat.mark for chat, _ in followed if any(map(_is_apology, chat.calls))]
    # Their message is lost with its process, which each was told: the rest does not add up.
    excused = sorry[:given_up]
    lacking = [chat.mark for chat, seen in followed if seen.reached < len(chat.expected)]
    incomplete = [mark for mark in lacking if mark not in excused]
    ledger.blame("people were not answered in full, or not in order", incomplete)
    gave_up = [chat.mark for chat, _ in followed if not chat.finished]
    ledger.blame("people gave up", [mark for mark in gave_up if mark not in excused])
    strange = [
        f"{chat.mark}: {call.text[:60]!r}"
        for chat, seen in followed
        for call in seen.strange
        if not (chat.mark in excused and _is_apology(call))
    ]
    ledger.blame("people were told what nobody expected", strange)


def _is_apology(call: Accepted) -> bool:
    return call.text.startswith(_GIVEN_UP)


def _interests(ledger: Ledger, facts: Facts) -> None:
    entrusted = {chat.mark for chat in facts.conversations if chat.entrusted}
    withdrawn = {chat.mark for chat in facts.conversations if chat.withdrew}
    ledger.figures["interests completed by people"] = len(entrusted)
    ledger.figures["interests withdrawn by people"] = len(withdrawn)
    for what, marks, owed in (
        ("interests recorded", facts.stored.marks, entrusted),
        ("interests notified to administrators", _notified_interests(facts), entrusted),
        ("withdrawals recorded", facts.stored.withdrawn, withdrawn),
        ("withdrawals notified to administrators", _notified(facts, _WITHDRAWAL), withdrawn),
    ):
        times = Counter(marks)
        ledger.figures[what] = times.total()
        ledger.blame(f"lacking among the {what}", sorted(owed - times.keys()))
        ledger.blame(f"too many among the {what}", sorted(times.keys() - owed))
        ledger.blame(f"twice among the {what}", [mark for mark, n in times.items() if n > 1])


def _notified_interests(facts: Facts) -> list[str]:
    """Return the mark of each notification; sent again as withdrawn, it counts once."""
    new = list(_notified(facts, _NEW))
    return new + sorted(set(_notified(facts, _ALREADY_WITHDRAWN)).difference(new))


def _notified(facts: Facts, words: str) -> Iterator[str]:
    """Yield the mark of each message with these words; repeats count once."""
    sent, _ = lanes(facts.administrators)
    for call in distinct(sent):
        match = _MARK.search(call.text)
        if match and words in call.text:
            yield match[0]


def _alerts(ledger: Ledger, facts: Facts) -> None:
    sent, _ = lanes(facts.administrators)
    told = list(distinct(sent))
    alerts = [call.text for call in told if _REFERENCE.search(call.text)]
    named = {reference for text in alerts for reference in _REFERENCE.findall(text)}
    owed = facts.stored.references.values()
    ledger.figures["alerts to administrators"] = len(alerts)
    # One whose sending is not known may be told again, with what came since.
    ledger.blame("updates set aside were not told", range(_errors_told(alerts), len(owed)))
    strange = sorted(named.difference(owed))
    ledger.blame("alerts came from nowhere", strange[facts.stored.crashed :])
    patterns = (_MARK, _REFERENCE)
    other = [
        call.text[:80]
        for call in told
        if not any(pattern.search(call.text) for pattern in patterns)
    ]
    ledger.blame("administrators were told something else", other)
    ledger.figures["notices to facilitators"] = len(list(distinct(facts.facilitators)))


def _errors_told(alerts: Sequence[str]) -> int:
    """Count the errors that these alerts tell of."""
    return sum(int(found[1] or 1) for text in alerts for found in _ERRORS.finditer(text))


def _silence(ledger: Ledger, facts: Facts) -> None:
    waiting = [update for update in facts.generated if update.speaks]
    ledger.figures["made-up updates"] = len(facts.generated)
    ledger.figures["made-up updates of which somebody waits for an answer"] = len(waiting)
    ledger.blame("people met silence", [update.update_id for update in waiting if not update.calls])


def _repeats(ledger: Ledger, facts: Facts, repeats: Sequence[Repeat]) -> None:
    """Report each repeat that is explained neither by a kill nor by a lost answer."""
    calls = list(_all_calls(facts))
    by_kill = Counter(
        kills[0]
        for repeat in repeats
        if all(call.answered for call in repeat.run)
        and (kills := kills_during(repeat, facts.kills))
    )
    ledger.figures["messages that Telegram took"] = len(calls)
    ledger.figures["messages whose answer was lost"] = sum(not call.answered for call in calls)
    ledger.figures["kills"] = len(facts.kills)
    ledger.figures["messages repeated"] = len(repeats)
    ledger.figures["messages repeated after a kill"] = by_kill.total()
    ledger.figures["kills after which messages were repeated"] = len(by_kill)
    ledger.figures["messages repeated after one kill, at most"] = max(by_kill.values(), default=0)
    unexplained = [
        f"{each.again.chat}: {each.again.method} {each.again.text[:60]!r}"
        for each in repeats
        if each.nth
        > len(kills_during(each, facts.kills)) + sum(not call.answered for call in each.run)
    ]
    ledger.blame("messages were repeated without a cause", unexplained)


def kills_during(repeat: Repeat, kills: Sequence[float]) -> list[float]:
    """Return the kills between a message and its repetition."""
    began = repeat.run[0].at - _LAG_SECONDS
    return [kill for kill in kills if began <= kill <= repeat.again.at]


def _all_repeats(
    facts: Facts, followed: Sequence[tuple[LedgerConversation, Followed]]
) -> Iterator[Repeat]:
    for _, seen in followed:
        yield from seen.repeats
    others = [update.calls for update in facts.generated]
    for calls in (*lanes(facts.administrators), facts.facilitators, *others):
        yield from follow(calls, [call.shape for call in distinct(calls)]).repeats


def _all_calls(facts: Facts) -> Iterator[Accepted]:
    people = (chat.calls for chat in facts.conversations)
    others = (update.calls for update in facts.generated)
    for calls in (facts.administrators, facts.facilitators, *people, *others):
        yield from calls


def lanes(calls: Sequence[Accepted]) -> tuple[Sequence[Accepted], Sequence[Accepted]]:
    """Separate the messages sent to a group from edits: neither waits for the other."""
    sent = [call for call in calls if not call.method.startswith("edit")]
    return sent, [call for call in calls if call.method.startswith("edit")]


def distinct(calls: Sequence[Accepted]) -> Iterator[Accepted]:
    """Leave out each call that repeats the one before it."""
    yield from calls[:1]
    yield from (call for before, call in pairwise(calls) if call.fingerprint != before.fingerprint)
