"""A message that asks several things: each is answered in short, in one message."""

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.core.buttons import HandOver, ListProjects, ShowEntry, ShowProject, with_person
from handlers.core.keyboards import Button, button, column
from handlers.core.turn import Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue
from handlers.questions import acts, found_projects
from handlers.questions.answer import remember
from knowledge.matcher.matcher import Decision, Outcome, Part
from knowledge.model import Act, Entry, Project

TEXT = Catalogue.of("questions")
_MOST_PARTS = 3
# With the one to a person, four under the message.
_MOST_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """One part of a message and what it gets: an entry, an act, projects, or nothing sure.

    ``question_id`` is the row of a part that has no sure answer: its words may be handed over.
    """

    text: str
    entry: Entry | None = None
    act: Act | None = None
    projects: tuple[Project, ...] = ()
    question_id: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nothing answers it."""
        return not (self.entry or self.act or self.projects)


async def show(turn: Turn, decision: Decision) -> None:
    """Answer each part under its title; record what none answers with its own words."""
    parts = [await _answered(turn, part) for part in decision.parts[:_MOST_PARTS]]
    await remember(turn, turn.text, Outcome.SEVERAL, _shown(parts))
    sources = dict.fromkeys(part.entry.source for part in parts if part.entry)
    buttons = list(
        {each["callback_data"]: each for part in parts for each in _ways_on(turn, part)}.values()
    )
    text = TEXT("several", parts=parts, sources=list(sources), offered=handoff.is_offered(turn))
    turn.say(text, with_person(column(buttons[:_MOST_BUTTONS])))


async def _answered(turn: Turn, part: Part) -> Answered:
    decision, knowledge = part.decision, turn.services.knowledge
    shown = decision.shown[0] if decision.shown else ""
    if decision.outcome in (Outcome.ANSWER, Outcome.REFERRAL) and (entry := knowledge.entry(shown)):
        return Answered(part.text, entry=entry)
    if decision.outcome is Outcome.ACT and (act := knowledge.act(shown)):
        return Answered(part.text, act=act)
    projects = found_projects.open_among(turn, decision.projects)
    if decision.outcome is Outcome.PROJECTS and projects:
        return Answered(part.text, projects=tuple(projects))
    return Answered(part.text, question_id=await _remember_open(turn, part))


async def _remember_open(turn: Turn, part: Part) -> int:
    """Store a part without a sure answer as a question of its own, that the team may answer."""
    person = await turn.person()
    return await turn.work.questions.record(
        # Only one question is stored for an update: this one is beside the whole message.
        None,
        person.id,
        part.text,
        Outcome.NONE.value,
        part.decision.shown,
        turn.services.question_limits,
    )


def _shown(parts: list[Answered]) -> tuple[str, ...]:
    ids = (part.entry.id if part.entry else part.act.id if part.act else "" for part in parts)
    return tuple(filter(None, ids))


def _ways_on(turn: Turn, part: Answered) -> Iterator[Button]:
    """Yield the button of a part: its act, its project, the whole answer, or handing it over."""
    if part.act:
        yield from filter(None, [acts.action_button(part.act.action)])
    elif part.projects[1:]:
        yield button(TEXT.label("action_projects"), ListProjects())
    elif part.projects:
        yield button(part.projects[0].title, ShowProject(part.projects[0].id))
    elif part.entry:
        yield button(part.entry.title, ShowEntry(part.entry.id))
    elif handoff.is_offered(turn):
        yield button(TEXT.label("hand_over_part", part=part.text), HandOver(part.question_id))
