"""Telling another language from French, even from French with English words in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dialogue import Speaker
from hypothesis import given
from hypothesis import strategies as st

import knowledge
from knowledge.text.language_id import is_foreign, languages
from knowledge.text.normalise import normalise

FOLDER = Path(knowledge.__file__).parent


def voices() -> list[dict[str, Any]]:
    raw = yaml.safe_load((FOLDER / "formulations.yaml").read_text("utf-8"))
    found: list[dict[str, Any]] = raw["voix"]
    return found


def said_by(voice: dict[str, Any]) -> Iterator[str]:
    for phrasings in voice["formulations"].values():
        yield from phrasings
    yield from voice.get("hors_sujet", ())


# One voice is a Briton's, who writes in English or in both languages at once.
BRITON = [voice for voice in voices() if "britannique" in voice["nom"]]
FRENCH = [voice for voice in voices() if voice not in BRITON]


def foreign(text: str) -> bool:
    return is_foreign(normalise(text))


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
    "text",
    [
        "What is the programme and how can I join it?",
        "is there any money for my project?",
        "who are you?",
        "Everybody's terribly enthusiastic until I ask who's paying.",
        "Wie kann ich an dem Projekt teilnehmen?",
        "¿Cómo puedo participar en el proyecto?",
        "Come posso partecipare al progetto?",
        "Como posso participar no projeto?",
        "ما هي أراضي الصناعة؟",
        "какие проекты открыты",
        "什么项目",
    ],
)
def test_another_language_is_told(text: str) -> None:
    assert foreign(text)


def test_most_of_what_the_briton_writes_in_english_is_told() -> None:
    asked = [text for voice in BRITON for text in said_by(voice)]
    in_english = [text for text in asked if not set(normalise(text).split()) & languages().french]
    told = [text for text in in_english if foreign(text)]
    assert len(in_english) > 80
    assert len(told) > 0.8 * len(in_english)


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert foreign(text) in {True, False}


async def test_a_question_in_english_is_answered_with_a_remark(sme: Speaker) -> None:
    await sme.says("Do you provide funding for projects?")
    remark, answer = sme.new
    assert "Je ne réponds qu'en français" in remark["text"]
    assert "I can only answer in French" in remark["text"]
    assert "financement" in answer["text"].lower()


async def test_out_of_scope_in_english_stays_an_honest_no(sme: Speaker) -> None:
    await sme.says("Who won the rugby on Saturday, was it Toulon or Bath?")
    sme.sees("I can only answer in French", "Je n'ai pas de réponse à cette question")


async def test_a_question_in_french_has_no_remark(sme: Speaker) -> None:
    await sme.says("avez-vous un business plan et du feedback à montrer ?")
    assert "en français" not in sme.text
