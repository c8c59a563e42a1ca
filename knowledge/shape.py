"""The shape of the files, held to their JSON Schemas, which editors use as well."""

import difflib
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from knowledge.problems import Place, Problem, place, problem, words
from knowledge.yaml_files import Document, Location

_SCHEMAS = Path(__file__).parent / "schema"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TOP_KEYS = {
    "faq": "entrees",
    "projets": "projets",
    "politesses": "politesses",
    "formulations": "voix",
    "lexique": "idees",
}


def check_shape(document: Document, kind: str) -> Iterator[Problem]:
    """Find all that the schema of this kind of file ("faq", "projets", "politesses"…) refuses."""
    key = _TOP_KEYS[kind]
    if not isinstance(document.data, dict) or not document.data.get(key):
        yield problem("empty", Place(document.file), key=key)
        return
    for error in _validator(kind).iter_errors(document.data):
        yield from _explain(document, error)


def day_of(value: object) -> date | None:
    """Return the date of a text such as 2026-11-23; None where it is none."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def place_of(document: Document, location: Location) -> Place:
    """Return the place of a value: its line, and its entry and key in words."""
    return Place(document.file, document.line(location), _where(document, location))


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    formats = FormatChecker(formats=())
    # What is no text is told by its type already.
    formats.checks("date")(lambda value: not isinstance(value, str) or day_of(value) is not None)
    return Draft202012Validator(schema, format_checker=formats)


def _where(document: Document, location: Location) -> str:
    """Return the words for a place: which entry, which key."""
    if len(location) < 2 or not isinstance(location[1], int):  # noqa: PLR2004 - key, index
        return place("top", key=location[0]) if location else ""
    kind = words("places")[str(location[0])]
    item = document.data[location[0]][location[1]]
    number = int(location[1]) + 1
    if isinstance(item, dict) and isinstance(item.get("id"), str):
        name = place("item", kind=kind, id=item["id"])
    else:
        name = place("item_number", kind=kind, number=number)
    keys = [str(part) for part in location[2:] if isinstance(part, str)]
    return place("key", item=name, key=keys[0]) if keys else name


def _explain(document: Document, error: ValidationError) -> Iterator[Problem]:
    location: Location = tuple(error.absolute_path)
    at = place_of(document, location)
    item: Any = error.instance
    required: Any = error.validator_value
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, error, location)
    elif error.validator == "required":
        for key in required:
            # The library makes one error for each key that is missing.
            if key not in item and f"'{key}'" in error.message:
                yield problem("required", at, key=key)
    else:
        code, values = _reason(error)
        yield problem(code, at, **values)


def _unknown_keys(
    document: Document, error: ValidationError, location: Location
) -> Iterator[Problem]:
    schema: Any = error.schema
    item: Any = error.instance
    known = schema["properties"]
    for key in item:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            nearest = words("nearest").format(key=close[0]) if close else ""
            at = place_of(document, (*location, str(key)))
            yield problem("unknown_key", at, key=key, nearest=nearest)


def _reason(error: ValidationError) -> tuple[str, dict[str, object]]:
    value: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "type":
        kind = limit if isinstance(limit, str) else limit[0]
        return "type", {"expected": words("expected")[kind]}
    if error.validator == "enum":
        return "enum", {"value": value, "allowed": ", ".join(map(str, limit))}
    if error.validator == "pattern":
        return ("blank", {}) if limit == r"\S" else ("pattern", {"value": value.strip()})
    if error.validator in {"maxLength", "minItems", "maxItems"}:
        codes = {"maxLength": "too_long", "minItems": "too_few", "maxItems": "too_many_items"}
        return codes[str(error.validator)], {"length": len(value), "limit": limit}
    return ("date", {"value": value}) if error.validator == "format" else ("other", {})
