"""What formatting alone says stands in the text that is read and passed on."""

from datetime import UTC, datetime
from typing import Any

import pytest
from dialogue import Speaker, Stage
from hypothesis import given
from hypothesis import strategies as some
from telegram import Chat, Message, MessageEntity, User
from telegram.constants import MessageEntityType
from test_dialogue_handoff import card, hands_over

from bot.preview.botapi import description
from handlers.core.full_text import DECIDED, full_text
from handlers.handoff.threads import LONGEST
from knowledge.text.hidden import without_hidden
from knowledge.text.length import units

NOW = datetime(2026, 11, 27, 13, 5, tzinfo=UTC)
QUOTE = "https://exemple.fr/devis"


def message(text: str, *entities: MessageEntity, caption: bool = False) -> Message:
    said: dict[str, Any] = {"text": text, "entities": entities}
    if caption:
        said = {"caption": text, "caption_entities": entities}
    return Message(1, NOW, Chat(7, "private"), **said)


def over(text: str, part: str, kind: str, **more: Any) -> MessageEntity:
    """An entity over a part of a text, in UTF-16 units as Telegram counts."""
    return MessageEntity(kind, units(text[: text.index(part)]), units(part), **more)


def test_there_is_a_decision_for_each_type_that_is_known() -> None:
    assert set(description()["types"]["MessageEntity"]["fields"]) == {
        "type",
        "offset",
        "length",
        "url",
        "user",
        "language",
        "custom_emoji_id",
        "unix_time",
        "date_time_format",
    }, "a field that may carry what the text does not: decide, and name it here"
    assert set(map(str, MessageEntityType)) == DECIDED


@pytest.mark.parametrize("kind", list(MessageEntityType))
@pytest.mark.parametrize("place", [0, 3, 7])
def test_of_what_covers_no_character_only_an_address_is_told(kind: str, place: int) -> None:
    """The one it covered is removed where nobody sees it."""
    entity = MessageEntity(kind, place, 0, url=QUOTE, language="fr", unix_time=NOW)
    told = f"Bonjour ({QUOTE})" if kind == MessageEntityType.TEXT_LINK else "Bonjour"
    assert full_text(message("Bonjour", entity)) == told


@pytest.mark.parametrize("caption", [False, True])
@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("text_link", {"url": QUOTE}, f"😀 Voici le devis ({QUOTE}), ici."),
        (
            "text_link",
            {"url": "mailto:a@exemple.fr"},
            "😀 Voici le devis (mailto:a@exemple.fr), ici.",
        ),
        ("text_link", {"url": "tg://user?id=7"}, "😀 Voici le devis (tg://user?id=7), ici."),
        ("text_link", {"url": "tel:+33612345678"}, "😀 Voici le devis (tel:+33612345678), ici."),
        ("text_link", {"url": "javascript:alert(1)"}, "😀 Voici le devis, ici."),
        ("text_link", {"url": "file:///etc/passwd"}, "😀 Voici le devis, ici."),
        ("text_link", {}, "😀 Voici le devis, ici."),
        (
            "text_mention",
            {"user": User(7, "Marie", is_bot=False, last_name="Durand")},
            "😀 Voici le devis (Marie Durand), ici.",
        ),
        ("text_mention", {"user": User(7, "le devis", is_bot=False)}, "😀 Voici le devis, ici."),
        ("date_time", {"unix_time": NOW}, "😀 Voici le devis (27 novembre 2026, 14:05), ici."),
        ("pre", {"language": "python"}, "😀 Voici [python] le devis, ici."),
        ("strikethrough", {}, "😀 Voici ~~le devis~~, ici."),
        ("spoiler", {}, "😀 Voici ||le devis||, ici."),
        ("blockquote", {}, "😀 Voici > le devis, ici."),
        ("expandable_blockquote", {}, "😀 Voici > le devis, ici."),
        ("custom_emoji", {"custom_emoji_id": "5"}, "😀 Voici le devis, ici."),
        ("bold", {}, "😀 Voici le devis, ici."),
        ("of tomorrow", {}, "😀 Voici le devis, ici."),
    ],
)
def test_each_type_says_what_it_carries(
    kind: str, more: dict[str, Any], told: str, caption: bool
) -> None:
    text = "😀 Voici le devis, ici."
    said = message(text, over(text, "le devis", kind, **more), caption=caption)
    assert full_text(said).replace("\u00a0", " ") == told


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("exemple.fr/devis", "https://exemple.fr/devis/"),
        ("https://exemple.fr", "http://exemple.fr"),
        ("a@exemple.fr", "mailto:a@exemple.fr"),
        ("+33612345678", "tel:+33612345678"),
    ],
)
def test_an_address_that_the_text_is_already_is_not_said_twice(text: str, url: str) -> None:
    assert full_text(message(text, over(text, text, "text_link", url=url))) == text


@pytest.mark.parametrize("kind", ["spoiler", "strikethrough", "blockquote"])
def test_a_mark_over_all_of_a_text_changes_nothing(kind: str) -> None:
    """So an address typed in a form under such a mark is still an address."""
    text = "a@exemple.fr"
    assert full_text(message(text, over(text, text, kind))) == text


def test_the_lines_of_a_quote_are_marked_each() -> None:
    text = "Il dit :\nun\ndeux\nEt moi non."
    assert full_text(message(text, over(text, "un\ndeux", "blockquote"))) == (
        "Il dit :\n> un\n> deux\nEt moi non."
    )


def test_the_inner_of_two_is_closed_first() -> None:
    text = "Prix : le devis."
    link = over(text, "le devis", "text_link", url=QUOTE)
    spoiler = over(text, ": le devis", "spoiler")
    for entities in ((link, spoiler), (spoiler, link)):
        assert full_text(message(text, *entities)) == f"Prix ||: le devis ({QUOTE})||."


def test_two_links_side_by_side_keep_their_order() -> None:
    text = "unдва"
    links = (
        over(text, "un", "text_link", url="https://a.fr"),
        over(text, "два", "strikethrough"),
    )
    assert full_text(message(text, *links)) == "un (https://a.fr)~~два~~"


@given(
    text=some.text(min_size=1, max_size=30),
    spans=some.lists(
        some.tuples(
            some.sampled_from(sorted(DECIDED)), some.integers(-3, 70), some.integers(-3, 70)
        ),
        max_size=8,
    ),
)
def test_whatever_the_entities_the_text_itself_is_kept_in_order(
    text: str, spans: list[tuple[str, int, int]]
) -> None:
    more: dict[str, Any] = {"url": QUOTE, "language": "c", "unix_time": 10**18}
    entities = [MessageEntity(kind, begin, length, **more) for kind, begin, length in spans]
    told = full_text(message(text, *entities))
    left = iter(told)
    assert all(character in left for character in without_hidden(text))
    assert without_hidden(told) == told


def test_the_length_is_bounded_and_what_is_cut_is_too_long_to_pass_on() -> None:
    text = "lien " * 100
    url = "https://exemple.fr/" + "x" * 2000
    links = [MessageEntity("text_link", 5 * n, 4, url=url) for n in range(100)]
    told = full_text(message(text, *links))
    assert LONGEST < units(told) < 3 * 4096


async def test_a_link_reaches_the_other_side_both_ways(sme: Speaker, stage: Stage) -> None:
    facilitator = stage.member(stage.messenger.facilitators)
    await hands_over(sme)
    text = "😀 le devis"
    link = over(text, "le devis", "text_link", url=QUOTE).to_dict()
    content = {"text": text, "entities": [link]}
    stage.messenger.from_person(
        facilitator.user, facilitator.chat_id, content, card(facilitator)["message_id"]
    )
    await stage.settles()
    sme.received(f"le devis ({QUOTE})")
    relayed = sme.messages()[-1]["message_id"]
    stage.messenger.from_person(sme.user, sme.chat_id, content, relayed)
    await stage.settles()
    assert f"le devis ({QUOTE})" in facilitator.messages()[-1]["text"]
    # A link too long to stand in the text is refused, and said to be.
    long = link | {"url": QUOTE + "?" + "x" * LONGEST}
    stage.messenger.from_person(
        facilitator.user,
        facilitator.chat_id,
        {"text": text, "entities": [long]},
        card(facilitator)["message_id"],
    )
    await stage.settles()
    facilitator.received("n'a pas été remise")


async def test_a_link_stands_in_questions_and_answers_of_forms(sme: Speaker, stage: Stage) -> None:
    await sme.says("/contact")
    await sme.taps("Transmettre à un facilitateur")
    text = "Voyez le devis ?"
    link = over(text, "le devis", "text_link", url=QUOTE).to_dict()
    sme.mark()
    stage.messenger.from_person(sme.user, sme.chat_id, {"text": text, "entities": [link]}, None)
    await stage.settles()
    sme.sees(f"« Voyez le devis ({QUOTE}) ? »")
    await sme.taps("Oui, transmettre")
    facilitator = stage.member(stage.messenger.facilitators)
    assert QUOTE in card(facilitator)["text"]
