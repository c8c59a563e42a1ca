"""Telling another language from French, even from French with English words in it."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dialogue import Speaker
from hypothesis import given
from hypothesis import strategies as st
from yaml_files import data_of

import knowledge
from knowledge.text.language_id import language_in, language_of, languages
from knowledge.text.normalise import normalise

FOLDER = Path(knowledge.__file__).parent


@functools.cache
def voices() -> list[dict[str, Any]]:
    raw = data_of((FOLDER / "formulations.yaml").read_text("utf-8"))
    found: list[dict[str, Any]] = raw["voix"]
    return found


def said_by(voice: dict[str, Any]) -> Iterator[str]:
    for phrasings in voice["formulations"].values():
        yield from phrasings
    yield from voice.get("hors_sujet", ())


# These write in English, or in both languages at once.
ENGLISH = ("anglais", "britannique", "british")
BRITON = [voice for voice in voices() if any(word in voice["nom"].lower() for word in ENGLISH)]
FRENCH = [voice for voice in voices() if voice not in BRITON]


def foreign(text: str) -> bool:
    return language_in(normalise(text)) != "fr"


def test_no_french_phrasing_is_taken_for_another_language() -> None:
    asked = [text for voice in FRENCH for text in said_by(voice)]
    assert len(asked) > 1000
    assert [text for text in asked if foreign(text)] == []


@given(st.lists(st.sampled_from([t for v in FRENCH for t in said_by(v)]), min_size=1, max_size=4))
def test_nor_are_several_in_one_message(texts: list[str]) -> None:
    assert not foreign(" ".join(texts))


@pytest.mark.parametrize(
    "text",
    [
        "comment on fait un business plan ?",
        "C'est quoi le business model de votre start-up ?",
        "on peut avoir un feedback du workshop ?",
        "le made in France, the place to be pour une PME ?",
        "do you speak français ? je cherche le chef de file du projet",
        "business plan",
        "made in France",
        "Territoires d'industrie ?",
        "Mon fils a un job chez Airbus, or il cherche un stage",
        "CNIM, ISO 9001, O2, 3 µm",
        "il fait quel temps, is the mistral coming, à votre avis ?",
    ],
)
def test_borrowed_words_do_not_make_a_question_foreign(text: str) -> None:
    assert not foreign(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What is the programme and how can I join it?", "en"),
        ("is there any money for my project?", "en"),
        ("who are you?", "en"),
        ("Everybody's terribly enthusiastic until I ask who's paying.", "en"),
        ("Can small firms take part?", "en"),
        ("Wie kann ich an dem Projekt teilnehmen?", "de"),
        ("¿Cómo puedo participar en el proyecto?", "es"),
        ("Quiero saber quién paga los proyectos", "es"),
        ("Come posso partecipare al progetto?", "it"),
        ("Chi paga il progetto della mia azienda?", "it"),
        ("Como posso participar no projeto?", "pt"),
        ("Quem pode participar e quanto custa para uma empresa pequena?", "pt"),
        ("Bu projeye nasıl katılabilirim, kim ödüyor?", "tr"),
        ("Jak mogę wziąć udział w projekcie?", "pl"),
        ("ما هي أراضي الصناعة؟", "ar"),
        ("какие проекты открыты", "ru"),
        ("什么项目", "zh"),
        ("ποιος πληρώνει τα έργα;", "other"),
    ],
)
def test_another_language_is_told(text: str, code: str) -> None:
    assert language_in(normalise(text)) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ok", None),
        ("test", None),
        ("contact", None),
        ("2", None),
        ("business plan", None),
        ("qui peut participer ?", "fr"),
        ("merci beaucoup", "fr"),
        ("how much does it cost?", "en"),
        ("in English please", "en"),
    ],
)
def test_what_may_be_any_language_is_told_from_what_is_surely_one(
    text: str, code: str | None
) -> None:
    assert language_of(normalise(text)) == code


def test_most_of_what_the_briton_writes_in_english_is_told() -> None:
    asked = [text for voice in BRITON for text in said_by(voice)]
    in_english = [text for text in asked if not set(normalise(text).split()) & languages().french]
    told = [text for text in in_english if foreign(text)]
    assert len(in_english) > 80
    assert len(told) > 0.8 * len(in_english)


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert foreign(text) in {True, False}


async def test_what_is_said_in_neither_language_gets_one_line_in_its_own(sme: Speaker) -> None:
    await sme.says("¿Quién financia los proyectos y cómo puedo participar en el programa?")
    (answer,) = sme.new
    first, _, rest = answer["text"].partition("\n\n")
    assert "He leído su pregunta" in first
    assert "vous" in rest
    await sme.says("qui peut participer ?")
    assert "He leído" not in sme.text


async def test_a_question_in_french_has_no_remark(sme: Speaker) -> None:
    await sme.says("avez-vous un business plan et du feedback à montrer ?")
    assert "en français" not in sme.text


@pytest.mark.parametrize("typed", ["usinage", "projets", "Formation soudure", "mes demandes"])
def test_a_lone_word_of_the_workshop_is_french(typed: str) -> None:
    assert language_of(normalise(typed)) == "fr"
