"""Texts that go on with what was shown: a plain yes or no wanted, a part of several, a project.

What they mean is said by what stands above them; their own words alone would be another question.
"""

import re
from datetime import timedelta

from handlers.conversation import choosing, labels
from handlers.core import assent
from handlers.core.buttons import ListProjects, ShowProject
from handlers.core.callback_data import SEPARATOR
from handlers.core.turn import Turn
from handlers.forms import contacts
from handlers.general import start_and_help
from handlers.projects import browse
from handlers.projects.asked_about import About, asked_about, titled_in
from handlers.questions import again, answer, ask, found_projects, several, town
from handlers.questions.verdicts import ENTRY
from handlers.requests import interest, numbers
from knowledge.matcher.matcher import Outcome, Part
from knowledge.text.normalise import normalise
from storage.records.contexts import Context
from storage.records.questions import Question

# A message that asked several things is gone on with for this long.
_RECENT = timedelta(minutes=30)
_LONGEST = 9
_PART = re.compile(
    r"(?:(?:et|mais|ok|bon|alors|and|but|pour|sur|about|for|what|merci|oui) )*"
    r"(?:la|le|ma|the|my) (?P<which>\d{1,2}|premiere?|deuxieme|seconde?|troisieme|derniere?"
    r"|first|second|third|last)(?:e|er|ere|eme|ieme|nd|nde|rd|st|th)?\b"
)
_ORDER = {
    "premier": 1,
    "premiere": 1,
    "first": 1,
    "deuxieme": 2,
    "second": 2,
    "seconde": 2,
    "troisieme": 3,
    "third": 3,
    "dernier": -1,
    "derniere": -1,
    "last": -1,
}
_HIGHEST = 20
_MOST_FOUND = 3
_LONGEST_ASKING = 16
_FEWEST_CORRECTED = 2
_DENIAL = re.compile(
    r"(?:ah |mais |euh |oh )*(?:non|nan|pas (?:ca|cela|celui|celle)|(?:c|ce n)(?: est)? pas|ce pas"
    r"|je (?:ne )?(?:parle|voulais|veux) pas|no|not that|that s not|that is not)\b"
)
_BY_PHONE = re.compile(
    r"\b(?:telephone|tel|phone|numero|de vive voix|une voix|a voice|speak to"
    r"|(?:qui|who|whom) (?:je |j |j|on |do i |to |can i |should i )?(?:appel\w*|call|ring)"
    r"|(?:j ?|on |je |to |i )?(?:appelle\w*|appeler|call) (?:qui|who))\b"
)
_IN_WRITING = re.compile(
    r"\b(?:mail|e mail|email|courriel|adresse electronique|(?:prefere|veux|voudrais|peux|vais)"
    r"(?: vous)? ecrire|par ecrit|in writing|write to you)\b"
)


async def answer_the_rest(turn: Turn) -> bool:
    """Answer the other questions of a message that also holds a contact or a number of ours.

    It always leaves the text to the next readings: they take the contact, or show the number.
    """
    if not (contacts.holds(turn.text) or numbers.printed_in(turn.text)):
        return False
    decision = ask.decide(turn.services, turn.text, await turn.topic_before())
    if decision.outcome is Outcome.SEVERAL:
        await several.show_beside(turn, [each for each in decision.parts if _only_asks(each)])
    return False


def _only_asks(part: Part) -> bool:
    return not (contacts.holds(part.text) or numbers.printed_in(part.text))


async def repeat_verdict(turn: Turn) -> bool:
    """Say again what was answered to whoever wants a plain yes or no of it."""
    if not assent.asks_yes_or_no(turn.text):
        return False
    topic = await turn.topic_before()
    if topic == ENTRY and await town.show_again(turn):
        return True
    if turn.services.knowledge.entry(topic) is None and browse.in_sight(turn, topic) is None:
        return False
    question_id = await answer.remember(turn, turn.text, Outcome.ANSWER, (topic,))
    return await again.again(turn, question_id)


async def go_on_with_part(turn: Turn) -> bool:
    """Answer one of the questions of the last message again, by its place: "and the 3rd one?"."""
    found = _PART.match(normalise(turn.text))
    if found is None or len(turn.text.split()) > _LONGEST:
        return False
    previous = await turn.work.questions.latest((await turn.person()).id)
    if previous is None or not _asked_several(turn, previous):
        return False
    parts = ask.decide(turn.services, previous.text).parts
    which = _ORDER.get(found["which"]) or int(found["which"])
    if not 0 < (which if which > 0 else len(parts)) <= len(parts):
        return False
    name = _way_asked(turn.text)
    if name is not None:
        # "And the 3rd one, who do I call?": the answer, under whom to call.
        turn.begin_with(start_and_help.ways_in_words(turn))
    await ask.ask_part(turn, parts[which - 1 if which > 0 else -1])
    return True


def _asked_several(turn: Turn, question: Question) -> bool:
    is_recent = turn.work.now - question.asked_at <= _RECENT
    return is_recent and question.outcome == Outcome.SEVERAL.value


async def go_on_with_project(turn: Turn) -> bool:
    """Take what is asked about the project in sight, or that it names, or the wish to join it."""
    about = asked_about(turn.text)
    if about is None:
        return False
    topic = await turn.topic_before()
    named = titled_in(turn.text, turn.services.knowledge.projects)
    project = named or browse.in_sight(turn, topic)
    if project is None or (not named and _is_sure_otherwise(turn, topic, about)):
        return False
    shown = (f"{browse.PROJECT}{project.id}",)
    await answer.remember(turn, turn.text, Outcome.PROJECTS, shown)
    if about is About.JOINING:
        await interest.begin(turn, project.id)
    else:
        await browse.say_about(turn, project, about.value)
    return True


def _is_sure_otherwise(turn: Turn, topic: str, about: About) -> bool:
    """Tell whether the text surely asks something else, which the project does not answer."""
    if about in (About.JOINING, About.LEAD, About.PLACE):
        return False
    decision = ask.decide(turn.services, turn.text, topic)
    return decision.outcome in (Outcome.ANSWER, Outcome.SEVERAL) and not decision.follows


async def find_another_project(turn: Turn) -> bool:
    """Find the project that is wanted instead of what is in sight, on whatever page it stands.

    "Not that one, the one on containers": the words after the correction, or after "the one".
    """
    before = await turn.shown_before()
    last = choosing.last_said(turn.text)
    words = choosing.title_words(last)
    is_other = last != turn.text or choosing.points(turn.text)
    if before is None or not is_other or not words or not _shows_projects(before):
        return False
    result = turn.services.knowledge.census.search(" ".join(words), turn.services.today())
    wanted = result.projects[: result.complete]
    if not 0 < len(wanted) <= _MOST_FOUND:
        return False
    shown = tuple(f"{browse.PROJECT}{each.id}" for each in wanted)
    await answer.remember(turn, turn.text, Outcome.PROJECTS, shown)
    await found_projects.show(turn, [each.id for each in wanted])
    return True


def _shows_projects(before: Context) -> bool:
    is_card = (before.topic or "").startswith(browse.PROJECT)
    prefixes = {each.data.partition(SEPARATOR)[0] for each in before.options}
    return is_card or not prefixes.isdisjoint({ShowProject.PREFIX, ListProjects.PREFIX})


async def read_correction(turn: Turn) -> bool:
    """Read what comes after "it is not that" by itself, where it is surely known."""
    last = choosing.last_said(turn.text)
    if last == turn.text or not _DENIAL.match(normalise(turn.text)):
        return False
    if len(normalise(last).split()) < _FEWEST_CORRECTED:
        return False
    decision = ask.decide(turn.services, last)
    if decision.outcome in (Outcome.CHOICES, Outcome.NONE, Outcome.SEVERAL):
        return False
    await ask.ask_part(turn, Part(last, decision))
    return True


async def say_how_to_reach(turn: Turn) -> bool:
    """Give the team's address or number to whoever asks for it, where nothing else answers."""
    if (name := _way_asked(turn.text)) is None:
        return False
    decision = ask.decide(turn.services, turn.text, await turn.topic_before())
    if decision.outcome not in (Outcome.CHOICES, Outcome.NONE):
        return False
    await answer.remember(turn, turn.text, Outcome.ACT, ())
    start_and_help.introduce_team(turn, name=name)
    return True


def _way_asked(text: str) -> str | None:
    typed = normalise(text)
    if len(typed.split()) > _LONGEST_ASKING:
        return None
    # Who would rather write often says why not by telephone.
    if _IN_WRITING.search(typed):
        return "human"
    return "phone" if _BY_PHONE.search(typed) else None


async def meet_number(turn: Turn) -> bool:
    """Meet a number where no list is in sight: the card again, or the way to the lists."""
    typed = normalise(turn.text)
    if not typed.isdecimal() or not 0 < int(typed) <= _HIGHEST:
        return False
    before = await turn.shown_before()
    if before is not None and choosing.counted(before.options):
        return False
    project = browse.in_sight(turn, await turn.topic_before())
    if project is not None:
        await browse.show(turn, project.id)
    else:
        await labels.say_no_list(turn)
    return True
