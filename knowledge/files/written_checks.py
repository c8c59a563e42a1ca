"""What values would show otherwise than meant: formatting of elsewhere, signs that look alike.

Only texts that are published are read for formatting: phrasings are what people type, as they do.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.entities import html5
from pathlib import Path
from typing import Any, NamedTuple

from knowledge.files.decoding import BROKEN_ACCENT
from knowledge.files.foreign_notes import note_in_text
from knowledge.files.problems import Problem, problem, words
from knowledge.files.schema_check import place_of, properties_of
from knowledge.files.signs import FONT_SIGNS, name_of, odd_sign
from knowledge.files.yaml_reader import Document, Location
from knowledge.text.normalise import normalise

_FORMATTED = frozenset({"reponse", "suite"})
_SHOWN = _FORMATTED | frozenset(
    [
        "question",
        "titre",
        "source",
        "service",
        "resume",
        "recherche",
        "chef_de_file",
        "nom",
        "territoires",
        "filieres",
    ]
)
_DATES = frozenset(
    ["verifie_le", "valable_jusqu_au", "date_limite", "publie_le", "mis_a_jour_le", "retire_le"]
)
# Values that are compared letter by letter with others.
_EXACT = _DATES | frozenset({"id", "voir_aussi", "attendu", "action", "etape", "code"})
# A control question is what people type too, and nobody reads it.
_TYPED = ("questions", "voix")
_MARKDOWN = {
    "bold": re.compile(r"\*\*(?=\S)[^*\n]+?(?<=\S)\*\*|(?<!\w)__(?=\S)[^_\n]+?(?<=\S)__(?!\w)"),
    "link": re.compile(r"!?\[[^\]\n]+\]\((?:https?:|www\.|mailto:|tg:)[^)\s]*\)"),
    "heading": re.compile(r"^[ \t]*#{1,6}[ \t]+\S[^\n]*", re.MULTILINE),
    "strike": re.compile(r"~~(?=\S)[^~\n]+?(?<=\S)~~"),
    "code": re.compile(r"(?<![`\w])`{1,3}[^`\n]+`{1,3}(?!`)"),
    "italic": re.compile(
        r"(?<![\w*])\*(?=[^\s*])[^*\n]+?(?<=[^\s*])\*(?![\w*])"
        r"|(?<![\w/_.@:=-])_(?=[^\s_])[^_\n<>]+?(?<=[^\s_])_(?![\w_])"
    ),
}
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>")
_LINE_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|(?P<name>[a-zA-Z][a-zA-Z0-9]*));", re.IGNORECASE)
_TELEGRAMS = frozenset({"lt", "gt", "amp", "quot"})
_LINKS = re.compile(r"<a\s[^<>]*>|https?://\S+")
# What people write where they have nothing to say, a line each.
_ABSENT = frozenset(
    normalise(line)
    for line in Path(__file__).with_name("absent.txt").read_text("utf-8").splitlines()
)
# What answers no key that holds a text.
_YES_OR_NO = frozenset({"oui", "non", "vrai", "faux", "true", "false", "yes", "no"})
# What is still to be written, said in the text itself.
_TO_FILL = re.compile(
    # What a new folder marks is told by the check, wherever it stands.
    r"(?!\[\u00e0 compl\u00e9ter :)[\[(][^\])\n]{0,40}"
    r"\b(?:compl[\u00e9e]ter|remplir|pr[\u00e9e]ciser|v[\u00e9e]rifier|r[\u00e9e]diger|revoir)\b"
    r"[^\])\n]{0,40}[\])]"
    r"|\A\s*[\u00e0a] (?:compl[\u00e9e]ter|r[\u00e9e]diger|[\u00e9e]crire|venir)\W*\Z"
    r"|\b(?-i:TODO|TBD|XXX{1,6})\b|\blorem ipsum\b",
    re.IGNORECASE,
)
# A row of a table as e-mails and web pages bring it: bars, or tabs between cells.
_TABLE = re.compile(r"^[ \t]*\|.*\|[ \t]*$|\S\t+\S", re.MULTILINE)
_FONT_SIGN = re.compile(f"[{FONT_SIGNS}]")
_SHOWN_TAG = re.compile(r"&lt;/?[a-z]+[^&<>]{0,80}&gt;", re.IGNORECASE)
# Nothing but marks: "-", "?", "…", "/".
_MARKS = re.compile(r"[\W_]{1,5}")
_MAY_BE_ABSENT = (
    _SHOWN | _DATES | {"action", "voir_aussi", "contact_chef_de_file", "courriel", "telephone"}
)
_MAY_BE_ABSENT -= _FORMATTED
_ITEM_LISTS = frozenset({"entrees", "projets", "actes", "voix"})
# In characters: several times what any value may have. That a longer one is too long is for the
# schema to tell; to look for signs in it takes a time of its length squared.
_LONGEST = 20_000


class _Finding(NamedTuple):
    """What a value shows otherwise than meant; ``at`` is where in the value."""

    code: str
    values: dict[str, str]
    at: int = 0


def check_written(document: Document) -> Iterator[Problem]:
    """Find the values of a document that are not what they show; one problem a value at most."""
    if not isinstance(document.data, dict):
        return
    for location, value in _values(document.data, ()):
        if len(value or "") > _LONGEST:
            continue
        if (found := next(_of_value(location, value), None)) is not None:
            at = place_of(document, location)
            line = document.line_within(location, value or "", found.at)
            yield problem(found.code, replace(at, line=line), **found.values)
    yield from _odd_keys(document)


def _values(data: Any, location: Location) -> Iterator[tuple[Location, str | None]]:  # noqa: ANN401 - any YAML
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _values(value, (*location, str(key)))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _values(value, (*location, number))
    elif data is None or isinstance(data, str):
        yield location, data


def _of_value(location: Location, value: str | None) -> Iterator[_Finding]:
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    if value is None or not value.strip():
        yield from _empty(location, key, value)
        return
    if key in _EXACT:
        yield from _odd(value)
    if key == "attendu" and isinstance(location[-1], str) and normalise(value) == "hors sujet":
        yield _Finding("placeholder", {"value": value, "key": key, "how": _how(location, key)})
    if (location[0] not in _TYPED and key in _MAY_BE_ABSENT) or key == "attendu":
        yield from _placeholder(location, key, value)
    if location[0] not in _TYPED and key in _SHOWN:
        yield from _formatting(key, value)


def _empty(location: Location, key: str, value: str | None) -> Iterator[_Finding]:
    """Tell a key without a value; an element without one is the schema's to tell."""
    of_item = len(location) > 2 and isinstance(location[-1], str)  # noqa: PLR2004 - list, item, key
    if of_item and not _may_be_null(location, key) and (value is None or key in _DATES):
        yield _Finding("empty_value", {"key": key, "how": _how(location, key)})


def _may_be_null(location: Location, key: str) -> bool:
    _, properties = properties_of(str(location[0]), nested="en" in location)
    return "null" in properties.get(key, {}).get("type", ())


def _how(location: Location, key: str) -> str:
    """Return what to do about a value that says that there is none."""
    texts: dict[str, str] = words("absent")
    required, _ = properties_of(str(location[0]), nested="en" in location)
    if key == "chef_de_file":
        return texts["lead_sought"]
    if key == "attendu":
        return texts["expected"]
    if isinstance(location[-1], int):
        return texts["element"]
    if key not in required:
        return texts["optional"]
    return texts["date" if key in _DATES else "wanted"].format(key=key)


def _placeholder(location: Location, key: str, value: str) -> Iterator[_Finding]:
    said = normalise(value)
    sought = key == "chef_de_file" and said.split()[0:1] in (["recherche"], ["cherche"])
    # An act may be done by "oui": what an action may be is the schema's to tell.
    is_answer = said in _YES_OR_NO and key != "action"
    if said in _ABSENT or is_answer or sought or _MARKS.fullmatch(value.strip()):
        values = {"value": value.strip()[:40], "key": key, "how": _how(location, key)}
        yield _Finding("placeholder", values)


def _odd(value: str) -> Iterator[_Finding]:
    if (sign := odd_sign(value)) is not None:
        shown = value.strip()[:60]
        clean = re.sub("[‘’]", "-", _clean(value))
        yield _Finding("odd_sign", {"value": shown, "sign": name_of(sign), "clean": clean})


def _clean(value: str) -> str:
    """Return what the keyboard writes for a text of signs that look alike."""
    folded = re.sub("[‐-―−]", "-", unicodedata.normalize("NFKC", value))
    return " ".join(re.sub("[“”„«»\u00ad]", "", folded).split())


def _odd_keys(document: Document) -> Iterator[Problem]:
    """Find keys, and ids that stand as keys, with a sign that only looks right."""
    for location in document.lines:
        key = location[-1] if location else ""
        if isinstance(key, str) and not key.isascii() and location[0] in _ITEM_LISTS:
            for found in _odd(key):
                yield problem(found.code, place_of(document, location), **found.values)


def _formatting(key: str, value: str) -> Iterator[_Finding]:
    if broken := BROKEN_ACCENT.search(value):
        yield _Finding("broken_accent", {"shown": broken[0]}, broken.start())
    if found := _TO_FILL.search(value):
        yield _Finding("to_fill", {"shown": found[0].strip()}, found.start())
    if key in _FORMATTED:
        yield from _pasted(value)
    if key in _FORMATTED and (note := note_in_text(value)):
        code = "note_in_text" if note.code == "foreign_note" else note.code
        yield _Finding(code, {"sign": note.sign}, note.start)
    for found, code, values in _signs(value, is_formatted=key in _FORMATTED):
        yield _Finding(code, {"shown": " ".join(found[0].split())[:60], **values}, found.start())


def _pasted(value: str) -> Iterator[_Finding]:
    """Find what other programs write in a text, and a message shows otherwise."""
    if found := _FONT_SIGN.search(value):
        yield _Finding("font_sign", {}, found.start())
    if found := _TABLE.search(value):
        yield _Finding("table_in_text", {}, found.start())
    if found := _SHOWN_TAG.search(value):
        yield _Finding("shown_tag", {"shown": found[0]}, found.start())
    said = value.strip()
    if said[:1] == said[-1:] == '"' and said.count('"') == 2:  # noqa: PLR2004 - around all of it
        yield _Finding("quotes_around", {})


def _signs(
    value: str, *, is_formatted: bool
) -> Iterator[tuple[re.Match[str], str, dict[str, str]]]:
    for entity in _ENTITY.finditer(value):
        if _shows(entity, value, is_formatted=is_formatted):
            yield entity, "entity", {}
    if found := _LINE_TAG.search(value):
        yield found, "line_tag" if is_formatted else "html_in_text", {}
    elif not is_formatted and (found := _TAG.search(value)):
        yield found, "html_in_text", {}
    bare = _LINKS.sub(lambda link: "·" * len(link[0]), value)
    for kind, pattern in _MARKDOWN.items():
        text = value if kind == "link" else bare
        if found := pattern.search(text):
            says = dict(words("markdown_kinds")[kind])
            if not is_formatted:
                says["how"] = words("plain_markdown")
            yield found, "markdown", says


def _shows(entity: re.Match[str], value: str, *, is_formatted: bool) -> bool:
    """Tell whether people would read an entity as it is written."""
    name = entity["name"]
    if name is None:
        return not is_formatted
    if name in _TELEGRAMS and is_formatted:
        # "&amp;amp;", "&amp;nbsp;": written twice by a program.
        return name == "amp" and re.match(r"(?:#\d+|[a-zA-Z]+);", value[entity.end() :]) is not None
    return f"{name};" in html5
