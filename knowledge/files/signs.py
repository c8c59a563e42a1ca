"""Signs that look like others, and what Word puts in their place; each has a French name."""

import re

from knowledge.files.problems import words

# Spaces that are no spaces for YAML: no-break, thin, ideographic…
ODD_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# What Word and phones begin the elements of a list with; a hyphen is what YAML wants.
BULLETS = "‐‑‒–—―−•·▪▫●○◦‣⁃∙►▶→➢✓✔■□*+"
# The letters of the fonts Symbol and Wingdings: what Word shows as a bullet, others as a box.
FONT_SIGNS = "\uf020-\uf0ff"
# Each opening mark and those that close it; Word and keyboards of other countries differ.
PAIRS = {
    "“": "”“",
    "”": "”",
    "„": "“”",
    "‟": "”",
    "«": "»",
    "»": "«»",
    "‘": "’",
    "’": "’",
    "‚": "’‘",
    "‹": "›",
    "″": "″",
}
CLOSING = {"”": "“„‟”", "»": "«", "›": "‹", "″": "″"}
# In ids, keys, dates and listed values: letters, digits, hyphens and spaces are all there is.
_ODD = re.compile(
    f"[{ODD_SPACES}\u00ad\u2010-\u2015\u2212\ufb00-\ufb06\uff01-\uff5e“”„«»‘’]", re.UNICODE
)


def name_of(sign: str) -> str:
    """Return the French name of a sign, and the sign itself where it can be seen."""
    names: dict[str, str] = words("signs")
    if re.fullmatch(f"[{FONT_SIGNS}]", sign):
        return names["font"]
    return names.get(sign) or words("sign").format(sign=sign)


def odd_sign(text: str) -> str | None:
    """Return the first sign of a text that no id, key or date has, though it may look right."""
    found = _ODD.search(text)
    return found[0] if found else None
