"""Towns: whether a commune is in a Territoire d'industrie, by the list, and what comes next."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListProjects, Propose, ShowEntry, with_person
from handlers.core.callback_data import SEPARATOR, CallbackData, SearchWords
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue, language
from handlers.projects import browse
from handlers.questions import answer, ask
from handlers.questions.verdicts import ENTRY, PlaceVerdict, as_a_name, asked_in, of, verdicts_on
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.territories.asked import Asked
from knowledge.territories.mentions import communes_of
from knowledge.territories.names import key_of
from knowledge.territories.towns import Town
from knowledge.text.normalise import normalise
from storage.records.contexts import Option

TEXT, WORDS = Catalogue.of("towns"), Catalogue.of("typed_words")
# With the button to a person, what a phone shows without scrolling.
_MOST_CHOICES = 4
_MOST_BUTTONS = 3
_FEW_WORDS = 9
# What fits in callback data (SearchWords).
_LONGEST_SHARED = 30


@dataclass(frozen=True)
class ShowTown(CallbackData, prefix="tw"):
    """The verdict on one commune, chosen among those of a name or of a postal code."""

    insee: Annotated[str, "[0-9][0-9AB][0-9]{3}"]


@dataclass(frozen=True)
class OtherTowns(CallbackData, prefix="to"):
    """The communes of a name, where the one nearby was taken to be meant."""

    name: SearchWords


async def show_verdict(turn: Turn) -> bool:
    """Say of each town that the text asks about whether it is in; False if it asks about none."""
    decision = ask.decide(turn.services, turn.text, await turn.topic_before())
    found = asked_in(turn, turn.text, decision)
    if found is None:
        return False
    await _show(turn, found, decision)
    return True


async def show_again(turn: Turn) -> bool:
    """Give the verdict again that answered the last question; False where it was none."""
    previous = await turn.work.questions.latest((await turn.person()).id)
    if previous is None or ENTRY not in previous.shown:
        return False
    decision = ask.decide(turn.services, previous.text)
    found = asked_in(turn, previous.text, decision)
    if found is None:
        return False
    await _show(turn, found, decision)
    return True


async def choose_by_department(turn: Turn) -> bool:
    """Choose the commune by its department, just after asking which one of a name is meant."""
    before = await turn.shown_before()
    wanted = _department_in(turn.text)
    if before is None or wanted is None or not _asks_which(before.options):
        return False
    previous = await turn.work.questions.latest((await turn.person()).id)
    if previous is None:
        return False
    found = asked_in(turn, previous.text, ask.decide(turn.services, previous.text))
    communes = found.mentions[0].towns if found and found.mentions else ()
    meant = [each for each in communes if each.department == wanted]
    if len(meant) != 1:
        return False
    turn.is_about(ENTRY if turn.services.knowledge.entry(ENTRY) else "")
    _say(turn, [of(meant, meant[0].name)], ())
    return True


def _asks_which(options: Iterable[Option]) -> bool:
    return any(each.data.startswith(f"{ShowTown.PREFIX}{SEPARATOR}") for each in options)


def _department_in(text: str) -> str | None:
    """Return the number of the one department that a short text names, or whose number it holds."""
    words = normalise(text).split()
    if len(words) > _FEW_WORDS:
        return None
    typed, names = f" {' '.join(words)} ", _departments()
    named = [number for name, number in names.items() if f" {name} " in typed]
    numbers = [word[:3] if word[:2] in {"97", "98"} else word[:2].upper() for word in words]
    codes = [each for each in numbers if each in names.values() and each[0].isdigit()]
    # The longest name counts: "Seine-Saint-Denis" holds no other one, "Haute-Savoie" does.
    return named[-1] if named else codes[0] if len(set(codes)) == 1 else None


@functools.cache
def _departments() -> Mapping[str, str]:
    """Return the numbers of the departments by their names, the shortest first."""
    pairs = [each.strip().partition(" ") for each in WORDS.label("departments").split(";")]
    named = ((normalise(name), number) for number, _, name in pairs)
    return dict(sorted(named, key=lambda pair: len(pair[0])))


async def _show(turn: Turn, found: Asked, decision: Decision) -> None:
    has_entry = turn.services.knowledge.entry(ENTRY) is not None
    await answer.remember(turn, turn.text, Outcome.ANSWER, (ENTRY,) if has_entry else ())
    turn.is_about(ENTRY if has_entry else "")
    towns = turn.services.town_list
    verdicts = verdicts_on(found, towns)
    if len(verdicts) == 1 and verdicts[0].kind == "which":
        _ask_which(turn, verdicts[0].name, found.mentions[0].towns)
    else:
        _say(turn, verdicts, _also_asked(turn, decision))


def _also_asked(turn: Turn, decision: Decision) -> list[Button]:
    """Return the button to what else the message surely asks."""
    shown = decision.shown if decision.outcome in (Outcome.ANSWER, Outcome.REFERRAL) else ()
    entries = (turn.services.knowledge.entry(each) for each in shown[:1] if each != ENTRY)
    return [
        button(entry.said_in(language()).title, ShowEntry(entry.id)) for entry in entries if entry
    ]


def _say(
    turn: Turn, verdicts: Sequence[PlaceVerdict], also: Sequence[Button], *, in_place: bool = False
) -> None:
    text = TEXT(
        "verdict",
        verdicts=verdicts,
        next=_next(turn, verdicts),
        dated=_dated(turn),
        has_projects=turn.services.has_projects,
    )
    buttons = [*also, *_ways_on(turn, verdicts)][:_MOST_BUTTONS]
    (turn.rewrite if in_place else turn.say)(text, with_person(column(buttons)))


def _next(turn: Turn, verdicts: Sequence[PlaceVerdict]) -> str:
    """Return what to say of the next step: for the best of several verdicts."""
    # A commune of another department may be in a territory of ours: Pertuis is.
    ours = turn.services.town_list.towns.local_territories
    ids = {each.town.territory.id for each in verdicts if each.town and each.town.territory}
    kinds = {verdict.kind for verdict in verdicts}
    if "named" in kinds or ids & ours:
        return "here"
    return "elsewhere" if ids else "none" if "out" in kinds else "person"


def _ways_on(turn: Turn, verdicts: Sequence[PlaceVerdict]) -> Iterator[Button]:
    shared = next((verdict.shared for verdict in verdicts if verdict.shared), "")
    if shared.isascii() and 0 < len(shared) <= _LONGEST_SHARED:
        yield button(TEXT.label("other_town"), OtherTowns(shared))
    yield _projects(turn, verdicts)
    yield button(TEXT.label("propose"), Propose())


def _projects(turn: Turn, verdicts: Sequence[PlaceVerdict]) -> Button:
    """Return the button to the open projects of the first town that has some, or to all."""
    census, today = turn.services.knowledge.census, turn.services.today()
    places = {key_of(place): place for place in census.territories(today)}
    for verdict in verdicts:
        name = verdict.town.name if verdict.town else verdict.name
        if place := places.get(key_of(name)):
            label = TEXT.label("projects_here", name=place)
            return button(label, ListProjects(territory=browse.key_of(place)))
    return button(TEXT.label("projects"), ListProjects())


def _dated(turn: Turn) -> str:
    """Return the line that tells which list was read; empty without one."""
    towns = turn.services.town_list
    if not towns:
        return ""
    if towns.is_example:
        return TEXT.label("dated_example")
    if towns.listed_on:
        return TEXT.label("dated_listed", day=towns.listed_on, imported=towns.imported_on)
    name = "dated_imported" if towns.imported_on else "dated_not"
    return TEXT.label(name, imported=towns.imported_on)


def _ask_which(turn: Turn, name: str, towns: Sequence[Town], *, in_place: bool = False) -> None:
    """Ask once which of several communes is meant; those nearby come first."""
    ordered = sorted(towns, key=lambda town: (not town.is_local, town.insee))
    shown, rest = ordered[:_MOST_CHOICES], ordered[_MOST_CHOICES:]
    example = f"{(rest or shown)[0].name} {(rest or shown)[0].department}"
    text = TEXT("which", name=name, towns=shown, more=len(rest), example=example)
    keyboard = with_person(_choices(shown))
    (turn.rewrite if in_place else turn.say)(text, keyboard)


def _choices(towns: Sequence[Town]) -> Keyboard:
    return column(
        button(TEXT.label("option", number=number, town=town), ShowTown(town.insee))
        for number, town in enumerate(towns, 1)
    )


@requires(Authority.PERSON)
async def show_town(update: Update, context: BotContext) -> None:
    """Give the verdict on the commune that was chosen, in place of the choices."""
    turn = context.turn
    town = turn.services.town_list.towns.by_insee(ShowTown.of(update).insee)
    if town is None:
        turn.rewrite(TEXT("gone"), with_person())
        return
    turn.is_about(ENTRY if turn.services.knowledge.entry(ENTRY) else "")
    _say(turn, [of([town], town.name)], (), in_place=True)


@requires(Authority.PERSON)
async def show_others(update: Update, context: BotContext) -> None:
    """Ask which of the communes of a name is meant."""
    turn, name = context.turn, OtherTowns.of(update).name
    towns = communes_of(name, turn.services.town_list.towns)
    if towns:
        _ask_which(turn, as_a_name(name), towns, in_place=True)
    else:
        turn.rewrite(TEXT("gone"), with_person())


HANDLERS: tuple[Handler, ...] = (tap(ShowTown, show_town), tap(OtherTowns, show_others))
