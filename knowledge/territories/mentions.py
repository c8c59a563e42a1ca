"""Finds the towns in a message: names, short forms, slips of the keyboard, postal codes.

Communes are called Y, Us, Sens, Tours or Plan: such a name needs its capital letter.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.territories.names import department_of, key_of, without_article
from knowledge.territories.towns import Town, Towns
from knowledge.territories.word_lists import town_words

# Longer messages are stories, whose places are seldom the question; reading them takes too long.
MOST_TOKENS = 120
_LONGEST_NAME = 8
_SHORT_NAME = 3
_CODE_DIGITS = 5
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"\d{1,2}(?:e|er|eme|ieme)?")
_DEPARTMENT = re.compile(r"\d\d|2[ab]|97\d")
_WITH_ARRONDISSEMENTS = frozenset({"paris", "lyon", "marseille"})
_ARRONDISSEMENT = frozenset({"arrondissement", "arr", "eme", "er", "e"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a message, normalised; whether it was written with a capital that tells."""

    word: str
    is_capital: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """What a part of a message names: tokens from ``start`` to ``end``, and the communes it may be.

    ``written`` is the name as it was typed, or the postal code. ``is_code``: of a postal code;
    ``is_doubtful``: a word that may mean something else; ``is_alike``: spelt nearly so.
    """

    start: int
    end: int
    written: str
    towns: tuple[Town, ...]
    is_code: bool = False
    is_doubtful: bool = False
    is_alike: bool = False


def tokens_of(text: str) -> list[Token]:
    """Return the words of a message; none if there are too many."""
    written = _WORD.findall(unicodedata.normalize("NFC", text))
    if len(written) > MOST_TOKENS:
        return []
    # Where everything is in capitals, they tell nothing.
    all_capitals = len(written) > 1 and text.isupper()
    tokens = [
        Token(word, each[0].isupper() and not all_capitals)
        for each in written
        for word in key_of(each).split()
    ]
    # "Fos s/mer"
    return [
        replace(token, word="sur") if token.word == "s" and following == "mer" else token
        for token, following in zip(tokens, [*(each.word for each in tokens[1:]), ""], strict=False)
    ]


def mentions(tokens: Sequence[Token], towns: Towns) -> list[Mention]:
    """Return the towns that the words name, from left to right; of two, the longer name."""
    found: list[Mention] = []
    place = 0
    while place < len(tokens):
        skipped = _not_a_town(tokens, place)
        mention = None if skipped else _mention_at(tokens, place, towns)
        if mention is not None:
            found.append(mention)
        place = mention.end if mention else place + (skipped or 1)
    return [*_joined(found)]


def _not_a_town(tokens: Sequence[Token], place: int) -> int:
    """Return how many words make a name of something else, in which no town is meant."""
    for size in range(_LONGEST_NAME, 0, -1):
        if _words(tokens, place, place + size) in town_words().not_towns:
            return size
    return 0


def _mention_at(tokens: Sequence[Token], place: int, towns: Towns) -> Mention | None:
    return _code_at(tokens, place, towns) or _name_at(tokens, place, towns)


def _code_at(tokens: Sequence[Token], place: int, towns: Towns) -> Mention | None:
    """Read five digits as a postal code, "13 800" too; never as an INSEE code."""
    word, end = tokens[place].word, place + 1
    if (
        re.fullmatch(r"\d\d", word)
        and end < len(tokens)
        and re.fullmatch(r"\d{3}", tokens[end].word)
    ):
        word, end = word + tokens[end].word, end + 1
        if not towns.of_code(int(word)):
            return None
    is_code = len(word) == _CODE_DIGITS and word.isascii() and word.isdigit()
    if not is_code or (end < len(tokens) and tokens[end].word in town_words().units):
        return None
    return Mention(place, end, word, _towns(towns, towns.of_code(int(word))), is_code=True)


def _name_at(tokens: Sequence[Token], place: int, towns: Towns) -> Mention | None:
    """Find the longest name that begins here: full, cut short ("Saint-Mitre"), or of a quarter."""
    for size in range(min(_LONGEST_NAME, len(tokens) - place), 0, -1):
        key = _words(tokens, place, place + size)
        if found := communes_of(key, towns):
            doubtful = _is_doubtful(key, tokens[place : place + size], found)
            mention = Mention(place, place + size, key, found, is_doubtful=doubtful)
            return _with_department(_with_arrondissement(mention, tokens), tokens)
    return None


def communes_of(key: str, towns: Towns) -> tuple[Town, ...]:
    """Return the communes that a name may mean: those nearby for which it is short come first."""
    short = () if _is_too_common(key) else towns.named_in_short(key, local=True)
    return _towns(towns, (*short, *towns.named(key), *_of_quarter(key, towns)))


def _of_quarter(key: str, towns: Towns) -> tuple[int, ...]:
    commune = town_words().quarters.get(key)
    return towns.named(key_of(commune)) if commune else ()


def _is_too_common(key: str) -> bool:
    words = town_words()
    bare = without_article(key)
    return len(bare) < _SHORT_NAME or bare in words.ordinary or bare in words.fill


def _is_doubtful(key: str, tokens: Sequence[Token], found: Iterable[Town]) -> bool:
    """Tell whether a name may as well be an ordinary word, as it is written here."""
    bare = without_article(key)
    if " " in bare or tokens[-1].is_capital:
        return False
    if bare in town_words().ordinary or bare in town_words().fill or bare.isdigit():
        return True
    return len(bare) <= _SHORT_NAME and not any(town.is_local for town in found)


def _with_arrondissement(mention: Mention, tokens: Sequence[Token]) -> Mention:
    """Take "13e arrondissement" with Marseille: the list has the commune alone."""
    end = mention.end
    if mention.written in _WITH_ARRONDISSEMENTS and end < len(tokens):
        if not _ORDINAL.fullmatch(tokens[end].word):
            return mention
        end += 1
        while end < len(tokens) and tokens[end].word in _ARRONDISSEMENT:
            end += 1
    return replace(mention, end=end)


def _with_department(mention: Mention, tokens: Sequence[Token]) -> Mention:
    """Take "Saint-Denis (93)" as the one of that department."""
    if mention.end >= len(tokens) or not _DEPARTMENT.fullmatch(tokens[mention.end].word):
        return mention
    number = tokens[mention.end].word.upper()
    among = tuple(town for town in mention.towns if department_of(town.insee) == number)
    return replace(mention, end=mention.end + 1, towns=among) if among else mention


def _joined(found: Sequence[Mention]) -> Iterator[Mention]:
    """Yield the mentions; of "13800 Istres", one, and of a town named twice, the first."""
    seen: set[tuple[str, ...]] = set()
    kept: list[Mention] = []
    for mention in found:
        last = kept[-1] if kept else None
        if last and mention.start - last.end <= 1 and mention.is_code != last.is_code:
            common = tuple(town for town in last.towns if town in mention.towns)
            if common:
                name = mention if last.is_code else last
                kept[-1] = replace(name, start=last.start, end=mention.end, towns=common)
                continue
        kept.append(mention)
    for mention in kept:
        codes = tuple(town.insee for town in mention.towns) or (mention.written,)
        if codes not in seen:
            seen.add(codes)
            yield mention


def alike(
    tokens: Sequence[Token], start: int, end: int, towns: Towns, *, far: bool
) -> Mention | None:
    """Return the town whose name these words spell with a slip; ``far``: outside of here too."""
    key = _words(tokens, start, end)
    found = _towns(towns, towns.resembling(key, far=far))
    return Mention(start, end, key, found, is_alike=True) if found else None


def _words(tokens: Sequence[Token], start: int, end: int) -> str:
    return " ".join(token.word for token in tokens[start:end])


def _towns(towns: Towns, rows: Iterable[int]) -> tuple[Town, ...]:
    return tuple(towns.town(row) for row in dict.fromkeys(rows))
