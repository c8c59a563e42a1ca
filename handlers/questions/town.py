"""Towns: whether a commune is in a Territoire d'industrie, by the list, and what comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListProjects, Propose, ShowEntry, with_person
from handlers.core.callback_data import CallbackData, SearchWords
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.projects import browse
from handlers.questions import answer, ask
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.territories.asked import Asked, Otherwise, asked
from knowledge.territories.mentions import Mention, communes_of
from knowledge.territories.names import key_of
from knowledge.territories.town_list import TownList, round_table
from knowledge.territories.towns import Town

TEXT = Catalogue.of("towns")
# The entry on the area covered: a verdict is counted as its answer.
ENTRY = "territoire"
# With the button to a person, what a phone shows without scrolling.
_MOST_CHOICES = 4
_MOST_BUTTONS = 3
# What fits in callback data (SearchWords).
_LONGEST_SHARED = 30
_SURE = frozenset(
    {Outcome.ANSWER, Outcome.REFERRAL, Outcome.ACT, Outcome.PROJECTS, Outcome.SEVERAL}
)


@dataclass(frozen=True)
class ShowTown(CallbackData, prefix="tw"):
    """The verdict on one commune, chosen among those of a name or of a postal code."""

    insee: Annotated[str, "[0-9][0-9AB][0-9]{3}"]


@dataclass(frozen=True)
class OtherTowns(CallbackData, prefix="to"):
    """The communes of a name, where the one nearby was taken to be meant."""

    name: SearchWords


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one name: ``kind`` chooses the words, ``count`` is of its communes."""

    kind: str
    name: str
    town: Town | None = None
    count: int = 1
    # The name as it was typed, where other communes bear it too; empty otherwise.
    shared: str = ""

    @property
    def territory(self) -> str:
        """The name of the commune's territory."""
        return self.town.territory.name if self.town and self.town.territory else ""


async def show_verdict(turn: Turn) -> bool:
    """Say of each town that the text asks about whether it is in; False if it asks about none."""
    decision = ask.decide(turn.services, turn.text, await turn.topic_before())
    found = _asked(turn, decision)
    if found is None:
        return False
    has_entry = turn.services.knowledge.entry(ENTRY) is not None
    await answer.remember(turn, turn.text, Outcome.ANSWER, (ENTRY,) if has_entry else ())
    turn.is_about(ENTRY if has_entry else "")
    towns = turn.services.town_list
    verdicts = [_verdict(mention, towns) for mention in found.mentions]
    if found.unknown:
        verdicts = [Verdict("unknown" if towns else "not_named", _as_a_name(found.unknown))]
    if len(verdicts) == 1 and verdicts[0].kind == "which":
        _ask_which(turn, verdicts[0].name, found.mentions[0].towns)
    else:
        _say(turn, verdicts, _also_asked(turn, decision))
    return True


def _asked(turn: Turn, decision: Decision) -> Asked | None:
    if not decision.has_words:
        return None
    towns = turn.services.town_list.towns if turn.services.town_list else round_table()
    is_sure = decision.outcome in _SURE and not decision.likely
    first = "".join(decision.shown[:1])
    is_ours = decision.outcome is Outcome.ANSWER and first == ENTRY
    # A follow-up is understood by what came before it, which its own words do not say.
    is_other = is_sure and not is_ours and not decision.follows
    return asked(turn.text, towns, Otherwise(is_ours, is_other, ask.is_exact(decision)))


def _verdict(mention: Mention, towns: TownList) -> Verdict:
    name = mention.written if mention.is_code else _name_of(mention)
    if not towns:
        named = mention.towns[0].name if mention.towns else name
        return Verdict("named" if mention.towns else "not_named", named)
    if not mention.towns:
        return Verdict("unknown", name)
    local = [town for town in mention.towns if town.is_local]
    if len({town.territory for town in mention.towns}) == 1:
        return _of(mention.towns, name)
    if len(local) == 1 and not mention.is_code:
        return _of(local, name, shared=mention.written)
    return Verdict("which", name, count=len(mention.towns))


def _of(towns: Sequence[Town], name: str, *, shared: str = "") -> Verdict:
    town, count = towns[0], len(towns)
    shown = name if count > 1 else f"{town.name} ({town.department})"
    return Verdict("in" if town.territory else "out", shown, town, count, shared)


def _name_of(mention: Mention) -> str:
    """Return the name as the communes bear it; as it was typed, where they do not."""
    borne = (town.name for town in mention.towns if key_of(town.name) == mention.written)
    return next(borne, _as_a_name(mention.written))


def _as_a_name(written: str) -> str:
    """Return what was typed, by its words alone, as a name is written."""
    return " ".join(word.capitalize() for word in written.split())


def _also_asked(turn: Turn, decision: Decision) -> list[Button]:
    """Return the button to what else the message surely asks."""
    shown = decision.shown if decision.outcome in (Outcome.ANSWER, Outcome.REFERRAL) else ()
    entries = (turn.services.knowledge.entry(each) for each in shown[:1] if each != ENTRY)
    return [button(entry.title, ShowEntry(entry.id)) for entry in entries if entry]


def _say(
    turn: Turn, verdicts: Sequence[Verdict], also: Sequence[Button], *, in_place: bool = False
) -> None:
    text = TEXT("verdict", verdicts=verdicts, next=_next(turn, verdicts), dated=_dated(turn))
    buttons = [*also, *_ways_on(turn, verdicts)][:_MOST_BUTTONS]
    (turn.rewrite if in_place else turn.say)(text, with_person(column(buttons)))


def _next(turn: Turn, verdicts: Sequence[Verdict]) -> str:
    """Return what to say of the next step: for the best of several verdicts."""
    # A commune of another department may be in a territory of ours: Pertuis is.
    ours = turn.services.town_list.towns.local_territories
    ids = {each.town.territory.id for each in verdicts if each.town and each.town.territory}
    kinds = {verdict.kind for verdict in verdicts}
    if "named" in kinds or ids & ours:
        return "here"
    return "elsewhere" if ids else "none" if "out" in kinds else "person"


def _ways_on(turn: Turn, verdicts: Sequence[Verdict]) -> Iterator[Button]:
    shared = next((verdict.shared for verdict in verdicts if verdict.shared), "")
    if shared.isascii() and 0 < len(shared) <= _LONGEST_SHARED:
        yield button(TEXT.label("other_town"), OtherTowns(shared))
    yield _projects(turn, verdicts)
    yield button(TEXT.label("propose"), Propose())


def _projects(turn: Turn, verdicts: Sequence[Verdict]) -> Button:
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
    _say(turn, [_of([town], town.name)], (), in_place=True)


@requires(Authority.PERSON)
async def show_others(update: Update, context: BotContext) -> None:
    """Ask which of the communes of a name is meant."""
    turn, name = context.turn, OtherTowns.of(update).name
    towns = communes_of(name, turn.services.town_list.towns)
    if towns:
        _ask_which(turn, _as_a_name(name), towns, in_place=True)
    else:
        turn.rewrite(TEXT("gone"), with_person())


HANDLERS: tuple[Handler, ...] = (tap(ShowTown, show_town), tap(OtherTowns, show_others))
