"""What follows when Telegram refuses a call: groups that move or close, messages that are gone."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from dialogue import Message, Speaker, Stage, inside, put_inside
from sqlalchemy import select, text, update
from test_dialogue_handoff import card, hands_over, replies
from test_dialogue_interest import registers

from bot.outbox.addresses import Addresses
from bot.preview.api_errors import ApiError, bad
from bot.preview.chats import Chats
from bot.preview.messenger import Messenger
from bot.preview.methods import METHODS
from handlers import deliveries
from storage.engine.errors import UndoneError
from storage.engine.schema import alerts, outbox
from storage.queues.outbox import Audience, Outbox, Outgoing

ERASED = "a été effacée : la personne l'a demandé"
LOST = "Un message que je devais vous envoyer n'a pas pu partir"


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


class Gate:
    """What a chat answers whenever the bot calls it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.refusals: dict[int, ApiError] = {}
        writable = Chats.writable

        def guarded(chats: Chats, chat_id: int) -> int:
            if chat_id in self.refusals:
                raise self.refusals[chat_id]
            return writable(chats, chat_id)

        patch.setattr(Chats, "writable", guarded)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def refuse(
    patch: pytest.MonkeyPatch,
    words: str,
    condition: Callable[[dict[str, Any]], bool],
    method: str = "sendMessage",
) -> None:
    """Have the preview refuse the calls that meet a condition."""
    send = METHODS[method]

    async def guarded(messenger: Messenger, values: dict[str, Any]) -> Any:
        if condition(values):
            raise bad(words)
        return await send(messenger, values)

    patch.setitem(METHODS, method, guarded)


def by_number(speaker: Speaker, message_id: int) -> Message:
    (found,) = [m for m in speaker.messages() if m["message_id"] == message_id]
    return found


async def withdraws(sme: Speaker, number: str) -> None:
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")


async def later(stage: Stage, **duration: float) -> None:
    """Let time pass, and what is due then be done."""
    stage.clock.passes(**duration)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


async def moves(stage: Stage, group: Speaker, next_number: int) -> None:
    """Make the group a supergroup, in which the next message gets this number."""
    former = next(
        g
        for g in (stage.messenger.administrators, stage.messenger.facilitators)
        if g.id == group.chat_id
    )
    put_inside(stage.messenger.chats, "last_id", next_number - 3)
    group.chat_id = stage.messenger.upgrades(former)
    await stage.settles()


async def test_two_requests_whose_numbers_coincide_in_two_chats(
    sme: Speaker,
    other_sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await registers(sme, stage)
    coinciding = administrator.messages()[-1]["message_id"]
    await administrator.taps("Pris en charge")
    put_inside(stage.messenger.chats, "last_id", coinciding - 200)
    administrator.chat_id = stage.messenger.upgrades(stage.messenger.administrators)
    await stage.settles()
    # The next notification gets the number that the first one has in the former chat.
    second = await numbered(monkeypatch, stage, other_sme, administrator, coinciding)
    other = by_number(administrator, coinciding)
    assert second in other["text"]
    await withdraws(sme, first)
    assert by_number(administrator, coinciding) == other
    administrator.received(f"Demande {first} retirée par la personne", "Il n'y a plus rien à faire")
    # Nor does an erasure blank what happens to have the number.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert by_number(administrator, coinciding) == other
    await later(stage, minutes=1)
    administrator.received("Un message à supprimer à la main")


async def numbered(
    patch: pytest.MonkeyPatch, stage: Stage, person: Speaker, group: Speaker, number: int
) -> str:
    """Register, with the notification posted in the group under this number."""
    chats = stage.messenger.chats
    add = chats.add

    def add_numbered(chat_id: int, *rest: Any) -> Message:
        if chat_id == group.chat_id:
            put_inside(chats, "last_id", number - 1)
        return add(chat_id, *rest)

    with patch.context() as for_now:
        for_now.setattr(chats, "add", add_numbered)
        return await registers(person, stage)


async def test_an_edit_that_waits_while_the_group_moves_is_posted_anew(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    former, sent = administrator.chat_id, administrator.messages()[-1]["message_id"]
    stage.messenger.faults.next("editMessageText", status=500)
    await administrator.taps("Pris en charge")
    await moves(stage, administrator, sent)
    await later(stage, seconds=30)
    administrator.received(f"Demande {number}, prise en charge")
    assert former != administrator.chat_id
    await administrator.taps("Annuler la prise en charge")
    administrator.sees("Nouvelle demande")


async def test_requests_that_wait_follow_the_group(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await moves(stage, administrator, 1000)
    administrator.received("Ce groupe est devenu un supergroupe", f"Nouvelle demande {number}")
    await administrator.taps("Pris en charge")
    administrator.sees("Prise en charge par")


async def test_a_card_on_its_way_while_the_group_moves_arrives_once(
    sme: Speaker, stage: Stage, facilitator: Speaker, gate: Gate
) -> None:
    gate.refusals[facilitator.chat_id] = ApiError(400, "Bad Request: TOPIC_CLOSED")
    await hands_over(sme)
    gate.refusals.clear()
    await moves(stage, facilitator, 1000)
    await later(stage, minutes=6)
    cards = [m for m in facilitator.messages() if m.get("text", "").startswith("Question Q-")]
    assert len(cards) == 1


async def test_another_group_in_the_settings_gets_the_requests_anew(
    sme: Speaker, stage: Stage, administrator: Speaker, facilitator: Speaker
) -> None:
    number = await registers(sme, stage)
    before = administrator.messages()
    await stage.stops()
    stage.overrides = {"admin_chat_id": facilitator.chat_id, "facilitator_chat_id": None}
    await stage.starts()
    await withdraws(sme, number)
    assert administrator.messages() == before
    facilitator.received(f"Demande {number} retirée par la personne")
    # What is erased is blanked where it stands.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    for group in (administrator, facilitator):
        assert all(ERASED in m["text"] for m in group.messages())


async def test_a_question_s_card_is_posted_anew_in_another_group(
    sme: Speaker, stage: Stage, administrator: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    before = facilitator.messages()
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": administrator.chat_id, "admin_chat_id": None}
    await stage.starts()
    # What was being edited as the setting changed.
    async with stage.running.parts.database.begin() as work:
        conversation = (await work.conversations.unfinished())[0]
        content: dict[str, object] = {"text": "x", "message_id": before[-1]["message_id"]}
        work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                "editMessageText",
                content,
                chat_id=facilitator.chat_id,
                about=conversation.about,
            )
        )
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert facilitator.messages() == before
    assert "avait été supprimé" not in str(administrator.messages())
    await replies(administrator, "Bonjour", card(administrator))
    sme.received("Bonjour")


@pytest.mark.parametrize(
    "method", ["editMessageText", "editMessageReplyMarkup", "editMessageCaption", "deleteMessage"]
)
async def test_no_call_takes_a_message_s_number_to_another_chat(
    stage: Stage, administrator: Speaker, method: str
) -> None:
    parts = stage.running.parts
    async with parts.database.begin() as work:
        chat_id = administrator.chat_id
        await work.outbox.add(Outgoing(Audience.PERSON, method, {"message_id": 1}, chat_id=chat_id))
        (item,) = await work.outbox.claim("nobody", [], 1, list(Audience))
    addresses = Addresses(parts.database, parts.services)
    assert await addresses.present(item) == chat_id
    async with parts.database.begin() as work:
        await work.outbox.moved(chat_id, -1009)
    assert await addresses.present(item) is None


async def test_a_quote_stays_behind_when_the_group_moves(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    quoted = administrator.messages()[-1]["message_id"]
    await administrator.says("/aide")
    await moves(stage, administrator, quoted + 1)
    # The same number in the new chat.
    assert by_number(administrator, quoted + 1)
    async with stage.running.parts.database.begin() as work:
        quote = {"chat_id": -1, "message_id": quoted + 1, "allow_sending_without_reply": True}
        content: dict[str, object] = {"text": "note", "reply_parameters": quote}
        work.outbox.owe(Outgoing(Audience.ADMINISTRATORS, "sendMessage", content))
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    note = administrator.messages()[-1]
    assert note["text"] == "note"
    assert "reply_to_message" not in note


async def test_a_deleted_notification_is_posted_again_when_the_request_changes(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    gone = administrator.messages()[-1]["message_id"]
    stage.messenger.deletes(administrator.chat_id, gone)
    await withdraws(sme, number)
    administrator.received(f"Demande {number} retirée par la personne")
    assert "interest" not in str([m["text"] for m in administrator.messages()])
    assert await stage.rows(select(alerts.c.count)) == []
    # Where it stands now is known.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert all(ERASED in m["text"] for m in administrator.messages())


async def test_two_changes_of_a_deleted_notification_are_one_message(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    message, _ = administrator.button("Détails")
    stage.messenger.deletes(administrator.chat_id, message["message_id"])
    for _ in range(2):
        async with stage.running.parts.database.begin() as work:
            interest = await work.interests.get(1)
            assert interest
            text = f"Nouvelle demande {number}"
            content: dict[str, object] = {"text": text, "message_id": message["message_id"]}
            work.outbox.owe(
                Outgoing(
                    Audience.PERSON,
                    "editMessageText",
                    content,
                    chat_id=administrator.chat_id,
                    about=interest.about,
                )
            )
        stage.running.parts.dispatcher.wake()
        await stage.settles()
    shown = [m for m in administrator.messages() if number in m.get("text", "")]
    assert len(shown) == 1


async def test_what_is_erased_is_not_posted_again(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    gone = administrator.messages()[-1]["message_id"]
    stage.messenger.deletes(administrator.chat_id, gone)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert administrator.messages() == []
    assert await stage.outbox_states() == []


async def test_a_tap_on_a_message_that_is_deleted_meanwhile_is_answered_anew(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    message, data = administrator.button("Détails")
    stage.messenger.faults.next(
        "editMessageText", status=400, description="Bad Request: message to edit not found"
    )
    await administrator.taps_data(message["message_id"], data)
    administrator.sees("Personne à contacter", "Samira Costa")


MENDABLE = [
    (400, "Bad Request: TOPIC_CLOSED", "« Général »"),
    (400, "Bad Request: message thread not found", "« Général »"),
    (400, "Bad Request: not enough rights to send text messages to the chat", "ce droit"),
    (400, "Bad Request: CHAT_RESTRICTED", "ce droit"),
    (403, "Forbidden: CHAT_SEND_PLAIN_FORBIDDEN", "ce droit"),
    (400, "Bad Request: PAYMENT_REQUIRED", "payer"),
    (400, "Bad Request: group chat was deactivated", "supprimé"),
    (403, "Forbidden: bot was kicked from the group chat", "retiré"),
    (403, "Forbidden: bot is not a member of the supergroup chat", "retiré"),
    (400, "Bad Request: chat not found", "numéro"),
    (400, "Bad Request: SLOWMODE_WAIT_60", "mode lent"),
    (403, "Forbidden: what nobody has seen yet", "retiré"),
]


@pytest.mark.parametrize(("status", "words", "remedy"), MENDABLE, ids=[m[1] for m in MENDABLE])
async def test_what_a_person_can_mend_in_a_group_makes_its_messages_wait(  # noqa: PLR0913, PLR0917
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    facilitator: Speaker,
    gate: Gate,
    status: int,
    words: str,
    remedy: str,
) -> None:
    gate.refusals[administrator.chat_id] = ApiError(status, words)
    number = await registers(sme, stage)
    for _ in range(4):
        await later(stage, minutes=5)
    assert ("administrators", "waiting") in await stage.outbox_states()
    closed = "Le bot ne peut plus écrire dans le groupe des administrateurs"
    facilitator.received(closed, remedy)
    gate.refusals.clear()
    await later(stage, minutes=5)
    administrator.received(f"Nouvelle demande {number}")
    await later(stage, minutes=2)
    texts = [m["text"] for m in facilitator.messages()]
    assert sum(closed in text for text in texts) == 1
    again = "Le bot peut de nouveau écrire dans le groupe des administrateurs"
    assert sum(again in text for text in texts) == 1


async def test_a_group_that_refused_an_edit_only_is_said_to_work_again(
    sme: Speaker, stage: Stage, administrator: Speaker, facilitator: Speaker, gate: Gate
) -> None:
    await registers(sme, stage)
    gate.refusals[administrator.chat_id] = ApiError(400, "Bad Request: CHAT_RESTRICTED")
    await administrator.taps("Détails")
    facilitator.received("Le bot ne peut plus écrire dans le groupe des administrateurs")
    gate.refusals.clear()
    await later(stage, minutes=2)
    administrator.received("Personne à contacter")
    await later(stage, minutes=2)
    facilitator.received("Le bot peut de nouveau écrire dans le groupe des administrateurs")


async def test_a_file_that_a_group_does_not_accept_holds_nothing_else_up(
    stage: Stage, administrator: Speaker, facilitator: Speaker, sme: Speaker
) -> None:
    stage.messenger.faults.next(
        "sendDocument",
        status=400,
        description="Bad Request: not enough rights to send documents to the chat",
    )
    async with stage.running.parts.database.begin() as work:
        work.outbox.owe(
            Outgoing(
                Audience.FACILITATORS, "sendDocument", {}, attachment=b"a", filename="rapport.txt"
            )
        )
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    administrator.received("n'accepte pas les fichiers du bot")
    await hands_over(sme)
    facilitator.received("Question Q-2026-0001")
    await later(stage, minutes=1)
    assert facilitator.messages()[-1]["document"]["file_name"] == "rapport.txt"
    await later(stage, minutes=1)
    administrator.received("Le bot peut de nouveau écrire dans le groupe des facilitateurs")


async def test_a_quote_in_a_closed_topic_is_left_out(
    sme: Speaker, stage: Stage, facilitator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    relayed = sme.messages()[-1]
    refuse(monkeypatch, "TOPIC_CLOSED", lambda values: "reply_parameters" in values)
    await replies(sme, "Le blanc", relayed)
    said = [m for m in facilitator.messages() if "Le blanc" in m.get("text", "")]
    assert len(said) == 1
    assert "reply_to_message" not in said[0]


async def test_each_person_whose_question_waits_is_told_once(
    sme: Speaker, other_sme: Speaker, stage: Stage, facilitator: Speaker, gate: Gate
) -> None:
    gate.refusals[facilitator.chat_id] = ApiError(400, "Bad Request: TOPIC_CLOSED")
    waits = "il leur sera remis dès que possible"
    await hands_over(sme)
    await hands_over(other_sme)
    for _ in range(3):
        await later(stage, minutes=5)
    for person in (sme, other_sme):
        assert str(person.messages()).count(waits) == 1
    gate.refusals.clear()
    await later(stage, minutes=5)
    facilitator.received("Question Q-2026-0001", "Question Q-2026-0002")


@pytest.mark.parametrize(
    "words",
    [
        "can't parse entities: unsupported start tag",
        "message is too long",
        "BUTTON_DATA_INVALID",
    ],
)
async def test_a_person_whose_answer_can_never_be_sent_is_told_once(
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    refuse(
        monkeypatch,
        words,
        lambda values: values["chat_id"] == sme.chat_id and LOST not in values["text"],
    )
    for command in ("/aide", "/projets", "/contact"):
        stage.messenger.says(sme.user, command)
    await stage.settles()
    apologies = [m["text"] for m in sme.messages() if LOST in m["text"]]
    assert 1 <= len(apologies) <= 3
    await later(stage, minutes=1)
    texts = "\n".join(m["text"] for m in administrator.messages())
    assert "Telegram l'a refusé" in texts
    assert len(administrator.messages()) <= 2
    assert "unsupported" not in texts
    # The reference that the person gives is the team's.
    assert apologies[-1].split("référence ")[1].split(",")[0] in texts


async def test_an_apology_that_is_refused_too_is_the_end_of_it(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    words = "Bad Request: message is too long"
    stage.messenger.faults.next("sendMessage", status=400, description=words, times=2)
    await sme.says("/aide")
    assert LOST not in str(sme.messages())
    await later(stage, minutes=1)
    administrator.received("non remis")
    waiting = select(outbox.c.id).where(outbox.c.state == "waiting")
    assert await stage.rows(waiting) == []


async def test_a_row_that_the_bot_cannot_make_a_call_of_does_not_hold_its_lane(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    async with stage.running.parts.database.begin() as work:
        wrong: dict[str, object] = {"text": "x", "reply_parameters": 7}
        work.outbox.owe(Outgoing(Audience.PERSON, "sendMessage", wrong, chat_id=sme.chat_id))
    await sme.says("/aide")
    for _ in range(6):
        await later(stage, minutes=1)
    sme.received("Ce que vous pouvez faire ici")
    administrator.received("une erreur du bot, à transmettre aux développeurs")


async def test_a_row_of_which_not_even_the_failure_can_be_told_does_not_hold_its_lane(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> bool:
        raise KeyError("of ours")

    monkeypatch.setattr(deliveries, "failed", fails)
    async with stage.running.parts.database.begin() as work:
        number = await work.outbox.add(
            Outgoing(Audience.PERSON, "sendMessage", {"text": "x"}, chat_id=sme.chat_id)
        )
        crashed = update(outbox).where(outbox.c.id == number).values(crashes=2)
        await inside(work.outbox, "connection").execute(crashed)
    await stage.stops()
    await stage.starts()
    await sme.says("/aide")
    sme.received("Ce que vous pouvez faire ici")
    assert ("person", "parked") in await stage.outbox_states()


@pytest.mark.parametrize("words", ["TOPIC_CLOSED", "message thread not found"])
async def test_an_answer_in_a_topic_that_is_gone_holds_nothing_up(
    sme: Speaker,
    stage: Stage,
    facilitator: Speaker,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    await hands_over(sme)
    refuse(monkeypatch, words, lambda values: "message_thread_id" in values)
    owed = Outgoing(
        Audience.PERSON,
        "sendMessage",
        {"text": "answered", "message_thread_id": 77},
        chat_id=facilitator.chat_id,
    )
    async with stage.running.parts.database.begin() as work:
        work.outbox.owe(owed)
        work.outbox.owe(edit_of(card(facilitator), facilitator))
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    facilitator.received("answered", "edited")
    await later(stage, minutes=2)
    assert "ne peut plus écrire" not in str(administrator.messages())


def edit_of(message: Message, group: Speaker, text: str = "edited") -> Outgoing:
    content: dict[str, object] = {"text": text, "message_id": message["message_id"]}
    return Outgoing(Audience.PERSON, "editMessageText", content, chat_id=group.chat_id)


async def test_an_edit_does_not_prove_that_a_group_accepts_messages(
    sme: Speaker,
    other_sme: Speaker,
    stage: Stage,
    facilitator: Speaker,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed, again = "ne peut plus écrire", "peut de nouveau écrire"
    await hands_over(sme)
    standing = card(facilitator)
    with monkeypatch.context() as patch:
        refuse(patch, "TOPIC_CLOSED", lambda values: values["chat_id"] == facilitator.chat_id)
        await hands_over(other_sme)
        for number in range(3):
            async with stage.running.parts.database.begin() as work:
                work.outbox.owe(edit_of(standing, facilitator, f"edited {number}"))
            stage.messenger.faults.next("editMessageText", status=500)
            await later(stage, minutes=5)
            await later(stage, minutes=5)
        await later(stage, minutes=2)
    told = str(administrator.messages())
    assert (told.count(closed), told.count(again)) == (1, 0)
    await later(stage, minutes=5)
    await later(stage, minutes=2)
    facilitator.received("Question Q-2026-0002")
    administrator.received(again)


async def test_an_outage_meanwhile_does_not_tell_a_person_twice(
    sme: Speaker, stage: Stage, facilitator: Speaker, gate: Gate
) -> None:
    closed = ApiError(400, "Bad Request: TOPIC_CLOSED")
    gate.refusals[facilitator.chat_id] = closed
    await hands_over(sme)
    for refusal in (
        ApiError(500, "Internal Server Error"),
        closed,
        ApiError(429, "Too Many Requests: retry after 5", {"retry_after": 5}),
        closed,
    ):
        gate.refusals[facilitator.chat_id] = refusal
        await later(stage, minutes=5)
    assert str(sme.messages()).count("il leur sera remis dès que possible") == 1


async def test_a_mark_that_was_undone_is_made_again_at_once(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forget, undone = Outbox.forget, [UndoneError("a deadlock")] * 3

    async def disturbed(self: Outbox, ids: Collection[int]) -> int:
        if undone:
            raise undone.pop()
        return await forget(self, ids)

    monkeypatch.setattr(Outbox, "forget", disturbed)
    await sme.says("/aide")
    assert str(sme.messages()).count("Ce que vous pouvez faire ici") == 1
    assert not undone
    # Nobody else waited, as they do in an outage.
    assert "waits to be marked" not in caplog.text


@pytest.mark.parametrize(
    "words", ["message can't be edited", "chat not found", "can't parse entities"]
)
async def test_an_erased_message_that_stays_visible_is_said(
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    facilitator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    number = await registers(sme, stage)
    before = [m["text"] for m in administrator.messages()]
    # The former group, which no setting names any more.
    await stage.stops()
    stage.overrides = {"admin_chat_id": facilitator.chat_id, "facilitator_chat_id": None}
    await stage.starts()
    refuse(
        monkeypatch,
        words,
        lambda values: values["chat_id"] == administrator.chat_id,
        "editMessageText",
    )
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await later(stage, minutes=1)
    assert [m["text"] for m in administrator.messages()] == before
    facilitator.received("Un message à supprimer à la main", number)


async def test_a_method_that_the_server_does_not_know_holds_nothing_up(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    stage.messenger.faults.next("sendDocument", status=404, description="Not Found")
    await sme.says("/mesdonnees")
    sme.sees(LOST)
    administrator.received("Message non remis")
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")


async def test_a_server_out_of_order_for_a_while_loses_nothing_and_holds_nothing_up(
    sme: Speaker, stage: Stage
) -> None:
    stage.messenger.faults.next("sendMessage", status=404, description="Not Found")
    await sme.says("/aide")
    assert sme.text == ""
    await sme.says("/projets")
    sme.sees("page 1")
    await later(stage, minutes=1)
    sme.received("Ce que vous pouvez faire ici")


async def test_what_a_server_never_takes_is_parked_and_said_at_last(
    sme: Speaker, stage: Stage
) -> None:
    stage.messenger.faults.next("sendMessage", status=404, description="Not Found", times=9)
    await sme.says("/aide")
    for _ in range(8):
        assert LOST not in str(sme.messages())
        await later(stage, minutes=5)
    sme.received(LOST)


async def test_a_group_that_is_written_to_too_fast_does_not_make_people_wait(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    async with stage.running.parts.database.begin() as work:
        work.outbox.owe(Outgoing(Audience.ADMINISTRATORS, "sendMessage", {"text": "x"}))
    stage.messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 900})
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    assert administrator.messages() == []
    await later(stage, minutes=15)
    assert administrator.messages()[-1]["text"] == "x"


async def test_an_hour_s_pause_of_a_group_is_kept(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    """No row is postponed for that long: it is tried twice, not all the time."""
    async with stage.running.parts.database.begin() as work:
        work.outbox.owe(Outgoing(Audience.ADMINISTRATORS, "sendMessage", {"text": "x"}))
    hour = {"retry_after": 3600}
    stage.messenger.faults.next("sendMessage", status=429, parameters=hour, times=2)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    for _ in range(2):
        assert administrator.messages() == []
        await later(stage, minutes=30)
    assert administrator.messages()[-1]["text"] == "x"


async def test_a_failure_of_what_follows_from_a_failure_does_not_hold_the_lane(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slips(*_: object) -> bool:
        raise RuntimeError("a slip")

    monkeypatch.setattr(deliveries, "failed", slips)
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no", times=6)
    await sme.says("/aide")
    for _ in range(6):
        await later(stage, minutes=5)
    ((state,),) = await stage.rows(select(outbox.c.state))
    assert state == "parked"
    ((subject,),) = await stage.rows(select(alerts.c.kind))
    assert subject == "undelivered"
    await sme.says("/projets")
    sme.sees("page 1")


@pytest.mark.parametrize("payload", ["not json", '{"text":', "[" * 5000, "5", "null", ""])
async def test_a_row_that_cannot_be_read_holds_nobody_else(
    sme: Speaker, stage: Stage, payload: str
) -> None:
    async with stage.running.parts.database.begin() as work:
        number = await work.outbox.add(Outgoing(Audience.PERSON, "sendMessage", {}, chat_id=77))
        spoilt = text("UPDATE outbox SET payload = :payload WHERE id = :id")
        values = {"payload": payload, "id": number}
        await inside(work.outbox, "connection").execute(spoilt, values)
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    for _ in range(6):
        await later(stage, minutes=5)
    kept = await stage.rows(select(outbox.c.state).where(outbox.c.id == number))
    assert kept == [("parked",)]
