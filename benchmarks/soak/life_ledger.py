"""Settles the lives of requests: each move told once, nothing told twice, nothing left waiting.

Nothing is excused: a repeat needs a kill or a lost answer of its own (``Repeats``), and is counted.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from benchmarks.soak.letters import CHATS, CORRESPONDENT, LEAD
from benchmarks.soak.record import Accepted
from benchmarks.soak.repeats import Repeats
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
_LIST = "<b>Vos demandes et vos questions transmises"
_FOLLOW_UP = "<b>Le contact a-t-il eu lieu ?</b>"
_IN_CHARGE = "toujours en charge"
_REMINDERS = ("attend encore", "attendent encore", _IN_CHARGE)
_OWNERS = "<b>Rappel : vous avez"
_RELAUNCH = "L'entreprise relance l'équipe"
_NOTIFICATION = "<b>Nouvelle demande "
_RECEIPT = "<b>C'est enregistré. Votre numéro"
_NOTE_KEPT = "note gardée dans l'historique"
LOOKED_FOR = (
    *(words for kind, words in _TOLD.items() if kind != "close"),
    *(BASKET, _RELAYED, _LIST, _FOLLOW_UP, *_REMINDERS, _OWNERS, _RELAUNCH, _NOTE_KEPT),
    *(_NOTIFICATION, _RECEIPT),
)
_OPEN = ("received", "taken", "introduced")
_ENDED = ("closed", "refused", "withdrawn")
# What a list of the morning names; the others are reminded of in private.
_LISTED = ("received", "introduced")
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """What was told, and what the database holds at the end.

    ``mornings`` are the days, each with the monotonic time at which the clock came to it; ``asked``
    counts how often each firm asked for its requests, and ``acts`` the updates about each message:
    it was sent, or a button under it was tapped.
    """

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
    mornings: Sequence[tuple[float, str]] = ()
    asked: Mapping[int, int] = field(default_factory=dict)
    acts: Mapping[tuple[int, int], int] = field(default_factory=dict)
    owners: Mapping[int, Sequence[Accepted]] = field(default_factory=dict)
    # By address.
    letters: Mapping[str, Sequence[Accepted]] = field(default_factory=dict)

    def day(self, moment: float) -> str:
        """Return the day of the bot's clock at a monotonic time, as ``2026-11-27``."""
        number = bisect_right(self.mornings, moment, key=lambda each: each[0])
        return self.mornings[max(0, number - 1)][1] if self.mornings else ""

    @property
    def crashed(self) -> int:
        """How many messages were given up because two processes died with them."""
        return sum(why.startswith(CrashedError.__name__) for why in self.parked)


def settle(facts: LifeFacts) -> tuple[dict[str, int], list[str]]:
    """Return the figures, and a sentence for each discrepancy."""
    problems: list[str] = []
    told = {chat: _sent(calls) for chat, calls in facts.firms.items()}
    group, repeats = _sent(facts.group), Repeats(facts.kills)
    for chat, calls in told.items():
        _moves(facts, repeats, chat, calls)
        _news(facts, repeats, chat, calls)
        _answers(facts, repeats, chat, calls)
        _asked_back(facts, repeats, chat, calls)
        _receipts(facts, repeats, chat, calls)
    _notifications(facts, repeats, group)
    _relaunches(facts, repeats, group)
    _replies_answered(facts, repeats, [group, *told.values()])
    for what, found in (
        ("e-mails were not written once", _letters(facts, repeats)),
        ("requests were lost or made twice", _differs(len(facts.requests), facts.declared)),
        ("reminders were too many, or after the end", _reminders(facts, told, group)),
        ("lists came twice a morning, or on a quiet day", _lists(facts, repeats, group)),
        ("somebody was reminded twice a day", _once_a_day(facts, repeats, told)),
        ("replies were taken twice or lost", _replies(facts, repeats, told)),
        # A message is given up where two processes die with it: so many may be lacking.
        ("not told as often as owed", repeats.missing[facts.crashed :]),
        ("told more often than owed", repeats.strange),
        ("messages were repeated without a cause", repeats.unexplained()),
        ("requests wait for nothing, or for what is past", _waits(facts)),
        ("messages wait for ever", ["some"] * facts.left),
        ("messages were given up", _given_up(facts)),
        ("updates were not handled", ["some"] * facts.aside),
        ("the bot met what it did not foresee", list(facts.unforeseen)),
    ):
        if found:
            examples = "; ".join(map(str, found[:_MOST_EXAMPLES]))
            problems.append(f"{what} ({len(found)}): {examples}")
    return _figures(facts, told, group, repeats), problems


def _figures(
    facts: LifeFacts,
    told: Mapping[int, Sequence[Accepted]],
    group: Sequence[Accepted],
    repeats: Repeats,
) -> dict[str, int]:
    kinds = Counter(event.kind for event in facts.events)
    everything = [*group, *(call for calls in told.values() for call in calls)]
    news = [call for call in everything if _is_news(call)]
    return {
        "days": facts.days,
        "kills": len(facts.kills),
        "requests": len(facts.requests),
        **{f"events: {kind}": kinds[kind] for kind in sorted(kinds)},
        "morning lists": sum(map(_is_list, group)),
        "projects published": len(facts.published),
        "messages with new projects": len(news),
        "messages that Telegram took": len(facts.group) + sum(map(len, facts.firms.values())),
        "of these, new ones under no rule": sum(
            id(call) not in repeats.known for call in everything
        ),
        "e-mails": sum(map(len, facts.letters.values())),
        "repeated after a kill": repeats.after_kills(),
        "repeated after a lost answer": repeats.after_lost_answers(),
        "given up after two kills": facts.crashed,
    }


def _sent(calls: Sequence[Accepted]) -> list[Accepted]:
    """Return the new messages, but for those that the bot deleted again."""
    return [call for call in calls if not (call.method.startswith("edit") or call.is_deleted)]


def _words(call: Accepted) -> str:
    """Return the text, with the spaces that the rules are typed with."""
    return call.text.replace("\xa0", " ").replace("&#39;", "'")


def _is_list(call: Accepted) -> bool:
    return _words(call).startswith(BASKET)


def _is_news(call: Accepted) -> bool:
    return "Projet du soak" in _words(call) and "nouve" in _words(call)


def _given_up(facts: LifeFacts) -> list[str]:
    """Return what was given up, but for one in two kills: those that died with it twice."""
    crashed = [why for why in facts.parked if why.startswith(CrashedError.__name__)]
    others = [why for why in facts.parked if why not in crashed]
    return others + crashed[len(facts.kills) // 2 :]


def _differs(found: int, owed: int) -> list[str]:
    return [] if found == owed else [f"{found} in place of {owed}"]


def _moves(facts: LifeFacts, repeats: Repeats, chat: int, calls: Sequence[Accepted]) -> None:
    made = Counter(event.kind for event in facts.events if _firm(facts, event.interest_id) == chat)
    for kind in _TOLD:
        told = [call for call in calls if _tells(_words(call), kind)]
        repeats.settle(f"{chat}: {kind}", told, made[kind])


def _firm(facts: LifeFacts, interest_id: int) -> int:
    return facts.requests[interest_id][1]


def _tells(text: str, kind: str) -> bool:
    if kind == "close":
        return _CLOSED.search(text) is not None and text.startswith("<b>")
    return _TOLD[kind] in text and text.startswith(("<b>", "Votre demande"))


def _news(facts: LifeFacts, repeats: Repeats, chat: int, calls: Sequence[Accepted]) -> None:
    for title in facts.published:
        told = [call for call in calls if title in _words(call) and _is_news(call)]
        repeats.settle(f"{chat}: {title}", told, 1)


def _answers(facts: LifeFacts, repeats: Repeats, chat: int, calls: Sequence[Accepted]) -> None:
    """Each question for one's requests has one answer."""
    told = [call for call in calls if _words(call).startswith(_LIST)]
    repeats.settle(f"{chat}: its requests", told, facts.asked.get(chat, 0))


def _asked_back(facts: LifeFacts, repeats: Repeats, chat: int, calls: Sequence[Accepted]) -> None:
    """Count on one question at most about each contact."""
    made = Counter(event.kind for event in facts.events if _firm(facts, event.interest_id) == chat)
    told = [call for call in calls if _words(call).startswith(_FOLLOW_UP)]
    repeats.settle(f"{chat}: asked about the contact", told, 0, made["introduce"])


def _receipts(facts: LifeFacts, repeats: Repeats, chat: int, calls: Sequence[Accepted]) -> None:
    owed = sum(firm == chat for _, firm in facts.requests.values())
    told = [call for call in calls if _words(call).startswith(_RECEIPT)]
    repeats.settle(f"{chat}: receipts", told, owed)


def _notifications(facts: LifeFacts, repeats: Repeats, group: Sequence[Accepted]) -> None:
    told = [call for call in group if _words(call).startswith(_NOTIFICATION)]
    repeats.settle("notifications", told, facts.declared)


def _letters(facts: LifeFacts, repeats: Repeats) -> list[str]:
    """Return what was written to the lead, or the team, twice or not at all.

    One that is sent again keeps its Message-ID, so that a mail program shows it once.
    """
    by_id: dict[str, list[Accepted]] = defaultdict(list)
    for letters in facts.letters.values():
        for letter in letters:
            by_id[f"{letter.chat}: {letter.values['id']}"].append(letter)
    for id_, same in by_id.items():
        repeats.settle(f"e-mail {id_}", same, 1)
    written = [same[0] for same in by_id.values()]
    made = sum(event.kind == "introduce" for event in facts.events)
    to_lead = [one for one in written if one.chat == CHATS[LEAD]]
    wrong = [f"to the lead: {each}" for each in _differs(len(to_lead), made if written else 0)]
    texts = Counter(one.text for one in written if one.chat == CHATS[CORRESPONDENT])
    return wrong + [f"{n} times: {text[:60]!r}" for text, n in texts.items() if n > 1]


def _relaunches(facts: LifeFacts, repeats: Repeats, group: Sequence[Accepted]) -> None:
    made = Counter(event.interest_id for event in facts.events if event.kind == "relaunched")
    told = [call for call in group if _RELAUNCH in _words(call)]
    repeats.settle("relaunches", told, made.total())
    repeats.strange += [
        f"request {number} relaunched {n} times" for number, n in made.items() if n > 1
    ]


def _replies_answered(
    facts: LifeFacts, repeats: Repeats, chats: Iterable[Sequence[Accepted]]
) -> None:
    """Count on one answer at most to each update about a message that is quoted."""
    answers: dict[str, list[Accepted]] = defaultdict(list)
    for calls in chats:
        for call in calls:
            if _quoted(call) is not None:
                answers[call.fingerprint].append(call)
    for same in answers.values():
        quoted = _quoted(same[0]) or 0
        repeats.settle("answers", same, 0, max(1, facts.acts.get((same[0].chat, quoted), 0)))


def _quoted(call: Accepted) -> int | None:
    number = (call.values.get("reply_parameters") or {}).get("message_id")
    return None if number is None else int(number)


def _reminders(
    facts: LifeFacts, told: Mapping[int, Sequence[Accepted]], group: Sequence[Accepted]
) -> list[str]:
    """Return what was reminded of twice a day, after the end, or without a list since.

    A process that dies after a list leaves what it named to the next day: so the list came since
    the former reminder, and need not be of the same day. Of a request in charge, two readers may be
    told on one day: its owner, and its firm, whose message must then be there.
    """
    wrong, lists = [], [facts.day(call.at) for call in group if _is_list(call)]
    former: dict[int, str] = {}
    for event in facts.events:
        if event.kind != "reminded":
            continue
        number, day = event.interest_id, str(event.at)[:10]
        if event.status in _ENDED:
            wrong.append(f"request {number}: after its end")
        if event.status in _LISTED and not any(at > former.get(number, "") for at in lists):
            wrong.append(f"request {number}: no list named it by {day}")
        former[number] = day
    days = Counter((e.interest_id, str(e.at)[:10]) for e in facts.events if e.kind == "reminded")
    for (number, day), count in days.items():
        is_owned = all(
            event.status == "taken"
            for event in facts.events
            if event.kind == "reminded" and (event.interest_id, str(event.at)[:10]) == (number, day)
        )
        calls = told.get(_firm(facts, number), ())
        hears = any(_IN_CHARGE in _words(call) and facts.day(call.at) >= day for call in calls)
        if count > 1 + (is_owned and hears):
            wrong.append(f"request {number}: {count} times on {day}")
    return wrong


def _lists(facts: LifeFacts, repeats: Repeats, group: Sequence[Accepted]) -> list[str]:
    """Return the days with two lists, and the lists of quiet days."""
    wrong = []
    for day, lists in _by_day(facts, filter(_is_list, group)).items():
        repeats.settle(f"list of {day}", lists, 1)
        if day and date.fromisoformat(day).weekday() >= _SATURDAY:
            wrong.append(f"a list on {day}")
        names = {_words(call).partition("</b>")[0] for call in lists}
        if len(names) > 1:
            wrong.append(f"{day}: {sorted(names)}")
    return wrong


def _once_a_day(
    facts: LifeFacts, repeats: Repeats, told: Mapping[int, Sequence[Accepted]]
) -> list[str]:
    """Let each firm, and each owner, be reminded once a day at most."""
    owners = {chat: _sent(calls) for chat, calls in facts.owners.items()}
    for chats, is_reminder in ((told, _reminds_firm), (owners, _reminds_owner)):
        for chat, calls in chats.items():
            for day, reminders in _by_day(facts, filter(is_reminder, calls)).items():
                repeats.settle(f"{chat}: reminded on {day}", reminders, 1)
    return []


def _reminds_firm(call: Accepted) -> bool:
    title = _words(call).partition("</b>")[0]
    return title.startswith("<b>Vo") and any(words in title for words in _REMINDERS)


def _reminds_owner(call: Accepted) -> bool:
    return _words(call).startswith(_OWNERS)


def _by_day(facts: LifeFacts, calls: Iterable[Accepted]) -> Mapping[str, list[Accepted]]:
    days: dict[str, list[Accepted]] = defaultdict(list)
    for call in calls:
        days[facts.day(call.at)].append(call)
    return days


def _replies(
    facts: LifeFacts, repeats: Repeats, told: Mapping[int, Sequence[Accepted]]
) -> list[str]:
    """Return the words that were taken twice, or lost: each is relayed or kept once, or left."""
    relayed: dict[str, list[Accepted]] = defaultdict(list)
    for calls in told.values():
        for call in calls:
            if _RELAYED in _words(call) and (found := _WORD.search(_words(call))) is not None:
                relayed[found[0]].append(call)
    for word, calls in relayed.items():
        repeats.settle(f"{word} relayed", calls, 1)
    wrong = _differs(len(relayed), facts.relayed)
    notes = Counter(_word(event.note) for event in facts.events if event.kind == "note")
    wrong += [f"{note} was kept {n} times" for note, n in notes.items() if n > 1]
    wrong += [f"{word} was kept and relayed" for word in relayed if notes[word]]
    kept = {
        call.values.get("message_id")
        for call in facts.group
        if call.method == "editMessageText" and _NOTE_KEPT in _words(call)
    }
    lacking = abs(len(kept) - notes.total())
    return wrong + [f"{notes.total()} notes, {len(kept)} said"] * (lacking > facts.crashed)


def _word(note: str | None) -> str:
    found = _WORD.search(note or "")
    return found[0] if found else str(note)


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
