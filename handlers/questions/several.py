"""A message that asks several things: each is answered in short, in one message."""

from collections.abc import Iterable
from dataclasses import dataclass

from handlers.core.buttons import (
    HandOver,
    ListProjects,
    ShowEntry,
    ShowProject,
    person_button,
    with_person,
)
from handlers.core.keyboards import Button, button, column
from handlers.core.turn import Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue, language
from handlers.questions import found_projects
from handlers.questions.action_buttons import action_button
from handlers.questions.answer import remember
from handlers.questions.verdicts import ENTRY, PlaceVerdict, asked_in, verdicts_on
from knowledge.matcher.matcher import Decision, Outcome, Part
from knowledge.model import Act, Entry, Project

TEXT, TOWNS = Catalogue.of("questions"), Catalogue.of("towns")
_MOST_PARTS = 3
# With the one to a person, four under the message.
_MOST_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """What one part of a message gets; without a title, nothing answers it.

    ``reply`` is Telegram HTML; ``entry`` is where it comes from, if from an entry; ``shown`` are
    the ids that are recorded.
    """

    text: str
    title: str = ""
    reply: str = ""
    entry: Entry | None = None
    shown: tuple[str, ...] = ()
    ways_on: tuple[Button, ...] = ()


async def show(turn: Turn, decision: Decision) -> None:
    """Answer each part under its title; record what none answers with its own words."""
    parts = [await _answered(turn, part) for part in decision.parts[:_MOST_PARTS]]
    shown = tuple(each for part in parts for each in part.shown)
    # After those of its parts: the last question of a person is the message that they typed.
    await remember(turn, turn.text, Outcome.SEVERAL, shown)
    _say(turn, parts)


async def show_beside(turn: Turn, parts: Iterable[Part]) -> None:
    """Answer the surely answered ones of these parts, beside what the rest of the text asks for."""
    answered = [found for part in parts if (found := _surely_answered(turn, part)) is not None]
    if answered:
        _say(turn, answered)


def _say(turn: Turn, parts: list[Answered]) -> None:
    text = TEXT(
        "several",
        parts=parts,
        sources=_sources(parts),
        verified_on=min((part.entry.verified_on for part in parts if part.entry), default=None),
        today=turn.services.today(),
        offered=handoff.is_offered(turn),
        team=None if all(part.title for part in parts) else turn.services.identity,
    )
    turn.say(text, with_person(column(_ways_on(parts))))


def _sources(parts: Iterable[Answered]) -> list[str]:
    return list(dict.fromkeys(part.entry.source for part in parts if part.entry))


def _ways_on(parts: Iterable[Answered]) -> list[Button]:
    """Return the buttons of the parts, each once; a person's comes beside them."""
    person = person_button()["callback_data"]
    ways = {each["callback_data"]: each for part in parts for each in part.ways_on}
    return [way for data, way in ways.items() if data != person][:_MOST_BUTTONS]


async def _answered(turn: Turn, part: Part) -> Answered:
    return _surely_answered(turn, part) or await _left_open(turn, part)


def _surely_answered(turn: Turn, part: Part) -> Answered | None:
    if towns := asked_in(turn, part.text, part.decision):
        return _by_verdicts(turn, part, verdicts_on(towns, turn.services.town_list))
    knowledge, decision = turn.services.knowledge, part.decision
    shown = decision.shown[0] if decision.shown else ""
    if decision.outcome in (Outcome.ANSWER, Outcome.REFERRAL) and (entry := knowledge.entry(shown)):
        return _by_entry(part, entry)
    if decision.outcome is Outcome.ACT and (act := knowledge.act(shown)):
        return _by_act(part, act)
    projects = found_projects.open_among(turn, decision.projects)
    if decision.outcome is Outcome.PROJECTS and projects:
        return _by_projects(part, projects)
    return None


def _by_verdicts(turn: Turn, part: Part, verdicts: list[PlaceVerdict]) -> Answered:
    said = TOWNS("verdict", verdicts=verdicts, next="", dated="", has_projects=False)
    title = ", ".join(verdict.name for verdict in verdicts)
    shown = (ENTRY,) if turn.services.knowledge.entry(ENTRY) else ()
    return Answered(part.text, title, said, None, shown)


def _by_entry(part: Part, entry: Entry) -> Answered:
    said = entry.said_in(language())
    way_on = button(said.title, ShowEntry(entry.id))
    return Answered(part.text, said.title, said.answer, entry, (entry.id,), (way_on,))


def _by_act(part: Part, act: Act) -> Answered:
    said = act.said_in(language())
    way_on = action_button(act.action)
    title = said.title or part.text
    return Answered(part.text, title, said.reply, None, (act.id,), (way_on,) if way_on else ())


def _by_projects(part: Part, projects: list[Project]) -> Answered:
    ways_on = button(TEXT.label("action_projects"), ListProjects())
    if len(projects) == 1:
        ways_on = button(projects[0].title, ShowProject(projects[0].id))
    title = TEXT.label("several_projects", count=len(projects))
    titles = TEXT("several_titles", titles=[project.title for project in projects])
    shown = tuple(found_projects.shown_as(project.id) for project in projects)
    return Answered(part.text, title, titles, None, shown, (ways_on,))


async def _left_open(turn: Turn, part: Part) -> Answered:
    """Store a part without a sure answer as a question of its own, that the team may answer."""
    person = await turn.person()
    question_id = await turn.work.questions.record(
        # Only one question is stored for an update: this one is beside the whole message.
        None,
        person.id,
        part.text,
        Outcome.NONE.value,
        part.decision.shown,
        turn.services.question_limits,
    )
    if not handoff.is_offered(turn):
        return Answered(part.text)
    label = TEXT.label("hand_over_part", part=part.text)
    return Answered(part.text, ways_on=(button(label, HandOver(question_id)),))
