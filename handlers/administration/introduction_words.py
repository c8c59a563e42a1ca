"""What both sides read when they are put in touch, and the buttons to copy it."""

import re
import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager

from markupsafe import Markup

from handlers.administration.recipients import Recipient
from handlers.core.keyboards import LONGEST_COPY, Button, copying
from handlers.core.posting import Posting
from handlers.messages import FRENCH, Catalogue
from handlers.requests import agreement, reach, telling
from knowledge.text.length import units
from storage.records.interests import ContactKind, EventKind, Interest, Particulars

TEXT = Catalogue.of("introduction")
# With more buttons than this, copying is no longer one tap or nearly: the text itself is shown.
_MOST_PARTS = 3
# A word, and the space or the line break after it.
_WORD = re.compile(r"\S+\s*")


def particulars_of(recipient: Recipient) -> Particulars:
    """Return what goes with the move: the history says with whom."""
    return Particulars(note=recipient.named.name)


async def told(posting: Posting, interest: Interest, recipient: Recipient) -> Markup:
    """Return what the firm will read, in its language."""
    with await _as_read(posting, interest):
        said = telling.text(
            posting.services, interest, EventKind.INTRODUCE, particulars_of(recipient)
        )
    return Markup(said)  # noqa: S704 - the catalogue has escaped what people typed


async def question(posting: Posting, interest: Interest, recipient: Recipient) -> Markup:
    """Return what the firm is asked, in its language."""
    with await _as_read(posting, interest):
        asked = agreement.question(posting, interest, recipient.named)
    return Markup(asked)  # noqa: S704 - as above


async def _as_read(posting: Posting, interest: Interest) -> AbstractContextManager[None]:
    person = await reach.person_of(posting, interest)
    return reach.as_read(person, person.tongue.language if person else FRENCH)


def lead_message(posting: Posting, interest: Interest, recipient: Recipient) -> str:
    """Return what the lead will read: plain text."""
    identity = posting.services.identity
    return TEXT.label("lead_message", interest=interest, recipient=recipient, identity=identity)


def by_mail(posting: Posting, recipient: Recipient) -> bool:
    """Tell whether the lead is written to by e-mail, or by an administrator."""
    return bool(recipient.email) and posting.services.can_mail


def is_unreachable(interest: Interest) -> bool:
    """Tell whether a lead could not write to the firm: its account has no public name."""
    is_telegram = interest.contact_kind is ContactKind.TELEGRAM
    return is_telegram and not interest.contact.startswith("@")


def fingerprint(*texts: str) -> str:
    """Return what a confirmation carries, so that what is sent is what was shown."""
    return format(zlib.crc32("\n".join(texts).encode()), "x")


def copy_buttons(interest: Interest, message: str) -> Iterable[Button]:
    """Return buttons that copy the message, in parts of what Telegram takes."""
    parts = _parts(message)
    if len(parts) > _MOST_PARTS:
        essential = TEXT.label("lead_essential", interest=interest)
        return [copying(TEXT.label("copy_essential"), essential)]
    if len(parts) == 1:
        return [copying(TEXT.label("copy_whole"), message)]
    return [
        copying(TEXT.label("copy_part", number=number, count=len(parts)), part)
        for number, part in enumerate(parts, 1)
    ]


def _parts(message: str) -> list[str]:
    """Divide a text between words."""
    parts = [""]
    for word in _WORD.findall(message):
        if units(f"{parts[-1]}{word}".strip()) <= LONGEST_COPY:
            parts[-1] += word
        else:
            parts.append(word)
    return [part.strip() for part in parts if part.strip()]
