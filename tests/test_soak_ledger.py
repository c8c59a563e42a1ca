"""The soak's ledger finds what it is for: anything lost, doubled, out of order, or unexplained."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak import life_ledger
from benchmarks.soak.following import follow
from benchmarks.soak.ledger import Facts, Generated, LedgerConversation, Stored, settle
from benchmarks.soak.letters import CHATS, CORRESPONDENT, LEAD
from benchmarks.soak.life_ledger import LifeFacts
from benchmarks.soak.record import Accepted, Record, Refused
from handlers import messages

CHAT, ADMINISTRATORS = 7, -1
MARK = "M000001"


def said(text: str, at: float = 1.0, *, answered: bool = True, chat: int = CHAT) -> Accepted:
    return Accepted(at, chat, "sendMessage", {"text": text}, answered)


def shapes(*texts: str) -> list[str]:
    return [said(text).shape for text in texts]


def told(mark: str = MARK, at: float = 3.0) -> Accepted:
    return said(f"Nouvelle demande {mark}", at, chat=ADMINISTRATORS)


def withdrawal(mark: str = MARK, at: float = 4.0) -> Accepted:
    return said(f"{mark} a <b>retiré</b> sa demande", at, chat=ADMINISTRATORS)


STORED = Stored(
    states={1: "done", 2: "done"}, references={}, waiting=0, parked=0, crashed=0, marks=[MARK]
)
PERFECT = Facts(
    sent=frozenset({1, 2}),
    conversations=[
        LedgerConversation(MARK, [said("a"), said("b", 2)], shapes("a", "b"), entrusted=True)
    ],
    generated=[],
    administrators=[told()],
    facilitators=[],
    stored=STORED,
)


def spoken(*calls: Accepted, **changes: Any) -> Facts:
    """Return the facts where one person was told this instead."""
    return replace(
        PERFECT, conversations=[replace(PERFECT.conversations[0], calls=calls)], **changes
    )


def stored(**changes: Any) -> Facts:
    return replace(PERFECT, stored=replace(STORED, **changes))


def test_where_all_is_well_nothing_is_said() -> None:
    ledger = settle(PERFECT)
    assert ledger.problems == []
    assert ledger.figures["updates handled"] == 2
    assert ledger.figures["interests recorded"] == 1


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (stored(states={1: "done"}), "updates were lost (1): 2"),
        (stored(states={1: "done", 2: "done", 3: "done"}), "from nowhere (1): 3"),
        (stored(states={1: "done", 2: "waiting"}), "updates wait for ever"),
        (stored(states={1: "done", 2: "aside"}), "sound updates were set aside (1): 2"),
        (stored(waiting=1), "messages wait for ever (1)"),
        (stored(parked=1), "messages were given up (1)"),
        (stored(faults=["orphans"]), "damaged (1): orphans"),
        (stored(marks=[]), "lacking among the interests recorded (1): M000001"),
        (stored(marks=[MARK, MARK]), "twice among the interests recorded (1): M000001"),
        (stored(marks=[MARK, "M000002"]), "too many among the interests recorded (1): M000002"),
        (stored(withdrawn=[MARK]), "too many among the withdrawals recorded (1): M000001"),
        (
            replace(PERFECT, administrators=[told(), withdrawal()]),
            "too many among the withdrawals notified",
        ),
        (stored(references={1: "E-AAAAAA"}), "set aside were not told (1): 0"),
        (replace(PERFECT, administrators=[]), "lacking among the interests notified"),
        (
            replace(PERFECT, administrators=[told(), said("x", 4, chat=ADMINISTRATORS)]),
            "administrators were told something else (1): x",
        ),
        (
            replace(PERFECT, administrators=[told(), told("M000002"), told()]),
            "twice among the interests notified to administrators (1): M000001",
        ),
        (
            replace(PERFECT, administrators=[told(), said("E-AAAAAA", chat=ADMINISTRATORS)]),
            "alerts came from nowhere (1): E-AAAAAA",
        ),
        (spoken(said("a")), "not answered in full, or not in order (1): M000001"),
        (spoken(said("b"), said("a", 2)), "not answered in full, or not in order"),
        (spoken(said("a"), said("b", 2), said("c", 3)), "nobody expected (1): M000001: 'c'"),
        (spoken(said("a"), said("b", 2), said("a", 3)), "nobody expected (1): M000001: 'a'"),
        (spoken(said("a"), said("a", 2), said("b", 3)), "repeated without a cause (1)"),
        (replace(PERFECT, generated=[Generated(1, sound=True, speaks=True)]), "met silence (1): 1"),
        (replace(PERFECT, unforeseen=["Traceback"]), "did not foresee (1): Traceback"),
    ],
)
def test_what_does_not_agree_is_said(facts: Facts, problem: str) -> None:
    assert problem in "\n".join(settle(facts).problems)


SORRY = "Un message que je devais vous envoyer n'a pas pu partir"
ALERT = "2 erreurs techniques. Les dernières : E-AAAAAA, E-BBBBBB."


def test_an_alert_tells_of_as_many_as_it_says() -> None:
    three = {1: "E-AAAAAA", 2: "E-BBBBBB", 3: "E-CCCCCC"}
    alert = said(ALERT, chat=ADMINISTRATORS)
    two = replace(STORED, references={1: "E-AAAAAA", 2: "E-BBBBBB"})
    assert settle(replace(PERFECT, administrators=[told(), alert], stored=two)).problems == []
    facts = replace(PERFECT, administrators=[told(), alert], stored=replace(two, references=three))
    assert settle(facts).problems == ["updates set aside were not told (1): 2"]


def test_a_notification_sent_again_as_withdrawn_is_one() -> None:
    """Its sending was not known when the person withdrew the request."""
    card = said(f"<b>Demande retirée par la personne</b> {MARK}", 3.5, chat=ADMINISTRATORS)
    withdrawn = [replace(PERFECT.conversations[0], withdrew=True)]
    told_of = replace(PERFECT, conversations=withdrawn, stored=replace(STORED, withdrawn=[MARK]))
    for cards in ([told(), card], [card]):
        facts = replace(told_of, administrators=[*cards, withdrawal()])
        assert settle(facts).problems == []


def test_a_message_may_be_given_up_after_two_kills_and_no_other() -> None:
    lost = spoken(said("a"), said(SORRY, 2), kills=[1.5, 1.7], stored=replace(STORED, crashed=1))
    assert settle(lost).problems == []
    assert "too many for the kills (1): 0" in settle(replace(lost, kills=[1.5])).problems
    assert len(settle(replace(lost, stored=STORED)).problems) == 2


def test_people_who_gave_up_are_told() -> None:
    given_up = replace(PERFECT.conversations[0], finished=False)
    assert (
        "people gave up (1): M000001" in settle(replace(PERFECT, conversations=[given_up])).problems
    )


@pytest.mark.parametrize(
    "facts",
    [
        spoken(said("a", answered=False), said("a", 2), said("b", 3)),
        spoken(said("a"), said("a", 2), said("b", 3), kills=[1.5]),
        replace(PERFECT, administrators=[told(), told(at=5)], kills=[4]),
    ],
)
def test_a_repeat_with_a_cause_is_counted(facts: Facts) -> None:
    ledger = settle(facts)
    assert ledger.problems == []
    assert ledger.figures["messages repeated"] == 1


@pytest.mark.parametrize("kill", [0.2, 2.5])
def test_a_kill_at_another_time_is_no_cause(kill: float) -> None:
    facts = spoken(said("a"), said("a", 2), said("b", 3), kills=[kill])
    assert "without a cause" in settle(facts).problems[0]


def test_each_repeat_needs_a_cause_of_its_own() -> None:
    facts = spoken(*(said("a", at) for at in (1, 2, 3)), said("b", 4), kills=[1.5])
    assert "repeated without a cause (1)" in "\n".join(settle(facts).problems)
    assert settle(replace(facts, kills=[1.5, 2.5])).problems == []


def test_the_repeats_of_one_kill_are_counted() -> None:
    first = spoken(said("a"), said("a", 2), said("b", 3), kills=[1.5])
    ledger = settle(replace(first, administrators=[told(at=1), told(at=2)]))
    assert ledger.problems == []
    assert ledger.figures["messages repeated after one kill, at most"] == 2


def test_what_was_asked_twice_may_be_answered_twice() -> None:
    """The same words for two questions are no repeat, whether or not their buttons differ."""
    first = said("a")
    second = Accepted(2, CHAT, "sendMessage", {"text": "a", "x": 1}, answered=True)
    for calls in ([first, first], [first, second], [first, first, second], [first, second, second]):
        found = follow([*calls, said("b", 9)], shapes("a", "a", "b"))
        assert (found.reached, len(found.repeats), found.strange) == (3, len(calls) - 2, [])
    assert follow([first, second], shapes("a")).strange == [second]


def test_a_repeated_edit_changes_nothing() -> None:
    record = Record()
    record.take("sendMessage", CHAT, {"text": "a"})
    record.take("editMessageText", CHAT, {"text": "b", "message_id": 1})
    with pytest.raises(Refused, match="not modified"):
        record.take("editMessageText", CHAT, {"text": "b", "message_id": 1})
    with pytest.raises(Refused, match="not found"):
        record.take("editMessageText", CHAT, {"text": "b", "message_id": 2})
    assert len(record.chats[CHAT].accepted) == 2


# -- The lives of requests

FIRM, OWNER = 7, 70
CRASHED = "CrashedError: two processes died"


@dataclass(frozen=True)
class Event:
    """A line of a history, as the database gives it."""

    kind: str
    at: str = "2026-11-23 10:00"
    status: str = "taken"
    note: str | None = None
    interest_id: int = 1


def of_group(text: str, at: float = 2.0, **more: Any) -> Accepted:
    return Accepted(at, ADMINISTRATORS, "sendMessage", {"text": text} | more, answered=True)


def quoting(number: int, at: float = 2.0, text: str = "Note, ou message ?") -> Accepted:
    return of_group(text, at, reply_parameters={"message_id": number})


TAKEN = said("<b>Votre demande TI-1 est prise en charge.</b>")
RECEIPT = said("<b>C'est enregistré. Votre numéro : TI-1</b>", 0)
NOTIFIED = of_group("<b>Nouvelle demande TI-1</b>", 0)
LISTED = of_group("<b>Demandes à reprendre, lundi 23 novembre</b> : TI-1")
NEWS = said("Un nouveau projet est ouvert : Projet du soak 001", 3)
RELAYED = said("L'équipe, au sujet de votre demande TI-1 : Mot K00001.", 4)
SHOWN = said("<b>Vos demandes et vos questions transmises</b> TI-1", 5)
RELAUNCHED = of_group("L'entreprise relance l'équipe : TI-1", 6)
NOTED = Accepted(
    7,
    ADMINISTRATORS,
    "editMessageText",
    {"text": "TI-1 : note gardée dans l'historique.", "message_id": 9},
    answered=True,
)
REMINDED = Event("reminded", status="received")
# An owner and a firm are told of one request on one day.
IN_CHARGE = [Event("reminded", at="2026-11-25 09:00")] * 2
HEARS = said("<b>Votre demande TI-1 est toujours en charge</b>")
LIFE = LifeFacts(
    days=1,
    kills=(),
    firms={FIRM: [RECEIPT, TAKEN, NEWS, RELAYED, SHOWN]},
    group=[NOTIFIED, LISTED, RELAUNCHED, quoting(5), NOTED],
    facilitators=[],
    requests={1: ("taken", FIRM)},
    events=[REMINDED, Event("take"), Event("relaunched"), Event("note", note="Mot K00002.")],
    planned=[(1, "2026-11-30 08:00")],
    relayed=1,
    now="2026-11-23 11:00",
    published=["Projet du soak 001"],
    left=0,
    parked=(),
    aside=0,
    unforeseen=(),
    declared=1,
    # A Monday, and the days after.
    mornings=[(0.0, "2026-11-23"), (100.0, "2026-11-24"), (200.0, "2026-11-25")],
    asked={FIRM: 1},
    acts={(ADMINISTRATORS, 5): 1},
)


def lived(*more: Accepted, without: Accepted | None = None, **changes: Any) -> LifeFacts:
    """Return the facts with more messages, in their chats, or without one."""
    calls = [call for call in (*LIFE.firms[FIRM], *LIFE.group, *more) if call is not without]
    firm = [call for call in calls if call.chat == FIRM]
    group = [call for call in calls if call.chat == ADMINISTRATORS]
    return replace(LIFE, **{"firms": {FIRM: firm}, "group": group} | changes)


def at(call: Accepted, moment: float) -> Accepted:
    return replace(call, at=moment)


def events(*more: Event) -> dict[str, Any]:
    return {"events": [*LIFE.events, *more]}


def test_a_life_in_which_all_is_well_says_nothing() -> None:
    figures, problems = life_ledger.settle(LIFE)
    assert problems == []
    assert figures["of these, new ones under no rule"] == 0
    assert figures["repeated after a kill"] == 0


KEPT_AGAIN = Event("note", note="Mot K00002.")


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (lived(declared=2), "requests were lost or made twice (1): 1 in place of 2"),
        # Each message that is owed: lacking, and told too often, with and without the same words.
        (lived(without=TAKEN), "not told as often as owed (1): 7: take: 1 times, told 0 times"),
        (lived(at(TAKEN, 9)), "without a cause (1): 7: '<b>Votre demande TI-1"),
        (lived(said("<b>TI-2 est prise en charge.</b>")), "more often than owed (1): 7: take"),
        (lived(without=NEWS), "not told as often as owed (1): 7: Projet du soak 001"),
        (lived(at(NEWS, 9)), "without a cause (1): 7: 'Un nouveau projet"),
        (lived(without=RELAUNCHED), "not told as often as owed (1): relaunches"),
        (lived(at(RELAUNCHED, 9)), "without a cause (1): -1: \"L'entreprise relance"),
        (lived(**events(Event("relaunched"))), "request 1 relaunched 2 times"),
        (lived(without=SHOWN), "not told as often as owed (1): 7: its requests"),
        (lived(at(SHOWN, 9)), "without a cause (1): 7: '<b>Vos demandes"),
        (lived(said("<b>Le contact a-t-il eu lieu ?</b>")), "more often than owed (1): 7: asked"),
        (lived(without=RECEIPT), "not told as often as owed (1): 7: receipts"),
        (lived(at(RECEIPT, 9)), "without a cause (1): 7: \"<b>C'est"),
        (lived(without=NOTIFIED), "not told as often as owed (1): notifications"),
        (lived(at(NOTIFIED, 9)), "without a cause (1): -1: '<b>Nouvelle"),
        # What answers a message came once for each update about it.
        (lived(quoting(5, 9)), "without a cause (1): -1: 'Note, ou message ?'"),
        # Reminders and lists.
        (lived(**events(REMINDED)), "request 1: 2 times on 2026-11-23"),
        (lived(**events(*IN_CHARGE)), "request 1: 2 times on 2026-11-25"),
        (lived(at(HEARS, 1), **events(*IN_CHARGE)), "request 1: 2 times on 2026-11-25"),
        (lived(at(HEARS, 250), **events(*IN_CHARGE)), ""),
        (lived(at(HEARS, 250), **events(*IN_CHARGE, IN_CHARGE[0])), "3 times on 2026-11-25"),
        (lived(**events(Event("reminded", status="closed"))), "request 1: after its end"),
        (lived(without=LISTED), "request 1: no list named it by 2026-11-23"),
        (
            lived(**events(replace(REMINDED, at="2026-12-04 09:00"))),
            "request 1: no list named it by 2026-12-04",
        ),
        (lived(at(LISTED, 9)), "without a cause (1): -1: '<b>Demandes"),
        (lived(replace(LISTED, values={"text": "<b>Demandes à reprendre, x</b>"})), "list of 2026"),
        (lived(mornings=[(0.0, "2026-11-28")]), "a list on 2026-11-28"),
        (
            lived(said("<b>Votre demande TI-1 attend encore</b>"), at(SHOWN, 8), asked={FIRM: 2}),
            "",
        ),
        (
            lived(
                said("<b>Votre demande TI-1 attend encore</b>"),
                said("<b>Votre demande TI-2 attend encore</b>", 8),
            ),
            "more often than owed (1): 7: reminded on 2026-11-23",
        ),
        (
            lived(owners={OWNER: [said(f"<b>Rappel : vous avez {n}", chat=OWNER) for n in "ab"]}),
            "more often than owed (1): 70: reminded on 2026-11-23",
        ),
        # Replies.
        (lived(at(RELAYED, 9)), "without a cause (1): 7: \"L'équipe"),
        (lived(without=RELAYED), "replies were taken twice or lost (1): 0 in place of 1"),
        (lived(**events(KEPT_AGAIN)), "K00002 was kept 2 times"),
        (lived(**events(Event("note", note="Mot K00001."))), "K00001 was kept and relayed"),
        (lived(without=NOTED), "1 notes, 0 said"),
        (lived(**events(Event("note", note="Mot K00003."))), "2 notes, 1 said"),
        # What is left.
        (lived(planned=[]), "request 1 is taken and nothing is due"),
        (lived(planned=[(1, "2026-11-20 08:00")]), "request 1: 2026-11-20 08:00"),
        (lived(left=1), "messages wait for ever (1)"),
        (lived(aside=1), "updates were not handled (1)"),
        (lived(parked=["Forbidden"]), "messages were given up (1): Forbidden"),
        (lived(parked=[CRASHED], kills=[1]), "messages were given up (1): CrashedError"),
        (lived(without=TAKEN, parked=[CRASHED], kills=[1, 2]), ""),
        (lived(unforeseen=["Traceback"]), "did not foresee (1): Traceback"),
    ],
)
def test_each_rule_of_a_life_finds_its_fault(facts: LifeFacts, problem: str) -> None:
    problems = life_ledger.settle(facts)[1]
    assert problem in "\n".join(problems)
    assert bool(problems) == bool(problem)


REPEATED = [TAKEN, NEWS, RELAYED, SHOWN, RELAUNCHED, LISTED, quoting(5)]


@pytest.mark.parametrize("call", REPEATED, ids=lambda call: call.text[:20])
def test_a_kill_between_the_yes_and_its_record_explains_one_repeat_a_chat(call: Accepted) -> None:
    again = at(call, 20), at(call, 21)
    killed = call.at + 0.1
    figures, problems = life_ledger.settle(lived(again[0], kills=[killed]))
    assert problems == []
    assert figures["repeated after a kill"] == 1
    # One more has no cause; nor has one long before the kill, or before the message.
    for kills, more in (([killed], again), ([call.at + 15], again[:1]), ([0.1], again[:1])):
        found = life_ledger.settle(lived(*more, kills=kills))[1]
        assert "messages were repeated without a cause (1)" in found[-1]


def test_one_kill_does_not_explain_two_messages_of_a_chat() -> None:
    both = at(TAKEN, 20), at(NEWS, 21)
    assert "without a cause (1)" in life_ledger.settle(lived(*both, kills=[3.1]))[1][0]
    assert life_ledger.settle(lived(*both, kills=[3.1, 3.2]))[1] == []
    # Another chat had a call of its own under way.
    others = at(NEWS, 20), at(LISTED, 21)
    assert life_ledger.settle(lived(*others, kills=[3.1]))[1] == []


def test_a_lost_answer_explains_the_repeat_of_its_own_call() -> None:
    lost = replace(TAKEN, answered=False)
    figures, problems = life_ledger.settle(lived(lost, at(TAKEN, 9), without=TAKEN))
    assert problems == []
    assert figures["repeated after a lost answer"] == 1
    other = replace(NEWS, answered=False)
    assert life_ledger.settle(lived(other, at(TAKEN, 9), without=NEWS))[1] != []


def letter(address: str, id_: str, moment: float = 1, text: str = "Bonjour") -> Accepted:
    return Accepted(moment, CHATS[address], "email", {"id": id_, "text": text}, answered=True)


@pytest.mark.parametrize(
    ("letters", "kills", "problem"),
    [
        ([letter(LEAD, "a")], [], ""),
        ([letter(LEAD, "a"), letter(LEAD, "a", 2)], [1.1], ""),
        ([letter(LEAD, "a"), letter(LEAD, "a", 2)], [], "without a cause (1): -3001"),
        ([letter(LEAD, "a"), letter(LEAD, "b", 2)], [1.1], "to the lead: 2 in place of 1"),
        ([letter(CORRESPONDENT, "a")], [], "to the lead: 0 in place of 1"),
        (
            [letter(LEAD, "a"), letter(CORRESPONDENT, "b"), letter(CORRESPONDENT, "c", 2)],
            [],
            "e-mails were not written once (1): 2 times: 'Bonjour'",
        ),
    ],
)
def test_each_e_mail_is_written_once(
    letters: list[Accepted], kills: list[float], problem: str
) -> None:
    introduced = said("Vous êtes mis en relation avec la CCI, <b>", 8)
    told = replace(introduced, values={"text": f"<b>{introduced.text}"})
    by_address = {
        address: [each for each in letters if each.chat == chat] for address, chat in CHATS.items()
    }
    facts = lived(told, letters=by_address, kills=kills, **events(Event("introduce")))
    problems = life_ledger.settle(facts)[1]
    assert problem in "\n".join(problems)
    assert bool(problems) == bool(problem)


def test_the_rules_look_for_words_that_the_bot_says() -> None:
    catalogues = Path(messages.__path__[0]).glob("*.yaml")
    said_by_bot = "".join(file.read_text("utf-8") for file in catalogues)
    for words in life_ledger.LOOKED_FOR:
        assert words in said_by_bot, words
    spaced = said("<b>Le contact a-t-il eu lieu\xa0?</b>")
    assert life_ledger.settle(lived(spaced))[1] != []


def test_what_the_bot_deleted_again_was_not_told() -> None:
    again = replace(at(LISTED, 9), is_deleted=True)
    assert life_ledger.settle(lived(again))[1] == []
    record = Record()
    record.take("sendMessage", CHAT, {"text": "a"})
    record.delete(CHAT, 1)
    assert record.chats[CHAT].accepted[0].is_deleted
    assert record.chats[CHAT].showing == {}
