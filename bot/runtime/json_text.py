"""Reading JSON from outside: as Telegram sends it, or strictly.

No text, whatever it is, makes either function raise anything but ValueError.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import orjson

# More than any call of the Bot API; the rest of the program walks values by recursion.
_DEEPEST = 64
_DIGITS = 20


def read(content: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text as Telegram writes it; ValueError where it is none.

    Lone surrogates are accepted. Integers beyond 64 bits, which Telegram never sends, become
    floats.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # The slower parser reads lone surrogates and NaN.
        try:
            return json.loads(content)
        except RecursionError as error:
            raise ValueError("JSON nested too deep") from error


def read_strictly(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text that can be written again as it was; ValueError otherwise.

    Refused: deep nesting, a name twice in an object, numbers that no 64 bits hold, NaN, lone
    surrogates, bytes that are not UTF-8. The error says in a few words what is wrong.
    """
    try:
        # The fast parser refuses what is not Unicode; the other one sees names and numbers.
        orjson.loads(content)
        value = json.loads(
            content,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg}") from None
    if _depth_exceeds(value, _DEEPEST):
        raise ValueError("it is nested too deep")
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS or not -(2**63) <= (number := int(digits)) < 2**64:
        raise ValueError("a number is too large")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _depth_exceeds(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
