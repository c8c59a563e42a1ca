"""What is said of the towns that a text asks about: the verdicts alone, without their screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.core.turn import Turn
from handlers.questions.deciding import is_exact
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Entry
from knowledge.territories.asked import Asked, Otherwise, asked
from knowledge.territories.mentions import Mention
from knowledge.territories.names import key_of
from knowledge.territories.town_list import TownList, round_table
from knowledge.territories.towns import Town, Towns
from knowledge.territories.word_lists import town_words
from knowledge.text.normalise import normalise

# The entry on the area covered: a verdict is counted as its answer.
ENTRY = "territoire"
_SURE = frozenset(
    {Outcome.ANSWER, Outcome.REFERRAL, Outcome.ACT, Outcome.PROJECTS, Outcome.SEVERAL}
)


@dataclass(frozen=True, slots=True)
class PlaceVerdict:
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


def asked_in(turn: Turn, text: str, decision: Decision) -> Asked | None:
    """Return the towns that a text asks about, by what was decided on it; None for no towns."""
    if not decision.has_words:
        return None
    towns = turn.services.town_list.towns or _named_by(turn.services.knowledge.entry(ENTRY))
    if not towns:
        return None
    is_sure = decision.outcome in _SURE and not decision.likely
    first = "".join(decision.shown[:1])
    is_ours = decision.outcome is Outcome.ANSWER and first == ENTRY
    # A follow-up is understood by what came before it, which its own words do not say.
    is_other = is_sure and not is_ours and not decision.follows
    return asked(text, towns, Otherwise(is_ours, is_other, is_exact(decision)))


def _named_by(entry: Entry | None) -> Towns:
    """Return the communes of the round table where an answer names them: what it says is sure.

    The answers of another initiative name other places, or none: then nothing is sure.
    """
    said = normalise(f"{entry.answer} {entry.rest}") if entry else ""
    towns = round_table()
    # By their first words: the answer says "Aix" and "Fos".
    names = [normalise(name).split()[0] for name in town_words().round_table]
    return towns if said and all(name in said.split() for name in names) else Towns(())


def verdicts_on(found: Asked, towns: TownList) -> list[PlaceVerdict]:
    """Return what is said of each of these towns."""
    if found.unknown:
        return [PlaceVerdict("unknown" if towns else "not_named", as_a_name(found.unknown))]
    return [_verdict(mention, towns) for mention in found.mentions]


def _verdict(mention: Mention, towns: TownList) -> PlaceVerdict:
    name = mention.written if mention.is_code else _name_of(mention)
    if not towns:
        named = mention.towns[0].name if mention.towns else name
        return PlaceVerdict("named" if mention.towns else "not_named", named)
    if not mention.towns:
        return PlaceVerdict("unknown", name)
    local = [town for town in mention.towns if town.is_local]
    if len({town.territory for town in mention.towns}) == 1:
        return of(mention.towns, name)
    if len(local) == 1 and not mention.is_code:
        return of(local, name, shared=mention.written)
    return PlaceVerdict("which", name, count=len(mention.towns))


def of(towns: Sequence[Town], name: str, *, shared: str = "") -> PlaceVerdict:
    """Return the verdict on communes that are all in the same territory, or in none."""
    town, count = towns[0], len(towns)
    shown = name if count > 1 else f"{town.name} ({town.department})"
    return PlaceVerdict("in" if town.territory else "out", shown, town, count, shared)


def _name_of(mention: Mention) -> str:
    """Return the name as the communes bear it; as it was typed, where they do not."""
    borne = (town.name for town in mention.towns if key_of(town.name) == mention.written)
    return next(borne, as_a_name(mention.written))


def as_a_name(written: str) -> str:
    """Return what was typed, by its words alone, as a name is written."""
    return " ".join(word.capitalize() for word in written.split())
