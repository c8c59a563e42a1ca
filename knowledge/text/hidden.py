"""Characters that nobody sees: controls, marks of direction, marks of no width.

They hide words, or turn around the text that follows, others' text too. Typography is not meant:
no-break spaces of French, soft hyphens, and what joins the parts of one emoji.
"""

import re

_SYMBOLS = "\u2190-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_TAGS = "\U000e0020-\U000e007f"
HIDDEN = re.compile(
    # U+0085 ends a line in YAML, as tabs, line feeds and carriage returns are everywhere.
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0001]"
    # A joiner is part of an emoji (a family, a profession) or of nothing.
    f"|(?<![{_SYMBOLS}\ufe0f])\u200d|\u200d(?![{_SYMBOLS}])"
    # The flags of England, Scotland and Wales are a black flag and a name in tags.
    f"|(?<![\U0001f3f4{_TAGS}])[{_TAGS}]"
)


def without_hidden(text: str) -> str:
    """Return the text without these characters."""
    while HIDDEN.search(text):
        # Again: a joiner may have stood beside a character that was removed.
        text = HIDDEN.sub("", text)
    return text
