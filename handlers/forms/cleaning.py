"""What stands around a typed value and is no part of it: a label, quotes, brackets, a full stop."""

import functools
import re
from collections.abc import Callable

from handlers.forms.steps import RefusedError
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs

TEXT = Catalogue.of("remarks")
# What opens a text that is quoted, bracketed or marked as a whole, and what may then close it.
_PAIRS = {
    "\u00ab": "\u00bb",
    "\u201c": "\u201d",
    "\u201d": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u2018": "\u2019",
    '"': '"',
    "'": "'",
    "`": "`",
    "*": "*",
    "_": "_",
    "(": ")",
    "[": "]",
    "<": ">",
}
_QUOTES = frozenset("\u00ab\u201c\u201d\u201e\u2018\"'")
_DOUBLED = re.compile(r"(\*\*|__|~~|\|\||``)(?P<inner>(?:(?!\1).)+)\1", re.DOTALL)
_LABELLED = re.compile(r"([^:=\n]{1,40}?)\s*[:=]\s*(?=\S)")
# No number: "1. FC Arles" is a name, and nobody misreads "1. Delta".
_BULLET = re.compile(r"[-\u2013\u2014\u2022\u00b7*>]\s+(?=\S)")
_EDGES = ",;: "
# A word cut at the end of a line: whether the hyphen is its own, only who wrote it can tell.
_CUT_WORD = re.compile(r"(?<=\w)-[ \t]*\n[ \t]*(?=\w)")
# The dot of an abbreviation belongs to it: "Mécanique S.A.", "Dupont & Cie.".
_ABBREVIATED = re.compile(
    r"(?:(?:\w\.)+\w|\b(?:cie|etc|ets|inc|ltd|co|corp|st\u00e9|jr|bros|\w))\.$", re.IGNORECASE
)
_MOST_LAYERS, _LONGEST_LABEL = 20, 60
_STROKES, _LONGEST_STROKE = frozenset("-\u2013\u2014/_. "), 6


def bare(text: str, key: str) -> str:
    """Return one line without what stands around it; ``key`` is the step, which names its labels.

    Idempotent.
    """
    line = " ".join(_CUT_WORD.sub("-", plain_signs(text)).split())
    settled = _settled(line, lambda each: _unended(_unwrapped(_unlabelled(_unlisted(each), key))))
    return _joined_parts(settled, key) if settled != line else settled


def bare_passage(text: str, key: str) -> str:
    """Return a text of several lines without its label, or quotes around all of it. Idempotent."""
    return _settled(plain_signs(text).strip(), lambda each: _unwrapped(_unlabelled(each, key)))


def is_labelled(line: str, key: str) -> bool:
    """Tell whether a line begins with a label of this step: "Soci\u00e9t\u00e9 : \u2026"."""
    labelled = _LABELLED.match(line)
    return bool(labelled and normalise(labelled[1]) in _phrases(f"labels_{key}"))


def without_last_label(text: str) -> str:
    """Return what stands before a value, without the label of the value: "Delta, tél. : ".

    The label is the whole, stands apart by a mark, or has a colon; in "Orange Mobile" it is a name.
    """
    found = _last_label().search(text[-_LONGEST_LABEL:])
    if found is None or not (found["is_sure"] or found["colon"] or found["apart"] is not None):
        return text
    return text[: len(text[:-_LONGEST_LABEL]) + found.start()]


@functools.cache
def _last_label() -> re.Pattern[str]:
    is_sure, other = (_either(f"labels_{key}") for key in ("siret", "contact"))
    return re.compile(
        rf"(?:(?P<apart>^|[,;/|\n(\u2013\u2014\-\u2022])\s*|(?<=\s))"
        rf"(?:(?P<is_sure>{is_sure})|{other})\s{{0,2}}(?P<colon>\.|\.?\s?[:=])?[\s(<\[]*$",
        re.IGNORECASE,
    )


def _either(name: str) -> str:
    phrases = (phrase.strip() for said in TEXT.labels(name) for phrase in said.split(";"))
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))


def refuse_reference(text: str) -> None:
    """Raise RefusedError for a text that only refers to another answer: "idem"."""
    if normalise(text) in _phrases("same_words"):
        raise RefusedError("says_same", said=text.strip())


def points_elsewhere(text: str) -> bool:
    """Tell whether a text without a contact says where one is: "le même", "celui de mon profil"."""
    words = normalise(text)
    opens = any(f"{words} ".startswith(f"{each} ") for each in _phrases("same_contact_openings"))
    return opens or words in _phrases("same_words")


def refuse_no_name(line: str, key: str) -> None:
    """Raise RefusedError for a name that is none, "n/a", or refers to another one, "idem".

    In quotes, such a word is a name: there are firms called so.
    """
    words = normalise(line)
    if words in _phrases("same_words"):
        raise RefusedError("says_same_name", said=line)
    if words in _phrases("no_name_words"):
        raise RefusedError(f"says_none_{key}", said=line)
    if f"own_words_{key}" in TEXT.names and words in _phrases(f"own_words_{key}"):
        raise RefusedError(f"bad_{key}")


def is_quoted(text: str) -> bool:
    """Tell whether a text is quoted as a whole."""
    plain = plain_signs(text).strip()
    return plain[:1] in _QUOTES and _unwrapped(plain) != plain


def says_nothing(text: str) -> bool:
    """Tell whether a text only says that there is nothing to answer: "aucun", "néant", "-"."""
    plain = text.strip()
    is_stroke = 0 < len(plain) <= _LONGEST_STROKE and _STROKES.issuperset(plain)
    return is_stroke or normalise(plain) in _phrases("nothing_words")


@functools.cache
def _phrases(name: str) -> frozenset[str]:
    phrases = (phrase for said in TEXT.labels(name) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))


def _joined_parts(line: str, key: str) -> str:
    """Return a name given in two labelled parts, "Nom : Costa, prénom : Samira", as one."""
    name = f"inner_labels_{key}"
    if name not in TEXT.names:
        return line
    return re.sub(rf"[\s,;/\-]+(?:{_either(name)})\s?[:=]\s*(?=\w)", " ", line, flags=re.IGNORECASE)


@functools.cache
def _openings(key: str) -> re.Pattern[str] | None:
    """Return what matches the words before an answer, "je m'appelle"; None if a step has none."""
    name = f"openings_{key}"
    if name not in TEXT.names:
        return None
    phrases = [phrase.strip() for said in TEXT.labels(name) for phrase in said.split(";")]
    apart = ["[\\s'\u2019]+".join(map(re.escape, re.split(r"[\s']", each))) for each in phrases]
    longest_first = sorted(apart, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(longest_first)})(?=[\s:])[\s:]*(?=\S)", re.IGNORECASE)


def _settled(text: str, step: Callable[[str], str]) -> str:
    """Repeat a step until it changes nothing; what would leave nothing is not done.

    A text of very many layers is an ornament, or made to be slow: it is left as it is.
    """
    settled = text
    for _ in range(_MOST_LAYERS):
        shorter = step(settled).strip()
        if not shorter or shorter == settled:
            return settled
        settled = shorter
    return text


def _unlisted(line: str) -> str:
    return _BULLET.sub("", line, count=1) if _BULLET.match(line) else line


def _unlabelled(text: str, key: str) -> str:
    labelled, name = _LABELLED.match(text), f"labels_{key}"
    if labelled and name in TEXT.names and normalise(labelled[1]) in _phrases(name):
        return text[labelled.end() :]
    opening = (_openings(key) or _NEVER).match(text)
    return text[opening.end() :] if opening else text


_NEVER = re.compile(r"(?!)")


def _unwrapped(text: str) -> str:
    if doubled := _DOUBLED.fullmatch(text):
        return doubled["inner"]
    closing, inner = _PAIRS.get(text[:1], ""), text[1:-1]
    # "<Balise/>" is no bracketed word.
    if not inner or text[-1] not in closing or text.endswith("/>"):
        return text
    # "L'atelier" holds an apostrophe; ('A' et 'B') is no single quotation.
    marks = re.sub(r"(?<=\w)['\u2019](?=\w)", "", inner)
    return inner if _is_whole(marks, text[0], text[-1]) else text


def _is_whole(inner: str, opening: str, closing: str) -> bool:
    """Tell whether marks around a text belong together, rather than to parts at its two ends."""
    if opening == closing:
        return opening not in inner.strip(f"{opening} ")
    depth = 0
    for each in inner:
        depth += (each == opening) - (each == closing)
        if depth < 0:
            return False
    return depth == 0


def _unended(line: str) -> str:
    line = line.strip(_EDGES)
    # Dots in a row are no end of a sentence: "Et c\u00e6tera...".
    is_end = line.endswith(".") and not line.endswith("...")
    return line[:-1] if is_end and not _ABBREVIATED.search(line) else line
