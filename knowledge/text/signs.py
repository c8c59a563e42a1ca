"""Signs that no keyboard of a phone writes, and that a copied text brings along, made plain.

Word, web pages and PDF files put in soft hyphens, no-break spaces, full-width digits, marks stacked
on letters. They look like plain signs, or like nothing, and no check of a value expects them.
"""

import re
import unicodedata

from knowledge.text.hidden import without_hidden

# A word shown broken at the end of a line by it, in a document, is one word.
_SOFT_HYPHEN = "\u00ad"
_SPACES = re.compile("[\t\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_LINES = re.compile("\r\n?|[\u2028\u2029]")
_HYPHENS = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2212, 0xFE58, 0xFE63), "-")
# The full-width forms of ASCII stand as far from it as each other.
_WIDE, _FAR = range(0xFF01, 0xFF5F), 0xFF01 - 0x21
_PLAIN = str.maketrans(_HYPHENS | {code: chr(code - _FAR) for code in _WIDE})
# Digits drawn on a key, as emoji: a digit, a mark of variation, and the key around it.
_KEYS = re.compile("(?<=[0-9#*])\ufe0f?\u20e3")
# Letters of a typesetter joined in one sign, which a copied PDF file keeps, and letters drawn bold,
# slanted or doubled: fonts that posts on social networks imitate.
_DRAWN = re.compile("[\ufb00-\ufb06\U0001d400-\U0001d7ff]+")
# No language puts more than two marks on a letter, nor a stroke through each: that is ornament.
_MARK = "[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff]"
_ORNAMENT = re.compile(f"(?<=\\w)(?:{_MARK}{{3,}}|{_MARK}*[\u0334-\u0338])")
_STACKS = re.compile(f"{_MARK}{{2,}}|[\u0334-\u0338]")


def plain_signs(text: str) -> str:
    """Return a text in plain signs, in composed letters (NFC). Idempotent."""
    if text.isascii() and text.isprintable():
        return text
    seen = _KEYS.sub("", without_hidden(text).replace(_SOFT_HYPHEN, ""))
    drawn = _DRAWN.sub(lambda match: unicodedata.normalize("NFKC", match.group()), seen)
    plain = _SPACES.sub(" ", _LINES.sub("\n", drawn))
    composed = unicodedata.normalize("NFC", _unstacked(plain.translate(_PLAIN)))
    return "".join(_digit(each) if each.isdecimal() else each for each in composed)


def _unstacked(text: str) -> str:
    """Take the stacks of marks from the letters of a text that is ornamented so."""
    apart = unicodedata.normalize("NFD", text)
    return _STACKS.sub("", apart) if _ORNAMENT.search(apart) else text


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character))
