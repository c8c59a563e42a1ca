"""The soak's ledger finds what it is for: anything lost, doubled, out of order, or unexplained."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.soak.following import follow
from benchmarks.soak.ledger import Facts, Generated, LedgerConversation, Stored, settle
from benchmarks.soak.record import Accepted, Record, Refused

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
