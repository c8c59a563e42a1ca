"""What our files look like: their keys, and what stands under each."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_SCHEMAS = Path(__file__).parent / "schema"
LEXICON = "lexique.yaml"
ITEM_LISTS = ("entrees", "projets", "actes", "voix", "questions")
# The keys that hold a list, a text, or keys of their own.
LISTS = frozenset(
    ["variantes", "voir_aussi", "territoires", "filieres", "mots_cles", "attendu", "hors_sujet"]
)
TEXTS = frozenset(
    [
        "question",
        "titre",
        "reponse",
        "suite",
        "source",
        "service",
        "brouillon",
        "resume",
        "recherche",
        "nom",
        "chef_de_file",
        "courriel",
        "telephone",
        "territoire",
        "public",
        "exemple",
    ]
)
MAPPINGS = frozenset(
    {"en", "initiative", "formulations", "contact_chef_de_file", "abreviations", "idees"}
)
# Their keys are words that a person chooses.
FREE_MAPPINGS = frozenset({"formulations", "abreviations", "idees"})
# The key that each item of a list begins with.
FIRST_KEYS = {
    "entrees": "id",
    "projets": "id",
    "actes": "id",
    "voix": "nom",
    "questions": "question",
}


@cache
def known_keys() -> frozenset[str]:
    """Return the keys of all kinds of files."""
    schemas = [json.loads(path.read_text("utf-8")) for path in _SCHEMAS.glob("*.json")]
    return frozenset(key for schema in schemas for key in _keys(schema))


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from _keys(value)


@cache
def keys_under(owner: str) -> frozenset[str]:
    """Return the keys that may stand under one of the schemas; none under one with free keys.

    ``owner``: a list of items ("entrees"), a key of items that has keys of its own ("en"), or
    empty for what stands at the left of a file.
    """
    return frozenset(key for name, keys in _mappings() if name == owner for key in keys)


def _mappings() -> Iterator[tuple[str, frozenset[str]]]:
    for schema in (json.loads(path.read_text("utf-8")) for path in _SCHEMAS.glob("*.json")):
        yield "", frozenset(schema["properties"])
        for name, part in schema["properties"].items():
            properties = part.get("items", {}).get("properties", {})
            yield name, frozenset(properties)
            for key, value in properties.items():
                yield key, frozenset(value.get("properties", {}))
