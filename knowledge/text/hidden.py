"""Characters that nobody sees: controls, marks of direction, marks of no width, fillers.

They hide words, or turn around the text that follows, others' text too. Typography is not meant:
no-break spaces of French, soft hyphens, and what joins the parts of one emoji.
"""

import re

_SYMBOLS = "\u2190-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_TAGS = "\U000e0020-\U000e007f"
# Unicode, "Default_Ignorable_Code_Point", of any script: a name of these alone looks like none.
_FILLERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e0fff"
)
# No characters at all, for ever: two at the end of each plane, and a row of others.
_NONE = "\ufdd0-\ufdef" + "".join(
    chr((plane << 16) + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
)
_ALWAYS = (
    # U+0085 ends a line in YAML, as tabs, line feeds and carriage returns are everywhere.
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200c\u200e\u200f\u202a-\u202e"
    f"\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff{_FILLERS}{_NONE}"
)
HIDDEN = re.compile(
    f"[{_ALWAYS}]"
    # A joiner is part of an emoji (a family, a profession) or of nothing.
    f"|(?<![{_SYMBOLS}\ufe0f])\u200d|\u200d(?![{_SYMBOLS}])"
    # The flags of England, Scotland and Wales are a black flag and a name in tags.
    f"|(?<![\U0001f3f4{_TAGS}])[{_TAGS}]"
)
# Whatever may be hidden, by what stands beside it: quicker to look for.
MAY_HIDE = re.compile(f"[{_ALWAYS}\u200d{_TAGS}]")


def without_hidden(text: str) -> str:
    """Return the text without these characters."""
    while HIDDEN.search(text):
        # Again: a joiner may have stood beside a character that was removed.
        text = HIDDEN.sub("", text)
    return text
