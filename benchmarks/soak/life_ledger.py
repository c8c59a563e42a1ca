"""Settles the lives of requests: each move told once, nothing told twice, nothing left waiting."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.soak.following import Repeat, follow
from benchmarks.soak.ledger import distinct, kills_during, lanes
from benchmarks.soak.record import Accepted
from bot.runtime.error_reference import CrashedError

_MOST_EXAMPLES = 5
# How each move begins, or what it always says, where a firm is told of it.
_TOLD = {
    "take": "est prise en charge.</b>",
    "return": "attend de nouveau qu'une personne",
    "introduce": "Vous êtes mis en relation",
    "close": "</b>\n\nProjet",
    "refuse": "n'est pas retenue.</b>",
    "reopen": "est rouverte.</b>",
}
_CLOSED = re.compile(r"Votre demande \S+ est close")
_WORD = re.compile(r"K\d{5}")
BASKET = "<b>Demandes à reprendre, "
_RELAYED = "au sujet de votre demande"
_QUIET = ("samedi", "dimanche")
# What is told without having been asked for: all else may be asked for twice.
_UNASKED = (*_TOLD.values(), BASKET, "Projet du soak", "Rappel", "L'entreprise relance", _RELAYED)
_OPEN = ("received", "taken", "introduced")
_ENDED = ("closed", "refused", "withdrawn")


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """What was told, and what the database holds at the end."""

    days: int
    kills: Sequence[float]
    firms: Mapping[int, Sequence[Accepted]]
    group: Sequence[Accepted]
    facilitators: Sequence[Accepted]
    requests: Mapping[int, tuple[str, int]]
    events: Sequence[Any]
    planned: Sequence[tuple[int, str]]
    relayed: int
    now: str
    published: Sequence[str]
    left: int
    parked: Sequence[str]
    aside: int
    unforeseen: Sequence[str]
    declared: int


def settle(facts: LifeFacts) -> tuple[dict[str, int], list[str]]:
    """Return the figures, and a sentence for each discrepancy."""
    problems: list[str] = []
    told = {chat: list(distinct(lanes(calls)[0])) for chat, calls in facts.firms.items()}
    group = list(distinct(lanes(facts.group)[0]))
    for what, found in (
        ("requests were lost or made twice", _differs(len(facts.requests), facts.declared)),
        ("moves were not told exactly once", _moves(facts, told)),
        ("reminders were too many, or after the end", _reminders(facts, _count_lists(group))),
        ("lists came twice a morning, or on a quiet day", _lists(facts)),
        ("replies were taken twice or lost", _replies(facts, told)),
        ("relaunches were not told exactly once", _relaunches(facts, group)),
        ("new projects were not told exactly once", _news(facts, told)),
        ("requests wait for nothing, or for what is past", _waits(facts)),
        ("messages were repeated without a cause", _repeats(facts)),
        ("messages wait for ever", ["some"] * facts.left),
        ("messages were given up", _given_up(facts)),
        ("updates were not handled", ["some"] * facts.aside),
        ("the bot met what it did not foresee", list(facts.unforeseen)),
    ):
        if found:
            examples = "; ".join(map(str, found[:_MOST_EXAMPLES]))
            problems.append(f"{what} ({len(found)}): {examples}")
    return _figures(facts, told, group), problems


def _figures(
    facts: LifeFacts, told: Mapping[int, Sequence[Accepted]], group: Sequence[Accepted]
) -> dict[str, int]:
    kinds = Counter(event.kind for event in facts.events)
    news = [call for calls in told.values() for call in calls if "Projet du soak" in call.text]
    return {
        "days": facts.days,
        "kills": len(facts.kills),
        "requests": len(facts.requests),
        **{f"events: {kind}": kinds[kind] for kind in sorted(kinds)},
        "morning lists": _count_lists(group),
        "projects published": len(facts.published),
        "messages with new projects": len(news),
        "messages that Telegram took": len(facts.group) + sum(map(len, facts.firms.values())),
    }


def _given_up(facts: LifeFacts) -> list[str]:
    """Return what was given up, but for one in two kills: those that died with it twice."""
    crashed = [why for why in facts.parked if why.startswith(CrashedError.__name__)]
    others = [why for why in facts.parked if why not in crashed]
    return others + crashed[len(facts.kills) // 2 :]


def _differs(found: int, owed: int) -> list[str]:
    return [] if found == owed else [f"{found} in place of {owed}"]


def _moves(facts: LifeFacts, told: Mapping[int, Sequence[Accepted]]) -> list[str]:
    made: Counter[tuple[int, str]] = Counter()
    for event in facts.events:
        if event.kind in _TOLD:
            made[facts.requests[event.interest_id][1], event.kind] += 1
    wrong = []
    for chat, calls in told.items():
        for kind in _TOLD:
            count = sum(_tells(call.text, kind) for call in calls)
            if count != made[chat, kind]:
                wrong.append(f"{chat}: {kind} {made[chat, kind]} times, told {count} times")
    return wrong


def _tells(text: str, kind: str) -> bool:
    if kind == "close":
        return _CLOSED.search(text) is not None and text.startswith("<b>")
    return _TOLD[kind] in text and text.startswith(("<b>", "Votre demande"))


def _reminders(facts: LifeFacts, lists: int) -> list[str]:
    """Return the requests that were reminded of more often than they were listed, or at the end.

    A reminder is recorded once it is done: where the bot died after a list, on the next day.
    """
    reminded = [event for event in facts.events if event.kind == "reminded"]
    times = Counter(event.interest_id for event in reminded if event.status == "received")
    late = [f"request {event.interest_id}" for event in reminded if event.status in _ENDED]
    return [f"request {number}, {n} times" for number, n in times.items() if n > lists] + late


def _count_lists(group: Iterable[Accepted]) -> int:
    return sum(call.text.startswith(BASKET) for call in group)


def _lists(facts: LifeFacts) -> list[str]:
    """Return the days with two lists, or with one that came again without a cause.

    What is answered goes before a list that has to be sent again: they are not side by side.
    """
    days: dict[str, list[Accepted]] = defaultdict(list)
    for call in lanes(facts.group)[0]:
        if call.text.startswith(BASKET):
            days[call.text.partition("</b>")[0].removeprefix(BASKET)].append(call)
    return [
        f"{day}: {len(calls)} times, {len({call.fingerprint for call in calls})} texts"
        for day, calls in days.items()
        if day.startswith(_QUIET)
        or len({call.fingerprint for call in calls}) > 1
        or len(calls) - 1 > _excuses(calls, facts.kills)
    ]


def _excuses(calls: Sequence[Accepted], kills: Sequence[float]) -> int:
    """Count what may have made the bot send something again."""
    again = Repeat(calls[:1], calls[-1], 1)
    return len(kills_during(again, kills)) + sum(not call.answered for call in calls)


def _replies(facts: LifeFacts, told: Mapping[int, Sequence[Accepted]]) -> list[str]:
    words = Counter(
        found[0]
        for calls in told.values()
        for call in calls
        if _RELAYED in call.text and (found := _WORD.search(call.text)) is not None
    )
    wrong = [f"{word} was relayed {n} times" for word, n in words.items() if n > 1]
    wrong += _differs(len(words), facts.relayed)
    kept = {
        call.values.get("message_id")
        for call in facts.group
        if call.method == "editMessageText" and "note gardée dans l'historique" in call.text
    }
    # A question that was tapped twice may be rewritten twice, and edited once.
    notes = Counter(event.note for event in facts.events if event.kind == "note")
    wrong += [f"{note} was kept {n} times" for note, n in notes.items() if n > 1]
    lost = len(kept) - notes.total()
    return wrong + [f"{lost} notes were lost"] * (lost > 0)


def _relaunches(facts: LifeFacts, group: Iterable[Accepted]) -> list[str]:
    made = Counter(event.interest_id for event in facts.events if event.kind == "relaunched")
    told = sum("L'entreprise relance l'équipe" in call.text for call in group)
    twice = [f"request {number}, {n} times" for number, n in made.items() if n > 1]
    return twice + _differs(told, made.total())


def _news(facts: LifeFacts, told: Mapping[int, Sequence[Accepted]]) -> list[str]:
    return [
        f"{chat}: {title}, {count} times"
        for chat, calls in told.items()
        for title in facts.published
        if (count := sum(title in call.text and "nouve" in call.text for call in calls)) != 1
    ]


def _waits(facts: LifeFacts) -> list[str]:
    planned = {number for number, _ in facts.planned}
    idle = [
        f"request {number} is {status} and nothing is due"
        for number, (status, _) in facts.requests.items()
        if status in _OPEN and number not in planned
    ]
    # What was due before this morning was done this morning.
    past = [
        f"request {number}: {due}" for number, due in facts.planned if due[:10] < facts.now[:10]
    ]
    return idle + past


def _repeats(facts: LifeFacts) -> list[str]:
    found = []
    for calls in (*facts.firms.values(), facts.group, facts.facilitators):
        for lane in lanes(calls):
            for each in follow(lane, [call.shape for call in distinct(lane)]).repeats:
                lost = sum(not call.answered for call in each.run)
                is_told = any(words in each.again.text for words in _UNASKED)
                if is_told and each.nth > len(kills_during(each, facts.kills)) + lost:
                    found.append(f"{each.again.chat}: {each.again.text[:60]!r}")
    return found
