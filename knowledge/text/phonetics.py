"""A rough phonetic form of French, which makes words typed by ear resemble their spelling.

"kel finensman", "quel financement" and "quelle finencement" come close to one another. The rules
are applied in order to a normalised text. They need not be phonetically right: both texts that are
compared go through the same rules.
"""

import re

_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"qu", "k"),
        (r"q", "k"),
        (r"c(?=[eiy])", "s"),
        (r"ch", "\x01"),
        (r"ck?", "k"),
        ("\x01", "ch"),
        (r"ph", "f"),
        (r"gu(?=[ei])", "g"),
        (r"eaux?|aux?", "o"),
        (r"(?:ait|ais|aient|ai|ei|et|er|ez|es)\b", "e"),
        (r"ai|ei", "e"),
        (r"y", "i"),
        (r"(.)\1", r"\1"),
        (r"(?<!c)h", ""),
        (r"(?<=\w{2})[tdsxep]\b", ""),
        (r"z", "s"),
        (r"en|em|am", "an"),
    )
)


def sound(normalised: str) -> str:
    """Return the phonetic form of a normalised text."""
    for pattern, replacement in _RULES:
        normalised = pattern.sub(replacement, normalised)
    return normalised
