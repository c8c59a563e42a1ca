"""A knowledge is a value: nothing in it can be changed, nothing of it stays when it is replaced."""

import gc
import hashlib
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from types import FunctionType, MappingProxyType, MethodType, SimpleNamespace
from weakref import ref

import numpy as np
import pytest
from small_library import folder_of_a_test  # noqa: F401 (a fixture)
from yaml_files import data_of

import knowledge
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling, load
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.former_ranker import PreviousRanker
from knowledge.ranking.model_store import ModelStore

SHIPPED = Path(knowledge.__file__).parent
CHANGEABLE = (dict, list, set, bytearray, deque)
ATOMS = (str, bytes, int, float, type(None), date, Enum, re.Pattern, FunctionType)


class Vowels:
    """An encoder that counts some letters."""

    name = "vowels-1"

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[1 + text.count(c) for c in "aei"] for text in texts], dtype=np.float32)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def inside(
    value: object, path: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, object]]:
    """Give all that an object holds, each once, by how it is reached.

    Encoders are left out: they are the process's, shared by what was in service and what is.
    """
    seen = set() if seen is None else seen
    if isinstance(value, Vowels) or (id(value) in seen and not isinstance(value, ATOMS)):
        return
    seen.add(id(value))
    yield path, value
    for name, part in _parts(value):
        yield from inside(part, f"{path}.{name}", seen)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, ATOMS):
        return
    if isinstance(value, np.ndarray):
        yield "base", value.base
    elif isinstance(value, Mapping):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, tuple | frozenset | list | set):
        yield from ((f"[{number}]", part) for number, part in enumerate(value))
    elif isinstance(value, MethodType):
        yield "self", value.__self__
    else:
        yield from getattr(value, "__dict__", {}).items()
        for kind in type(value).__mro__:
            names = (name for name in vars(kind).get("__slots__", ()) if name != "__weakref__")
            yield from ((name, getattr(value, name)) for name in names if hasattr(value, name))


def changeable(value: object) -> list[str]:
    """Return where an object can be changed in place."""
    return [
        path
        for path, part in inside(value)
        if isinstance(part, CHANGEABLE) or (isinstance(part, np.ndarray) and part.flags.writeable)
    ]


def digest(value: object) -> str:
    """Return a hash of all that an object holds."""
    said = hashlib.sha256()
    for path, part in inside(value):
        known = part if isinstance(part, ATOMS) else type(part).__name__
        said.update(f"{path} {known!r}\n".encode("utf-8", "surrogatepass"))
        if isinstance(part, np.ndarray):
            said.update(part.tobytes())
    return said.hexdigest()


@pytest.fixture(params=["as it was learnt", "as it was kept", "by meaning"])
def known(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Knowledge:
    store = ModelStore(tmp_path / "models")
    encoder = Vowels() if request.param == "by meaning" else None
    if request.param == "as it was kept":
        load(folder, compiling=Compiling(store=store))
    return load(folder, compiling=Compiling(encoder, store=store))


def test_nothing_in_a_knowledge_can_be_changed(known: Knowledge) -> None:
    assert changeable(known) == []


def test_nothing_in_the_shipped_one_can_be_changed(shipped: Knowledge) -> None:
    assert changeable(shipped) == []


def test_what_can_be_changed_is_found_however_deep(shipped: Knowledge) -> None:
    paths = {path for path, _ in inside(shipped)}
    assert ".matcher._ranker._similarity._letters._values" in paths
    assert ".matcher._acts._owners" in paths
    held = MappingProxyType({"a": (SimpleNamespace(b=[1]), np.zeros(2))})
    assert changeable(held) == [".['a'].[0].b", ".['a'].[1]"]
    before = digest(held)
    held["a"][1][0] = 1.0
    assert digest(held) != before


def test_two_hundred_questions_leave_no_trace(shipped: Knowledge) -> None:
    voices = data_of((SHIPPED / "formulations.yaml").read_text("utf-8"))["voix"]
    asked = [text for voice in voices for texts in voice["formulations"].values() for text in texts]
    before = digest(shipped)
    for question in (*asked[:100], *(f"{text}, merci" for text in asked[100:200])):
        shipped.matcher.match(question)
    assert digest(shipped) == before


def test_a_former_knowledge_is_freed_without_the_collector(folder: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        first = load(folder, compiling=Compiling(Vowels()))
        first.matcher.match("mutualiser un équipement")
        assert first.ranker is not None
        ranker = PreviousRanker(PreviousRanker(first.ranker, ["talents"]), ["definition"])
        gone = (ref(first), ref(first.matcher), ref(first.census), ref(first.ranker))
        learnt = gone[-1]
        del first
        assert [one() for one in gone] == [None, None, None, learnt()]
        # A ranker that stands in for one that stood in holds what was learnt, and that alone.
        assert ranker.learnt is learnt()
        del ranker
        assert learnt() is None
    finally:
        gc.enable()
