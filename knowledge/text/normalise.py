"""Bring typed French to one form, so that texts that differ only in writing compare equal."""

import re
import unicodedata

# Characters; Telegram's own limit for a message.
LONGEST = 4096
# Letters that Unicode does not decompose: ligatures, letters with a stroke, the dotless i.
_LETTERS = {0x153: "oe", 0xE6: "ae", 0xF8: "o", 0x111: "d", 0x142: "l", 0x131: "i"}
# Phones and scanners write these for apostrophes and accents, but Unicode counts them as letters.
_APOSTROPHES = dict.fromkeys([*range(0x2B9, 0x2C0), 0x2C8, 0x2CA, 0x2CB, 0xA78B, 0xA78C], " ")
_NOT_WORDS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Return lower-case words without accents, apostrophes or punctuation, one space apart.

    Digits and letters of other scripts stay. Idempotent; reads and returns at most ``LONGEST``
    characters.
    """
    read = " ".join(text.split())[:LONGEST]
    if read.isascii():
        return _NOT_WORDS.sub(" ", read.lower()).strip()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", read).casefold())
    # Few different letters make a text: each is looked up once.
    gone = dict.fromkeys(ord(c) for c in set(folded) if not c.isascii() and _leaves_no_trace(c))
    bare = folded.translate(_LETTERS | _APOSTROPHES | gone)
    composed = unicodedata.normalize("NFKC", bare)
    # Some characters fold to several, so the text may have grown past the limit.
    return _NOT_WORDS.sub(" ", composed)[:LONGEST].strip()


def _leaves_no_trace(character: str) -> bool:
    """Tell accents and invisible characters: soft hyphens, joiners, marks of direction."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Cf"
