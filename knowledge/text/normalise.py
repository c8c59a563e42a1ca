"""French as it is typed, brought to one form, so that like texts compare equal."""

import re
import unicodedata

# Telegram's own limit is 4,096; what matters in a question comes well before.
LONGEST = 4096
# What Unicode does not take apart: ligatures, and letters with a stroke.
_LETTERS = {0x153: "oe", 0xE6: "ae", 0xF8: "o", 0x111: "d", 0x142: "l", 0x131: "i"}
# Unicode counts these as letters; phones and scanners write them for apostrophes and accents.
_APOSTROPHES = dict.fromkeys([*range(0x2B9, 0x2C0), 0x2C8, 0x2CA, 0x2CB, 0xA78B, 0xA78C], " ")
_NOT_WORDS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Return lower-case words without accents, apostrophes or punctuation, one space apart.

    Digits stay, and so do letters of other scripts. Idempotent; at most ``LONGEST`` characters
    are read, and returned.
    """
    read = " ".join(text.split())[:LONGEST]
    if read.isascii():
        return _NOT_WORDS.sub(" ", read.lower()).strip()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", read).casefold())
    bare = "".join(c for c in folded if not _leaves_no_trace(c))
    composed = unicodedata.normalize("NFKC", bare.translate(_LETTERS | _APOSTROPHES))
    # Some characters fold to many.
    return _NOT_WORDS.sub(" ", composed)[:LONGEST].strip()


def _leaves_no_trace(character: str) -> bool:
    """Tell accents, and what is there but not seen: soft hyphens, joiners, marks of direction."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Cf"
