"""How an answer is shown: few words first with few buttons, the rest behind one of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select

from handlers.core.buttons import AskHuman, ShowEntry, ShowProject
from handlers.core.keyboards import Keyboard
from handlers.core.turn import Turn
from handlers.messages import LANGUAGES, speaking
from handlers.questions import answer
from handlers.questions.action_buttons import action_button
from handlers.questions.answer import MOST_BUTTONS, ReadOn, Vote
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.model import Action, Entry, Project
from knowledge.start_links import link_to
from storage.engine.schema import questions

TODAY = date(2026, 11, 23)
MOST_WORDS = 90
QUESTION_ID = 7


@dataclass
class Screen:
    """A turn that keeps what was shown last."""

    services: Any
    text: str = ""
    rows: list[list[dict[str, str]]] = field(default_factory=list)

    def say(self, text: str, keyboard: Keyboard) -> None:
        self.text, self.rows = text, keyboard["inline_keyboard"]

    rewrite = say

    def is_about(self, topic: str) -> None:
        """Keep no topic: what follows is not shown here."""

    @property
    def ways(self) -> list[str]:
        """The callback data below the vote."""
        assert [each["callback_data"].partition(":")[0] for each in self.rows[0]] == ["v", "v"]
        ways = [each for row in self.rows[1:] for each in row]
        return [each["callback_data"] for each in ways if "callback_data" in each]


def show(knowledge: Knowledge, entry: Entry, projects: Iterable[Project] = ()) -> Screen:
    """Show the first words of an answer."""
    link = partial(link_to, "ti_bot")
    services = SimpleNamespace(knowledge=knowledge, today=lambda: TODAY, link_to=link)
    screen = Screen(services)
    answer.show(cast(Turn, screen), entry, QUESTION_ID, projects)
    return screen


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_every_answer_fits_a_phone(shipped: Knowledge, language: str, count: int) -> None:
    projects = [each for each in shipped.projects if each.open_on(TODAY)][:count]
    assert len(projects) == count
    for entry in shipped.entries:
        with speaking(language):
            screen = show(shipped, entry, projects)
        assert len(plain(screen.text).split()) <= MOST_WORDS, screen.text
        assert 2 <= len(screen.ways) <= MOST_BUTTONS, entry.id
        assert screen.ways.count(AskHuman().pack()) == 1, entry.id
        *ways, last = screen.rows[1:]
        assert all(len(row) == 1 for row in ways)
        assert f"start%3Dq_{entry.id}_s" in last[0]["url"]
        assert len(last) <= 2
        cards = [data for data in screen.ways if data.startswith("p:")]
        assert cards == [ShowProject(each.id).pack() for each in projects[: len(cards)]]
        assert bool(cards) == bool(projects)


def test_what_acts_comes_first_and_a_person_last(shipped: Knowledge) -> None:
    entry = shipped.entries[0]
    for action in (Action.PROJECTS, Action.PROPOSE):
        ways = show(shipped, replace(entry, action=action)).ways
        assert ways[0] == action_button(action)["callback_data"]  # type: ignore[index]
        assert ways[1] == ReadOn(QUESTION_ID, entry.id).pack()
        assert ways[-1] == AskHuman().pack()
    ways = show(shipped, replace(entry, action=Action.CONTACT)).ways
    assert ways[0] == AskHuman().pack()
    assert show(shipped, replace(entry, action=None)).ways[-1] == AskHuman().pack()


def test_what_does_not_fit_is_behind_one_button(shipped: Knowledge) -> None:
    others = tuple(each.id for each in shipped.entries[1:8])
    short = replace(shipped.entries[0], rest="", action=Action.PROJECTS)
    assert (
        ReadOn(QUESTION_ID, short.id).pack() in show(shipped, replace(short, see_also=others)).ways
    )
    fitting = show(shipped, replace(short, see_also=others[:2])).ways
    assert fitting[1:-1] == [ShowEntry(each).pack() for each in others[:2]]


def test_a_vanished_related_answer_is_left_out(shipped: Knowledge) -> None:
    entry = replace(shipped.entries[0], see_also=("disparue",))
    assert not any(data.startswith("e:") for data in show(shipped, entry).ways)


async def test_the_rest_is_shown_in_place_with_the_vote_still_to_give(
    sme: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(entry.question)
    count = len(sme.messages())
    assert plain(entry.rest)[:40] not in sme.text
    await sme.taps("En savoir plus")
    assert len(sme.messages()) == count
    sme.sees(plain(entry.answer).split("\n")[0], plain(entry.rest).split("\n")[0], "À lire aussi")
    assert "En savoir plus" not in sme.labels
    # With the votes, and the button that shares.
    assert len(sme.labels) <= MOST_BUTTONS + 3
    await sme.taps("Oui, elle m'aide")
    sme.sees("oui, elle m'aide. Merci", plain(entry.rest).split("\n")[0])
    assert await stage.rows(select(questions.c.helpful)) == [(True,)]


async def test_after_a_vote_the_rest_asks_for_no_other(sme: Speaker, stage: Stage) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(entry.question)
    await sme.taps("Oui, elle m'aide")
    await sme.taps("En savoir plus")
    sme.sees(plain(entry.rest).split("\n")[0])
    assert "vous aide-t-elle" not in sme.text
    assert "Oui, elle m'aide" not in sme.labels


async def test_every_title_that_an_answer_names_is_answered_when_typed(
    sme: Speaker, stage: Stage
) -> None:
    named = {
        (entry.id, title)
        for entry in stage.knowledge.entries
        for title in re.findall(
            "« ([^»]+) »", f"{entry.answer} {entry.rest}".replace("\u00a0", " ")
        )
    }
    titles = {entry.title for entry in stage.knowledge.entries}
    chosen = {title for _, title in named} & titles
    assert len(chosen) >= 4
    for title in chosen:
        await sme.says(title)
        sme.sees(f"{title}\n")


def test_the_text_tells_of_the_projects_that_are_under_it(shipped: Knowledge) -> None:
    project, other = [each for each in shipped.projects if each.open_on(TODAY)][:2]
    entry = replace(shipped.entries[0], rest="", see_also=())
    assert "Un projet ouvert en parle" in show(shipped, entry, [project]).text
    assert "Des projets ouverts en parlent" in show(shipped, entry, [project, other]).text
    assert "projet ouvert" not in show(shipped, replace(entry, answer="Oui.")).text


async def test_the_rest_is_shown_to_whoever_types_the_label(sme: Speaker, stage: Stage) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(entry.question)
    await sme.says("en savoir plus")
    sme.sees(plain(entry.rest).split("\n")[0])


async def test_the_rest_of_a_vanished_answer_is_said_to_be_gone(sme: Speaker) -> None:
    await sme.says("/start")
    await sme.taps_data(sme.messages()[-1]["message_id"], "w:0:disparue")
    sme.sees("Cette réponse n'existe plus")
    assert "Parler à une personne" in sme.labels


async def test_whoever_writes_in_english_reads_the_english_of_an_answer(
    sme: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[0]
    assert entry.en is not None
    await sme.says("What is Territoires d'industrie?")
    sme.sees(entry.en.title, plain(entry.en.answer).split("\n")[0], "Source: ")
    await sme.taps("Learn more")
    sme.sees(plain(entry.en.rest).split("\n")[0], "Read also")
    assert entry.title not in sme.text


def test_an_entry_without_english_is_said_in_french(shipped: Knowledge) -> None:
    entry = replace(shipped.entries[0], en=None)
    assert entry.said_in("en") == entry.said_in("fr")
    assert entry.said_in("en").answer == entry.answer


def test_the_vote_keeps_the_buttons_of_older_messages() -> None:
    assert Vote.unpack("v:7:presentation:1") == Vote(7, "presentation", helpful=True)
