"""Checks the files against their JSON Schemas, which editors use as well."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from knowledge.files.meant_dates import day_of, reason_of_date
from knowledge.files.problems import Place, Problem, place, problem, words
from knowledge.files.yaml_reader import Document, Location
from knowledge.text.length import units
from knowledge.text.near_words import nearest
from knowledge.text.normalise import normalise

_SCHEMAS = Path(__file__).parent / "schema"
_TOP_KEYS = {
    "faq": "entrees",
    "projets": "projets",
    "actes": "actes",
    "formulations": "voix",
    "lexique": "idees",
    "questions": "questions",
}
# For each file. A file of the wrong kind has a problem on every line, and nobody mends more than
# this number at a time.
_MOST_PROBLEMS = 200
_MOST_ERRORS = 1_000
# An example that takes more characters would be copied without its end.
_LONGEST_EXAMPLE = 300
# The lines of an item that nothing follows, at most.
_LONGEST_ITEM = 200
# A similarity from 0 to 100: a key this close to an unknown one may be meant.
_ALIKE = 60


def check_schema(document: Document, kind: str) -> Iterator[Problem]:
    """Find what breaks the schema of a kind of file ("faq", "projets", "actes"…)."""
    key = _TOP_KEYS[kind]
    if not isinstance(document.data, dict) or not _has_list(document.data, key):
        yield _without_list(document, key)
        return
    errors = list(islice(_validator(kind).iter_errors(document.data), _MOST_ERRORS))
    strangers = _of_other_files(errors)
    for location, other in strangers.items():
        yield problem("other_item", place_of(document, location), file=f"{other}.yaml")
    errors = [each for each in errors if tuple(each.absolute_path)[:2] not in strangers]
    meant = set(_meant_keys(errors))
    problems = chain.from_iterable(_explain(document, error, meant) for error in errors)
    yield from bounded(problems, document.file)


def _has_list(data: Mapping[str, Any], key: str) -> bool:
    """Tell whether a file has its list: that of the projects may be empty, if it is said so."""
    return bool(data.get(key)) or (key == _TOP_KEYS["projets"] and data.get(key) == [])


def _of_other_files(errors: Iterable[ValidationError]) -> dict[Location, str]:
    """Return the items that another kind of file wants, with that kind, by their place."""
    found: dict[Location, str] = {}
    for error in errors:
        location: Location = tuple(error.absolute_path)
        item: Any = error.instance
        if error.validator != "additionalProperties" or len(location) != 2 or "id" not in item:  # noqa: PLR2004 - list, item
            continue
        for kind in ("faq", "projets"):
            required, properties = properties_of(_TOP_KEYS[kind])
            is_whole = len(required & set(item)) > len(required) // 2
            if _TOP_KEYS[kind] != location[0] and is_whole and set(item) <= set(properties):
                found[location] = kind
    return found


def _without_list(document: Document, key: str) -> Problem:
    """Tell what a file lacks altogether, or its only key, at the line where it is misspelt."""
    keys = document.data if isinstance(document.data, dict) else {}
    for other in keys if key not in keys else ():
        if _nearest_key(other, {key: None}) == key:
            nearest = words("nearest").format(key=key)
            return problem("unknown_key", place_of(document, (other,)), key=other, nearest=nearest)
        if other in _TOP_KEYS.values():
            at = place_of(document, (other,))
            return problem("other_file", at, found=other, key=key)
    code = "empty_census" if key == _TOP_KEYS["projets"] else "empty"
    return problem(code, Place(document.file), key=key)


def top_key(file: str) -> str:
    """Return the key of the list that a file holds ("faq.yaml": "entrees"); empty if unknown."""
    return _TOP_KEYS.get(Path(file).stem, "")


@cache
def properties_of(key: str, *, nested: bool = False) -> tuple[frozenset[str], dict[str, Any]]:
    """Return the keys that each item of a list ("entrees") must have, and the schemas of all.

    ``nested``: those of an item's English.
    """
    kind = next((kind for kind, top in _TOP_KEYS.items() if top == key), None)
    if kind is None:
        return frozenset(), {}
    schema = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    items = schema["properties"][key].get("items", {})
    if nested:
        items = items.get("properties", {}).get("en", {})
    return frozenset(items.get("required", ())), items.get("properties", {})


def bounded(problems: Iterable[Problem], file: str) -> Iterator[Problem]:
    """Yield the first problems of a file, and one more problem that says when others are cut."""
    remaining = iter(problems)
    yield from islice(remaining, _MOST_PROBLEMS)
    if next(remaining, None) is not None:
        yield problem("too_many_problems", Place(file), limit=_MOST_PROBLEMS)


def bounded_by_file(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Do as ``bounded`` for problems of several files, in any order."""
    counts: Counter[str] = Counter()
    for each in problems:
        counts[each.file] += 1
        if counts[each.file] <= _MOST_PROBLEMS:
            yield each
        elif counts[each.file] == _MOST_PROBLEMS + 1:
            yield problem("too_many_problems", Place(each.file), limit=_MOST_PROBLEMS)


def place_of(document: Document, location: Location) -> Place:
    """Return the place of a value: file, line, description in French, and id of its item."""
    where, entry = _where(document, location), _entry_of(document, location)
    return Place(document.file, document.line(location), where, entry)


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    formats = FormatChecker(formats=())
    # A value that is no text passes here: the schema's ``type`` reports it.
    formats.checks("date")(lambda value: not isinstance(value, str) or day_of(value) is not None)
    return _Validator(schema, format_checker=formats)


def _longest(
    _validator: object, limit: int, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Check ``maxLength`` in the UTF-16 code units of Telegram; JSON Schema counts characters."""
    if isinstance(instance, str) and units(instance) > limit:
        yield ValidationError("too long")


_Validator: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]  # untyped in its stubs
    Draft202012Validator, {"maxLength": _longest}
)


def _where(document: Document, location: Location) -> str:
    """Return the French description of a place: which entry, which key."""
    if len(location) < 2 or not isinstance(location[1], int):  # noqa: PLR2004 - key, index
        return place("top", key=location[0]) if location else ""
    kind = words("places").get(str(location[0]), location[0])
    item = document.data[location[0]][location[1]]
    number = int(location[1]) + 1
    if isinstance(item, dict) and isinstance(item.get("id"), str):
        name = place("item", kind=kind, id=item["id"])
    else:
        name = place("item_number", kind=kind, number=number)
    keys = [str(part) for part in location[2:] if isinstance(part, str)]
    return place("key", item=name, key=keys[0]) if keys else name


def _entry_of(document: Document, location: Location) -> str:
    if len(location) < 2 or not isinstance(location[1], int):  # noqa: PLR2004 - key, index
        return ""
    item = document.data[location[0]][location[1]]
    item_id = item.get("id") if isinstance(item, dict) else None
    return item_id if isinstance(item_id, str) else ""


def _meant_keys(errors: Iterable[ValidationError]) -> Iterator[tuple[Location, str]]:
    """Return the keys that are there under a name that is nearly theirs: they are not missing."""
    for error in errors:
        if error.validator == "additionalProperties":
            properties: Any = error.schema
            item: Any = error.instance
            for key in item:
                if nearest := _nearest_key(key, properties["properties"]):
                    yield tuple(error.absolute_path), nearest


def _nearest_key(key: object, properties: Mapping[str, object]) -> str:
    """Return the key that one without a schema was meant for, however it is accented."""
    if key in properties:
        return ""
    names = {normalise(name): name for name in properties}
    plain = normalise(str(key))
    close = nearest(plain, names, _ALIKE)
    return names.get(plain) or (names[close] if close else "")


def _commented(document: Document, location: Location, key: str) -> int | None:
    """Return the line of an item where a sign # puts a key out of use."""
    start = document.line(location)
    end = _line_of_next(document, location) or start + _LONGEST_ITEM
    return next(
        (line for line, name in document.notes if name == key and start <= line < end), None
    )


def _line_of_next(document: Document, location: Location) -> int | None:
    """Return the line of the item after the one that a place lies in, at any depth."""
    for depth in range(len(location), 0, -1):
        number = location[depth - 1]
        if isinstance(number, int):
            return document.lines.get((*location[: depth - 1], number + 1))
    return None


def _explain(
    document: Document, error: ValidationError, meant: set[tuple[Location, str]]
) -> Iterator[Problem]:
    location: Location = tuple(error.absolute_path)
    at = place_of(document, location)
    item: Any = error.instance
    required: Any = error.validator_value
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, error, location)
    elif error.validator == "required":
        missing = [key for key in required if key not in item and (location, key) not in meant]
        # jsonschema reports one error for each missing key, and names the key only in its text.
        named = next((key for key in missing if f"'{key}'" in error.message), None)
        yield from _missing(document, location, missing, named)
    elif error.validator == "type" and error.validator_value == "array" and isinstance(item, str):
        yield _list_wanted(location, item.strip(), at)
    elif error.validator == "type" and location[:1] == ("abreviations",) and item:
        yield problem("idea_among_abbreviations", at)
    else:
        code, values = _reason(error)
        yield problem(code, at, **values)


def _list_wanted(location: Location, text: str, at: Place) -> Problem:
    if location[0] == "idees":
        return problem("idea_wanted", at, example=f"{location[-1]}: [{text[:_LONGEST_EXAMPLE]}]")
    if "\n" in text or len(text) > _LONGEST_EXAMPLE:
        return problem("dashes_wanted", at, key=location[-1])
    listed = re.sub(r"\s*;\s*", ", ", text)
    return problem("list_wanted", at, example=f"{location[-1]}: [{listed}]")


def _missing(
    document: Document, location: Location, keys: list[str], named: str | None
) -> Iterator[Problem]:
    """Tell a key that a sign # puts out of use at its line; all others together, at the first."""
    at = place_of(document, location)
    lines = {key: _commented(document, location, key) for key in keys}
    gone = [key for key, line in lines.items() if line is None]
    if named is not None and (line := lines[named]) is not None:
        yield problem("commented_key", replace(at, line=line), key=named)
    elif gone and named == gone[0]:
        if len(gone) == 1:
            yield problem("required", at, key=named)
        else:
            yield problem("required_keys", at, keys=", ".join(gone))


def _unknown_keys(
    document: Document, error: ValidationError, location: Location
) -> Iterator[Problem]:
    schema: Any = error.schema
    item: Any = error.instance
    properties = schema["properties"]
    for key in item:
        if key not in properties:
            close = _nearest_key(key, properties)
            nearest = words("nearest").format(key=close) if close else ""
            at = place_of(document, (*location, str(key)))
            yield problem("unknown_key", at, key=key, nearest=nearest)


def _reason(error: ValidationError) -> tuple[str, dict[str, object]]:
    value: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "type":
        kind = limit if isinstance(limit, str) else limit[0]
        return "type", {"expected": words("expected")[kind]}
    if error.validator == "enum":
        return _not_allowed(value, list(_each_once(limit)))
    if error.validator == "pattern":
        if limit == r"\S":
            return "blank", {}
        return "pattern", {"value": value.strip(), "example": _as_id(value)}
    if error.validator in {"maxLength", "minItems", "maxItems"}:
        codes = {"maxLength": "too_long", "minItems": "too_few", "maxItems": "too_many_items"}
        length = units(value) if isinstance(value, str) else len(value)
        return codes[str(error.validator)], {"length": length, "limit": limit}
    return reason_of_date(value) if error.validator == "format" else ("other", {})


def _not_allowed(value: object, allowed: list[str]) -> tuple[str, dict[str, object]]:
    """Return the code and the values of what to tell of a value that is none of those wanted."""
    listed = ", ".join(allowed)
    if not isinstance(value, str):
        return "one_word", {"allowed": listed}
    close = _nearest_key(value, dict.fromkeys(allowed))
    nearest = words("nearest").format(key=close) if close else ""
    return "enum", {"value": value, "allowed": listed, "nearest": nearest}


def _as_id(value: str) -> str:
    """Return the words that show how a text would be written as an id; none if it has no letter."""
    name = normalise(value).replace(" ", "-")
    shown: str = words("id_example")
    return shown.format(id=name) if name else ""


def _each_once(values: Iterable[object]) -> Iterable[str]:
    """Return the values that may be written, each once: "oui" may begin with a capital."""
    return dict.fromkeys(str(value).lower() for value in values)
