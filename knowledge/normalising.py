"""French as it is typed, brought to one form, so that like texts compare equal."""

import re
import unicodedata

# Telegram's own limit is 4,096; what matters in a question comes well before.
LONGEST = 4096
_LIGATURES = {0x153: "oe", 0xE6: "ae", 0xDF: "ss", 0x142: "l"}
_NOT_WORDS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Return lower-case words without accents, apostrophes or punctuation, one space apart.

    Digits stay, and so do letters of other scripts. Idempotent; at most ``LONGEST`` characters
    are read.
    """
    folded = unicodedata.normalize("NFKD", text[:LONGEST].casefold()).casefold()
    bare = "".join(c for c in folded if not unicodedata.combining(c)).translate(_LIGATURES)
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", bare)).strip()
