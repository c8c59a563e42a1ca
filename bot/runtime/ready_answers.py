"""Answers that are ready as they go over the wire, and which of them a GET asks for."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

# By the target of a GET, at the root of a host.
ReadyAnswers: TypeAlias = Mapping[bytes, "ReadyAnswer"]
_NEVER = frozenset({b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"})


@dataclass(frozen=True, slots=True)
class WireForm:
    """An answer in one encoding: whole and, for a client that has it, "not modified"."""

    tag: bytes
    whole: bytes = field(repr=False)
    unchanged: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """An answer, plain and packed; both are the same where packing gains nothing."""

    plain: WireForm
    packed: WireForm
    # Whether what follows a question mark in the target asks for something else.
    heeds_query: bool = False

    def to(self, headers: Mapping[bytes, bytes]) -> bytes:
        """Return what is sent for a GET with these headers, whose names are in lower case."""
        form = self.packed if accepts_gzip(headers.get(b"accept-encoding", b"")) else self.plain
        known = headers.get(b"if-none-match")
        return form.unchanged if known is not None and holds(known, form.tag) else form.whole


def found(answers: ReadyAnswers, target: bytes) -> ReadyAnswer | None:
    """Return the answer to a GET; shared links come with queries of their own (``?fbclid=…``)."""
    answer = answers.get(target)
    if answer is None and b"?" in target:
        answer = answers.get(target.partition(b"?")[0])
        if answer is not None and answer.heeds_query:
            return None
    return answer


@functools.lru_cache(maxsize=64)
def accepts_gzip(value: bytes) -> bool:
    """Tell whether a client understands gzip, by its Accept-Encoding."""
    for each in value.lower().split(b","):
        coding, _, weight = each.partition(b";")
        if coding.strip() in {b"gzip", b"x-gzip"}:
            return weight.strip().replace(b" ", b"") not in _NEVER
    return False


def holds(known: bytes, tag: bytes) -> bool:
    """Tell whether a tag is among those of If-None-Match, compared weakly (RFC 9110, 13.1.2)."""
    given = {each.strip().removeprefix(b"W/") for each in known.split(b",")}
    return tag in given or b"*" in given
