"""Decides whether a message asks about towns, and which: a pure function of the message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from knowledge.territories.mentions import Mention, Token, alike, mentions, tokens_of
from knowledge.territories.towns import Towns
from knowledge.territories.word_lists import town_words

MOST_TOWNS = 4
_MOST_WORDS_IN_A_NAME = 6
_SHORTEST_UNKNOWN = 3
# With more words than these that say something else, weak signs do not make a question of towns.
_MOST_OTHERS, _MOST_OTHERS_WITH_A_HINT = 5, 2
# How many words may stand between "on est" and "à Istres".
_REACH = 8
# They may stand before a town, and do not say that anybody is there.
_NOT_WHERE = frozenset({"et", "pour"})
_PLACING = frozenset({"a", "au", "aux"})
_MOST_LINKS = 2
_MOST_RUNS = 3
_LINKS = frozenset({"sur", "sous", "en", "de", "du", "des", "d", "les", "le", "la", "l"})


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What the matcher makes of the message.

    ``territory``: surely a question on the area covered. ``other``: surely something else.
    ``exact``: as one of the phrasings of that something, word for word.
    """

    territory: bool = False
    other: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The towns that a message asks about; ``unknown`` is a name that the list does not have."""

    mentions: tuple[Mention, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the words of a message besides its towns tell."""

    firm: bool
    strong: bool
    weak: bool
    denied: bool
    located: bool
    others: int


def asked(text: str, towns: Towns, otherwise: Otherwise) -> Asked | None:
    """Return the towns that the message asks about; None if that is not its question."""
    tokens = tokens_of(text)
    if not tokens:
        return None
    found = mentions(tokens, towns)
    sure = [each for each in found if not each.is_doubtful]
    if not sure:
        found = [*_slips(tokens, found, towns), *found]
        sure = [each for each in found if not each.is_doubtful]
    if not found:
        return _unknown(tokens, otherwise)
    if not sure:
        signs = _signs(tokens, found)
        return _doubtful(tokens, found, signs, otherwise)
    signs = _signs(tokens, sure)
    is_asked = _is_asked(tokens, sure, signs, otherwise)
    return Asked(tuple(sure[:MOST_TOWNS])) if is_asked else None


def _is_asked(
    tokens: Sequence[Token], found: Sequence[Mention], signs: _Signs, otherwise: Otherwise
) -> bool:
    if _is_something_else(tokens, found, signs, otherwise):
        return False
    if not signs.others:
        return not _names_somebody(tokens, found)
    if signs.strong or otherwise.territory:
        return True
    most = _MOST_OTHERS if signs.located else _MOST_OTHERS_WITH_A_HINT
    return not otherwise.other and (signs.located or signs.weak) and signs.others <= most


def _is_something_else(
    tokens: Sequence[Token], found: Sequence[Mention], signs: _Signs, otherwise: Otherwise
) -> bool:
    is_about_them = signs.firm or (signs.strong and otherwise.territory)
    if signs.denied and not is_about_them:
        return True
    if signs.others and any(each.is_code and not _is_placed(tokens, each) for each in found):
        return True
    return otherwise.exact and otherwise.other


def _doubtful(
    tokens: Sequence[Token], found: Sequence[Mention], signs: _Signs, otherwise: Otherwise
) -> Asked | None:
    """Take an ordinary word for a town only where everything else speaks for it."""
    first = found[0]
    after_a_place = first.start > 0 and tokens[first.start - 1].word in {"a", "au", "aux", "sur"}
    is_place = after_a_place and (signs.located or signs.strong)
    if not is_place or signs.others or signs.denied or otherwise.other or len(found) > 1:
        return None
    core = tokens[first.end - 1].word
    return None if core in town_words().fill or core.isdigit() else Asked((first,))


def _signs(tokens: Sequence[Token], found: Sequence[Mention]) -> _Signs:
    words = town_words()
    inside = set(chain.from_iterable(range(each.start, each.end) for each in found))
    rest = [token.word for place, token in enumerate(tokens) if place not in inside]
    others = [word for word in rest if word not in words.fill and not word[0].isdigit()]
    return _Signs(
        firm=not words.firm.isdisjoint(rest),
        strong=not words.strong.isdisjoint(rest),
        weak=not words.weak.isdisjoint(rest),
        denied=not words.other_subjects.isdisjoint(rest),
        located=any(_is_located(tokens, each) for each in found),
        others=len(others),
    )


def _is_located(tokens: Sequence[Token], mention: Mention) -> bool:
    """Tell whether somebody says to be there: "on est 8 à Istres", "notre atelier basé sur"."""
    words = town_words()
    before = [token.word for token in tokens[: mention.start]]
    if not before or before[-1] not in words.before_a_town - _NOT_WHERE:
        return False
    # Not the preposition: "a" is also what "on a un atelier" is said with.
    near = before[-_REACH:-1]
    being = [place for place, word in enumerate(near) if word in words.being]
    whose = [place for place, word in enumerate(near) if word in words.people]
    return bool(being and whose) and min(whose) < max(being)


def _is_placed(tokens: Sequence[Token], code: Mention) -> bool:
    """Tell whether five digits are a place: not of "c'est 22000 balles"."""
    before = tokens[code.start - 1].word if code.start else ""
    return bool(code.towns) and before in town_words().before_a_town | {"postal", "code", "cp"}


def _names_somebody(tokens: Sequence[Token], found: Sequence[Mention]) -> bool:
    """Tell "je suis Rémy" and "je m'appelle Aubin", which name a person and no town."""
    first = found[0]
    before = tokens[first.start - 1].word if first.start else ""
    is_far = not any(town.is_local for town in first.towns)
    return is_far and not first.is_code and before in {"suis", "appelle", "am", "m"}


def _slips(tokens: Sequence[Token], found: Sequence[Mention], towns: Towns) -> Iterator[Mention]:
    """Yield the town that unknown words spell with a slip, after "à" or where they begin."""
    runs = _runs(tokens, found)
    for start, end in runs[:_MOST_RUNS]:
        before = tokens[start - 1].word if start else ""
        if not start or before in town_words().before_a_town or tokens[start].is_capital:
            # Far from here are so many names that most words resemble one.
            far = tokens[start].is_capital and len(runs) == 1
            for last in range(min(end, start + _MOST_WORDS_IN_A_NAME), start, -1):
                if mention := alike(tokens, start, last, towns, far=far):
                    yield mention
                    return


def _unknown(tokens: Sequence[Token], otherwise: Otherwise) -> Asked | None:
    """Find a name that no list has in a message that is about nothing but a town."""
    runs = _runs(tokens, ())
    if len(runs) != 1 or (otherwise.exact and otherwise.other):
        return None
    start, end = runs[0]
    name = Mention(start, end, " ".join(token.word for token in tokens[start:end]), ())
    signs = _signs(tokens, [name])
    before = tokens[start - 1].word if start else ""
    is_after = before in {"a", "sur", "au", "aux", "de", "d", "in", "at", "pour"}
    is_place = signs.strong and (is_after or tokens[start].is_capital)
    is_place |= signs.located and tokens[start].is_capital
    opens = {token.word for token in tokens[:start]} <= {
        "et",
        "a",
        "si",
        "pour",
        "au",
        "aux",
        "and",
    }
    is_bare = bool(start) and opens and tokens[start].is_capital and end == len(tokens)
    is_name = len(name.written) >= _SHORTEST_UNKNOWN and end - start <= _MOST_WORDS_IN_A_NAME
    if signs.denied or not is_name or not (is_place or is_bare):
        return None
    # Nothing but a place: "et à Toulon ?" holds no word from which anything else can be told.
    if otherwise.other and not (is_bare and before in _PLACING):
        return None
    return Asked(unknown=name.written)


def _goes_on(between: Sequence[Token]) -> bool:
    """Tell whether a name may go on after these words: "Perpette-les-Oies"."""
    return len(between) <= _MOST_LINKS and all(token.word in _LINKS for token in between)


def _runs(tokens: Sequence[Token], found: Sequence[Mention]) -> list[tuple[int, int]]:
    """Return where words stand, side by side, that belong to no town and to no question."""
    words = town_words()
    inside = set(chain.from_iterable(range(each.start, each.end) for each in found))
    runs: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        known = token.word in words.fill or token.word in words.other_subjects
        if place in inside or known or token.word[0].isdigit():
            continue
        if runs and _goes_on(tokens[runs[-1][1] : place]):
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs
