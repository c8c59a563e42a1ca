"""What comes with a photo is heard as if it were typed; an album gets one word."""

from typing import Any

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_handoff import NUMBER, card, closes, hands_over, replies
from test_dialogue_interest import begins
from test_dialogue_replies import moves_to_other_group

from handlers.core import caps
from storage.engine.schema import conversation_messages, drafts, inbox
from storage.operations.inspect import inspect_database

READ = "Ce qui l'accompagne"
ONLY_TEXT = "je ne lis que le texte"
KINDS = ("photo", "document", "video", "voice", "audio", "animation")
FILE = {"file_id": "f", "file_unique_id": "u"}
SIZED = FILE | {"width": 1, "height": 1}
CONTENTS: dict[str, dict[str, Any]] = {
    "photo": {"photo": [SIZED]},
    "document": {"document": FILE | {"file_name": "plan.pdf"}},
    "video": {"video": SIZED | {"duration": 1}},
    "voice": {"voice": FILE | {"duration": 1}},
    "audio": {"audio": FILE | {"duration": 1}},
    "animation": {"animation": SIZED | {"duration": 1}, "document": FILE},
}


async def sends(who: Speaker, *contents: dict[str, Any], reply_to: int | None = None) -> None:
    """Send media all at once, as a phone sends an album."""
    who.mark()
    messenger = who.stage.messenger
    for content in contents:
        messenger.from_person(who.user, who.chat_id, content, reply_to)
    await who.stage.settles()


def photo(caption: str = "", album: str = "") -> dict[str, Any]:
    found = dict(CONTENTS["photo"])
    if caption:
        found["caption"] = caption
    return found | ({"media_group_id": album} if album else {})


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caption_is_a_question(sme: Speaker, kind: str) -> None:
    question = {"caption": "c'est quoi territoires d'industrie ?"}
    await sends(sme, CONTENTS[kind] | question)
    sme.sees(READ, "Source :")
    assert sme.text.count(READ) == 1
    assert len(sme.new) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caption_is_an_answer_of_a_form(sme: Speaker, stage: Stage, kind: str) -> None:
    await begins(sme, stage)
    await sends(sme, CONTENTS[kind] | {"caption": "Chaudronnerie Martin"})
    sme.sees(READ, "prénom et nom")
    (kept,) = await stage.rows(select(drafts.c.answers))
    assert kept.answers == {"company": "Chaudronnerie Martin"}


async def test_a_caption_may_be_a_command(sme: Speaker) -> None:
    command = [{"type": "bot_command", "offset": 0, "length": 8}]
    await sends(sme, photo("/projets") | {"caption_entities": command})
    sme.sees(READ, "Projets ouverts")


async def test_without_a_caption_nothing_is_read_as_before(sme: Speaker) -> None:
    await sends(sme, photo())
    sme.sees(ONLY_TEXT)
    assert READ not in sme.text


async def test_ten_photos_get_one_word_also_after_a_restart(sme: Speaker, stage: Stage) -> None:
    await sends(sme, *[photo(album="1")] * 5)
    assert len(sme.new) == 1
    await stage.stops()
    await stage.starts()
    await sends(sme, *[photo(album="1")] * 5)
    assert sme.new == []
    await sends(sme, *[photo(album="2")] * 5)
    assert len(sme.new) == 1


async def test_an_album_of_one_hides_nothing_from_another_person(
    sme: Speaker, other_sme: Speaker
) -> None:
    for who in (sme, other_sme):
        await sends(who, *[photo(album="1")] * 3)
        assert len(who.new) == 1


@pytest.mark.parametrize("place", [0, 4, 9])
async def test_the_caption_of_an_album_is_heard_wherever_it_stands(
    sme: Speaker, place: int
) -> None:
    album = [photo(album="1") for _ in range(10)]
    album[place] |= {"caption": "c'est quoi territoires d'industrie ?"}
    await sends(sme, *album)
    sme.sees("Source :")
    # The word on the photos is said once: above the answer, or before it.
    assert sme.text.count(READ) + sme.text.count(ONLY_TEXT) == 1
    assert len(sme.new) == (1 if place == 0 else 2)


async def test_an_album_loses_nothing_of_a_form(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sends(sme, *[photo(album="1")] * 10)
    assert sme.text.count("nom de votre entreprise") == 1


async def test_a_caption_is_a_reply_to_the_facilitators(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await sends(facilitator, {"text": "Où ?"}, reply_to=card(facilitator)["message_id"])
    asked = sme.messages()[-1]
    await sends(sme, photo("À Istres"), reply_to=asked["message_id"])
    sme.sees(READ, "est transmis aux facilitateurs")
    facilitator.received("À Istres")


async def test_a_facilitator_s_caption_is_passed_on_and_the_photo_is_not(
    sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    await sends(facilitator, photo("Voici le plan"), reply_to=card(facilitator)["message_id"])
    sme.received("Voici le plan")
    facilitator.sees("Seul le texte", "réponse remise")
    assert facilitator.text.count("Seul le texte") == 1


async def test_a_facilitator_s_album_gets_one_word(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    reply_to = card(facilitator)["message_id"]
    await sends(facilitator, *[photo(album="1")] * 10, reply_to=reply_to)
    assert facilitator.text.count("seul le texte est remis") == 1
    album = [photo("Le plan", album="2"), *[photo(album="2")] * 4]
    await sends(facilitator, *album, reply_to=reply_to)
    assert facilitator.text.count("Seul le texte") == 1
    assert "seul le texte est remis" not in facilitator.text
    said = await stage.rows(select(conversation_messages.c.text))
    assert [row.text for row in said] == ["Le plan"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("closed", "l'échange est clos"),
        ("elsewhere", "n'est plus celui des facilitateurs"),
        ("several", "n'est pas celui d'un seul échange"),
        ("gone", "n'est plus gardée"),
    ],
)
async def test_an_album_that_goes_nowhere_gets_one_word(
    sme: Speaker, facilitator: Speaker, stage: Stage, state: str, words: str
) -> None:
    await hands_over(sme)
    answered = card(facilitator)
    if state == "closed":
        await closes(facilitator)
    elif state == "elsewhere":
        await moves_to_other_group(stage)
    else:
        numbers = {"several": f"{NUMBER} et Q-2026-0002", "gone": "Q-2026-0777"}
        answered = stage.messenger.posts(facilitator.chat_id, {"text": f"{numbers[state]} : vu"})
    album = [
        photo("Le plan" if number else "", album="1") for number in range(caps.OTHER_GROUP.most)
    ]
    await sends(facilitator, *album, reply_to=answered["message_id"])
    assert facilitator.text.count(words) == 1
    assert len(facilitator.new) == 1


async def test_what_a_limit_holds_back_is_not_said_to_be_passed_on(
    sme: Speaker, facilitator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "REPLIES", caps.Cap("replies", 1))
    await hands_over(sme)
    for _ in range(3):
        await sends(facilitator, photo("Le plan"), reply_to=card(facilitator)["message_id"])
        assert ("réponse remise" in facilitator.text) == ("Seul le texte" in facilitator.text)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caption_that_is_no_known_command_is_no_answer(
    sme: Speaker, stage: Stage, kind: str
) -> None:
    await begins(sme, stage)
    command = [{"type": "bot_command", "offset": 0, "length": 9}]
    await sends(sme, CONTENTS[kind] | {"caption": "/inconnue", "caption_entities": command})
    sme.sees("Je ne connais pas la commande /inconnue", "nom de votre entreprise")
    assert [row.answers for row in await stage.rows(select(drafts.c.answers))] == [{}]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_without_words_is_told_that_it_went_to_nobody(
    sme: Speaker, facilitator: Speaker, stage: Stage, kind: str
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    asked = sme.messages()[-1]
    await sends(sme, CONTENTS[kind], reply_to=asked["message_id"])
    sme.sees(NUMBER, "ne l'a pas été", "écrivez-le")
    assert len(sme.new) == 1
    # A form goes on, and is shown again once.
    await sme.taps("Répondre")
    await sends(sme, CONTENTS[kind], reply_to=asked["message_id"])
    sme.sees(NUMBER, "ne l'a pas été", "Votre réponse ?")
    assert len(sme.new) == 2
    await facilitator.taps("Clore")
    await sends(sme, CONTENTS[kind], reply_to=asked["message_id"])
    sme.sees("est clos", "n'a pas été transmis")


async def test_a_text_of_hidden_characters_alone_is_a_text_without_words(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Où ?", card(facilitator))
    await replies(sme, "\u200b", sme.messages()[-1])
    sme.sees("pas vu de mots")
    await begins(sme, stage)
    await sends(sme, {"text": "\u200b\u2060"})
    sme.sees("Je n'ai pas pu lire de nom d'entreprise")
    assert ONLY_TEXT not in sme.text


async def test_the_edit_of_a_caption_is_relayed(sme: Speaker, facilitator: Speaker) -> None:
    await hands_over(sme)
    await sends(facilitator, photo("Lundi"), reply_to=card(facilitator)["message_id"])
    typed = next(m for m in reversed(facilitator.messages()) if not m["from"]["is_bot"])
    edited = typed | {"caption": "Mardi", "edit_date": typed["date"] + 1}
    facilitator.stage.messenger.delivers({"edited_message": edited})
    await facilitator.stage.settles()
    sme.received("Mardi")


async def test_the_marks_of_albums_stay_in_the_inbox(sme: Speaker, stage: Stage) -> None:
    await sends(sme, *[photo(album="x" * 500)] * 3)
    marks = [row.reference for row in await stage.rows(select(inbox.c.reference))]
    assert len([mark for mark in marks if mark]) == 1
    assert await inspect_database(stage.database_url) == ()


@pytest.mark.parametrize("blank", ["\n\n", " ", "\u2003"])
async def test_a_blank_reply_is_passed_on_to_nobody(
    sme: Speaker, facilitator: Speaker, stage: Stage, blank: str
) -> None:
    await hands_over(sme)
    await sends(facilitator, {"text": blank}, reply_to=card(facilitator)["message_id"])
    facilitator.sees("seul le texte est remis")
    await sends(facilitator, {"text": "Où ?"}, reply_to=card(facilitator)["message_id"])
    await sends(sme, {"text": blank}, reply_to=sme.messages()[-1]["message_id"])
    sme.sees("pas vu de mots")
    said = await stage.rows(select(conversation_messages.c.text))
    assert [row.text for row in said] == ["Où ?"]
