"""The links that open the bot on a project, an answer or its welcome, and tell where they stood.

Telegram passes on up to 64 characters of ``A-Z a-z 0-9 _ -`` (Bot API, "Deep linking"). A parameter
is a kind, an id and, for other sources than a plain link, a letter: ``p_usinage-partage_a`` is the
project of that id, from a poster. Ids hold no underscore, so that the parts are never mistaken.
Links are printed and kept: no letter here may ever change its meaning.
"""

import enum
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 64
# What stands around an id: its kind and an underscore, an underscore and its source.
_AROUND = 4
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A capital, which no id holds, tells a digest from an id.
_SHORT = "H"
_DIGEST_BYTES = 8
_PARAMETER = re.compile(
    r"(?P<kind>[pq])_(?P<id>[a-z0-9]+(?:-[a-z0-9]+)*|H[0-9a-f]{16})(?:_(?P<source>[a-z]))?"
    r"|h(?:_(?P<home>[a-z]))?"
)


class LinkKind(enum.StrEnum):
    """What a link opens; the value is what its parameter begins with."""

    PROJECT = "p"
    ANSWER = "q"
    HOME = "h"


class Source(enum.StrEnum):
    """Where a link stood; the value is the letter that says so, empty for a plain link."""

    LINK = ""
    POSTER = "a"
    PAGE = "w"
    INLINE = "i"
    SHARED = "s"


@dataclass(frozen=True, slots=True)
class Start:
    """What a parameter says; ``id`` may be the short form of a long id, and is empty for home."""

    kind: LinkKind
    id: str = ""
    source: Source = Source.LINK

    @property
    def words(self) -> str:
        """The words that the id is made of, which tell what is meant after it is gone."""
        return "" if self.id.startswith(_SHORT) else self.id.replace("-", " ")

    def among(self, ids: Collection[str]) -> str | None:
        """Return which of these ids is meant; None where it is none of them."""
        if not self.id.startswith(_SHORT):
            return self.id if self.id in ids else None
        return next((one for one in ids if _written(one) == self.id), None)


def parameter_of(kind: LinkKind, id_: str = "", source: Source = Source.LINK) -> str:
    """Return the parameter of a link, of 64 characters at most; empty for a plain link home.

    An id that does not fit, or that Telegram would not pass on, is written by a digest of it.
    """
    if kind is LinkKind.HOME:
        return f"{kind}_{source}" if source else ""
    written = f"{kind}_{_written(id_)}"
    return f"{written}_{source}" if source else written


def link_to(bot: str, kind: LinkKind, id_: str = "", source: Source = Source.LINK) -> str:
    """Return the address that opens the bot of this user name (without ``@``)."""
    parameter = parameter_of(kind, id_, source)
    return f"https://t.me/{bot}?start={parameter}" if parameter else f"https://t.me/{bot}"


def parsed(parameter: str) -> Start | None:
    """Return what a parameter says; None where no link of ours says so.

    A source that is not known, maybe of a later version, counts as a plain link.
    """
    match = _PARAMETER.fullmatch(parameter) if len(parameter) <= LONGEST else None
    if match is None:
        return None
    if match["kind"] is None:
        return Start(LinkKind.HOME, source=_source(match["home"]))
    return Start(LinkKind(match["kind"]), match["id"], _source(match["source"]))


def _written(id_: str) -> str:
    if len(id_) <= LONGEST - _AROUND and _ID.fullmatch(id_):
        return id_
    encoded = id_.encode("utf-8", "surrogatepass")
    return _SHORT + hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()


def _source(letter: str | None) -> Source:
    try:
        return Source(letter or "")
    except ValueError:
        return Source.LINK
