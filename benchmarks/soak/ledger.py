"""What went in held against what came out: nothing lost, nothing recorded twice, all in order."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.soak.following import Followed, Repeat, follow
from benchmarks.soak.record import Accepted

_MARK = re.compile(r"M\d{6}")
_REFERENCE = re.compile(r"E-[0-9A-F]{6}")
# How the notification of a new request begins.
_NEW = "Nouvelle demande"
_MOST_TOLD = 5
# What a process had sent when it was killed may be taken a moment later.
_LAG_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class LedgerConversation:
    """A person's chat; ``expected``: the shapes that must come.

    ``entrusted``: a form was sent; ``withdrew``: and taken back.
    """

    mark: str
    calls: Sequence[Accepted]
    expected: Sequence[str]
    finished: bool = True
    entrusted: bool = False
    withdrew: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """A made-up update; ``sound``: Telegram might send it; ``speaks``: somebody waits for words."""

    update_id: int
    sound: bool
    speaks: bool
    calls: Sequence[Accepted] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds at the end; ``states`` and ``references`` by update."""

    states: Mapping[int, str]
    references: Mapping[int, str]
    waiting: int
    parked: int
    # The marks of the recorded requests, one for each.
    marks: Sequence[str]
    withdrawn: Sequence[str] = ()
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """One half of a soak; ``kills`` are monotonic times in seconds."""

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
    """Figures by name, and in words whatever does not agree."""

    figures: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def blame(self, what: str, found: Sequence[object]) -> None:
        """Note a problem, with the first few of what shows it."""
        if found:
            shown = "; ".join(str(one) for one in found[:_MOST_TOLD])
            self.problems.append(f"{what} ({len(found)}): {shown}")


def settle(facts: Facts) -> Ledger:
    """Draw up the ledger."""
    ledger = Ledger()
    _updates(ledger, facts)
    followed = [(one, follow(one.calls, one.expected)) for one in facts.conversations]
    _conversations(ledger, followed)
    _interests(ledger, facts)
    _alerts(ledger, facts)
    _silence(ledger, facts)
    _repeats(ledger, facts, list(_all_repeats(facts, followed)))
    ledger.figures["left waiting in the outbox"] = facts.stored.waiting
    ledger.blame("messages wait for ever", [None] * facts.stored.waiting)
    ledger.blame("messages were given up", [None] * facts.stored.parked)
    ledger.blame("the database is damaged", facts.stored.faults)
    ledger.blame("the bot met what it did not foresee", facts.unforeseen)
    return ledger


def _updates(ledger: Ledger, facts: Facts) -> None:
    states = Counter(facts.stored.states.values())
    ledger.figures["updates delivered"] = len(facts.sent)
    ledger.figures["updates handled"] = states["done"]
    ledger.figures["updates set aside"] = states["aside"]
    ledger.figures["updates left in the inbox"] = states["waiting"]
    kept = facts.stored.states.keys()
    ledger.blame("updates were lost", sorted(facts.sent - kept))
    ledger.blame("updates came from nowhere", sorted(kept - facts.sent))
    stuck = [number for number, state in facts.stored.states.items() if state == "waiting"]
    ledger.blame("updates wait for ever", stuck)
    spoilt = {one.update_id for one in facts.generated if not one.sound}
    aside = {number for number, state in facts.stored.states.items() if state == "aside"}
    ledger.blame("sound updates were set aside", sorted(aside - spoilt))


def _conversations(ledger: Ledger, found: Sequence[tuple[LedgerConversation, Followed]]) -> None:
    ledger.figures["conversations"] = len(found)
    ledger.figures["messages that people expected"] = sum(len(one.expected) for one, _ in found)
    lacking = [one.mark for one, seen in found if seen.reached < len(one.expected)]
    ledger.blame("people were not answered in full, or not in order", lacking)
    ledger.blame("people gave up", [one.mark for one, _ in found if not one.finished])
    strange = [f"{one.mark}: {call.text[:60]!r}" for one, seen in found for call in seen.strange]
    ledger.blame("people were told what nobody expected", strange)


def _interests(ledger: Ledger, facts: Facts) -> None:
    entrusted = {one.mark for one in facts.conversations if one.entrusted}
    withdrawn = {one.mark for one in facts.conversations if one.withdrew}
    ledger.figures["interests completed by people"] = len(entrusted)
    ledger.figures["interests withdrawn by people"] = len(withdrawn)
    for what, marks, owed in (
        ("interests recorded", facts.stored.marks, entrusted),
        ("interests notified to administrators", _notified(facts, is_new=True), entrusted),
        ("withdrawals recorded", facts.stored.withdrawn, withdrawn),
        ("withdrawals notified to administrators", _notified(facts, is_new=False), withdrawn),
    ):
        found = Counter(marks)
        ledger.figures[what] = found.total()
        ledger.blame(f"lacking among the {what}", sorted(owed - found.keys()))
        ledger.blame(f"too many among the {what}", sorted(found.keys() - owed))
        ledger.blame(f"twice among the {what}", [mark for mark, n in found.items() if n > 1])


def _notified(facts: Facts, *, is_new: bool) -> Iterator[str]:
    """Give the mark of each message about a request, once for those that were only repeated."""
    sent, _ = _lanes(facts.administrators)
    for call in _distinct(sent):
        found = _MARK.search(call.text)
        if found and (_NEW in call.text) is is_new:
            yield found[0]


def _alerts(ledger: Ledger, facts: Facts) -> None:
    sent, _ = _lanes(facts.administrators)
    distinct = list(_distinct(sent))
    told = [found[0] for call in distinct if (found := _REFERENCE.search(call.text))]
    owed = Counter(facts.stored.references.values())
    ledger.figures["alerts to administrators"] = len(told)
    ledger.blame("updates set aside were not told", sorted((owed - Counter(told)).elements()))
    ledger.blame("alerts came from nowhere", sorted((Counter(told) - owed).elements()))
    known = (_MARK, _REFERENCE)
    other = [call.text[:80] for call in distinct if not any(one.search(call.text) for one in known)]
    ledger.blame("administrators were told something else", other)
    ledger.figures["notices to facilitators"] = len(list(_distinct(facts.facilitators)))


def _silence(ledger: Ledger, facts: Facts) -> None:
    waiting = [one for one in facts.generated if one.speaks]
    ledger.figures["made-up updates"] = len(facts.generated)
    ledger.figures["made-up updates of which somebody waits for an answer"] = len(waiting)
    ledger.blame("people met silence", [one.update_id for one in waiting if not one.calls])


def _repeats(ledger: Ledger, facts: Facts, repeats: Sequence[Repeat]) -> None:
    """Allow a repeat where a process died, or was not told that Telegram took the message."""
    calls = list(_all_calls(facts))
    by_kill = Counter(
        kills[0]
        for one in repeats
        if all(call.answered for call in one.run) and (kills := _kills_during(one, facts))
    )
    ledger.figures["messages that Telegram took"] = len(calls)
    ledger.figures["messages whose answer was lost"] = sum(not call.answered for call in calls)
    ledger.figures["kills"] = len(facts.kills)
    ledger.figures["messages repeated"] = len(repeats)
    ledger.figures["messages repeated after a kill"] = by_kill.total()
    ledger.figures["kills after which messages were repeated"] = len(by_kill)
    ledger.figures["messages repeated after one kill, at most"] = max(by_kill.values(), default=0)
    unexplained = [
        f"{one.again.chat}: {one.again.method} {one.again.text[:60]!r}"
        for one in repeats
        if one.nth > len(_kills_during(one, facts)) + sum(not call.answered for call in one.run)
    ]
    ledger.blame("messages were repeated without a cause", unexplained)


def _kills_during(repeat: Repeat, facts: Facts) -> list[float]:
    """Return the kills between a message and its repetition."""
    began = repeat.run[0].at - _LAG_SECONDS
    return [kill for kill in facts.kills if began <= kill <= repeat.again.at]


def _all_repeats(
    facts: Facts, followed: Sequence[tuple[LedgerConversation, Followed]]
) -> Iterator[Repeat]:
    for _, found in followed:
        yield from found.repeats
    others = [one.calls for one in facts.generated]
    for calls in (*_lanes(facts.administrators), facts.facilitators, *others):
        yield from follow(calls, [call.shape for call in _distinct(calls)]).repeats


def _all_calls(facts: Facts) -> Iterator[Accepted]:
    people = (one.calls for one in facts.conversations)
    others = (one.calls for one in facts.generated)
    for calls in (facts.administrators, facts.facilitators, *people, *others):
        yield from calls


def _lanes(calls: Sequence[Accepted]) -> tuple[Sequence[Accepted], Sequence[Accepted]]:
    """Part what is sent to a group from the edits of it, which do not wait for each other."""
    sent = [call for call in calls if not call.method.startswith("edit")]
    return sent, [call for call in calls if call.method.startswith("edit")]


def _distinct(calls: Sequence[Accepted]) -> Iterator[Accepted]:
    """Leave out each call that is the one before it once more."""
    yield from calls[:1]
    yield from (call for before, call in pairwise(calls) if call.print != before.print)
