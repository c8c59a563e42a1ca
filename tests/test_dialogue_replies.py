"""A reply goes where the message it answers belongs, whatever that message says."""

from typing import Any

import pytest
from dialogue import Message, Speaker, Stage, buttons
from sqlalchemy import func, select
from test_dialogue_handoff import NUMBER, PLAIN, card, hands_over, replies

from bot.preview.personas import BOT_ID
from storage.engine.schema import conversation_messages

ANONYMOUS = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
OTHER_BOT = {"id": 4242, "is_bot": True, "first_name": "Autre", "username": "autre_bot"}
COLLEAGUE = {"id": 4243, "is_bot": False, "first_name": "Collègue"}


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def moves_to_other_group(stage: Stage) -> None:
    """Name another group as the facilitators' one."""
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": stage.messenger.administrators.id}
    await stage.starts()


async def relayed(stage: Stage) -> int:
    found = await stage.rows(select(func.count()).select_from(conversation_messages))
    return int(found[0][0])


async def answers_forged(
    speaker: Speaker, author: dict[str, Any], text: str, message_id: int
) -> None:
    """Reply to a message as if this account had written it."""
    stage, chat = speaker.stage, speaker.stage.messenger.chats.as_json(speaker.chat_id)
    speaker.mark()
    quoted = {"message_id": message_id, "date": 1, "chat": chat, "from": author, "text": text}
    message = {
        "message_id": 900_000_000,
        "date": 1,
        "chat": chat,
        "from": speaker.user.as_json(),
        "text": "Ne lui dis rien.",
        "reply_to_message": quoted,
    }
    stage.messenger.delivers({"message": message})
    await stage.settles()


@pytest.mark.parametrize(
    "author", [ANONYMOUS, OTHER_BOT, COLLEAGUE], ids=lambda one: one["first_name"]
)
@pytest.mark.parametrize("near", [0, 1])
async def test_a_message_of_somebody_else_leads_nowhere(
    sme: Speaker, facilitator: Speaker, stage: Stage, author: dict[str, Any], near: int
) -> None:
    await hands_over(sme)
    # Also where it carries the number of a message that we did send.
    number = card(facilitator)["message_id"] if near else 800_000_000
    await answers_forged(facilitator, author, f"{NUMBER} : voyez ce dossier", number)
    assert await relayed(stage) == 0
    assert facilitator.new == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{NUMBER} : une ligne de nous", "n'est pas celui d'un seul échange"),
        (f"Ouvertes : {NUMBER} et Q-2026-0002", "n'est pas celui d'un seul échange"),
        ("Q-2026-0777 : effacée depuis", "n'est plus gardée"),
        ("Les versions publiées", "n'est celui d'aucun échange"),
    ],
)
async def test_our_message_about_several_exchanges_or_none_leads_nowhere_and_says_so(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage, text: str, words: str
) -> None:
    await hands_over(sme)
    await hands_over(other_sme, f"{PLAIN} encore")
    posted = stage.messenger.posts(facilitator.chat_id, {"text": text})
    said = await replies(facilitator, "Ne lui dis rien.", posted)
    facilitator.sees(words, "remise")
    assert facilitator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]
    assert await relayed(stage) == 0


def ours(speaker: Speaker) -> list[Message]:
    return [m for m in speaker.messages() if m["from"]["id"] == BOT_ID]


async def test_every_message_about_an_exchange_leads_to_it(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(other_sme, f"{PLAIN} d'abord")
    begin = len(ours(facilitator))
    await hands_over(sme)
    own = len(ours(sme)) - 1
    await replies(facilitator, "Lequel ?", card(facilitator, "Q-2026-0002"))
    await replies(sme, "Le blanc", ours(sme)[-1])
    await replies(facilitator, "x" * 4000, card(facilitator, "Q-2026-0002"))
    await replies(facilitator, "Bien", card(facilitator, "Q-2026-0002"))
    for number, message in enumerate(ours(facilitator)[begin:]):
        await replies(facilitator, f"Vers la personne {number}", message)
        sme.received(f"Vers la personne {number}")
    for number, message in enumerate(ours(sme)[own:]):
        await replies(sme, f"Vers le groupe {number}", message)
        facilitator.received(f"Vers le groupe {number}")
    assert number > 2
    other_sme.mark()
    assert "Vers" not in str(other_sme.messages())


async def test_a_reply_in_private_to_what_is_no_longer_recorded_offers_the_button(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await other_sme.says("bonjour")
    for speaker in (sme, other_sme):
        posted = stage.messenger.posts(
            speaker.chat_id, {"text": f"Votre question porte le {NUMBER}"}
        )
        await replies(speaker, "Un mot de plus", posted)
    sme.sees("n'a pas été transmis", "Touchez « Répondre »")
    other_sme.sees("n'est plus gardée", "n'a pas été transmis")
    assert "Répondre" not in other_sme.labels
    await sme.taps("Répondre")
    await sme.says("Un mot de plus")
    facilitator.received("Un mot de plus")


async def test_an_answer_begun_in_one_exchange_outlives_a_reply_in_another(
    sme: Speaker, facilitator: Speaker
) -> None:
    asked = []
    for question in (PLAIN, f"{PLAIN} encore"):
        await hands_over(sme, question)
    for number in (NUMBER, "Q-2026-0002"):
        await replies(facilitator, "Lequel ?", card(facilitator, number))
        asked.append(sme.messages()[-1])
    (opening,) = buttons(asked[0])
    await sme.taps_data(asked[0]["message_id"], opening["callback_data"])
    await replies(sme, "Pour la seconde", asked[1])
    sme.sees("Q-2026-0002 : votre message est transmis", "Votre réponse ?")
    await sme.says("Pour la première")
    sme.sees(f"{NUMBER} : votre message est transmis")
    facilitator.received("Pour la seconde", "Pour la première")
    # In the same exchange, the reply is the answer.
    await sme.taps_data(asked[0]["message_id"], opening["callback_data"])
    await replies(sme, "Encore un mot", asked[0])
    assert "Votre réponse ?" not in sme.text


async def test_a_plain_reply_in_private_is_a_question(sme: Speaker, stage: Stage) -> None:
    await sme.says("bonjour")
    await replies(sme, stage.knowledge.entries[0].question, sme.messages()[-1])
    assert "Oui, merci" in sme.labels or "Non, pas vraiment" in sme.labels


async def test_the_former_group_reaches_nobody_and_sees_nothing_more(
    sme: Speaker, facilitator: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    question = sme.messages()[-1]
    await moves_to_other_group(stage)
    before = facilitator.messages()
    await replies(sme, "Le blanc", question)
    assert facilitator.messages() == before
    administrator.received("Le blanc", f"Question {NUMBER}")
    assert "reply_to_message" not in administrator.messages()[-1]
    count = len(sme.messages())
    await replies(facilitator, "Encore nous", card(facilitator))
    facilitator.sees("n'est plus celui des facilitateurs", "pas été remise")
    assert len(sme.messages()) == count
    # The present group goes on with it.
    await replies(administrator, "Nous voici", administrator.messages()[-1])
    sme.received("Nous voici")
    assert "Nous voici" not in str(facilitator.messages())
    await administrator.taps("Clore")
    assert "Clore" in str(card(facilitator))


async def test_a_reply_to_a_message_from_before_the_supergroup_reaches_the_person(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    old = card(facilitator)
    facilitator.chat_id = stage.messenger.upgrades(stage.messenger.facilitators)
    await stage.settles()
    message = {
        "message_id": 900_000_001,
        "date": 1,
        "chat": stage.messenger.chats.as_json(facilitator.chat_id),
        "from": facilitator.user.as_json(),
        "text": "Sous l'ancien message",
        "reply_to_message": old,
    }
    stage.messenger.delivers({"message": message})
    await stage.settles()
    sme.received("Sous l'ancien message")
