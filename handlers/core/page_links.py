"""The links of e-mails to the page of one request: signed, expiring, and without personal data.

A link holds the id of the request, a digest of whom it was sent to, and the day it ends, under an
HMAC (RFC 2104). Nothing is stored: whoever holds the key can tell a link that it made.
"""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# The version of this layout, the request, its recipient, the end (seconds since 1970), the code.
_LAYOUT = struct.Struct(">BQ6sI")
_VERSION = 1
_CODE_BYTES = 16
_RECIPIENT_BYTES = 6
# What base64 makes of the above.
_SIGNS = 47
_FORM = struct.Struct(">Q")
_FORM_SIGNS = 32


class BadLinkError(Exception):
    """Nobody who has the key made this link, or its recipient has left the team."""


class ExpiredLinkError(Exception):
    """The link was made here, and its time is over."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """What a link says; ``recipient`` is as `PageLinks.recipient` gives it."""

    interest_id: int
    recipient: bytes
    until: datetime


class PageLinks:
    """Makes links and reads them; ``key`` is secret, and the same for all processes."""

    def __init__(self, address: str, key: bytes, valid: timedelta) -> None:
        """``address`` is the public one, without a path."""
        self._address = address.rstrip("/")
        self._key = key
        self._valid = valid

    def to_request(self, interest_id: int, recipient: str, now: datetime) -> str:
        """Return the address of the page of a request, for one e-mail address."""
        until = int((now + self._valid).timestamp())
        content = _LAYOUT.pack(_VERSION, interest_id, self.recipient(recipient), until)
        return f"{self._address}/demande/{_written(content + self._code(b'link', content))}"

    def recipient(self, address: str) -> bytes:
        """Return what stands for an e-mail address in a link."""
        return self._code(b"recipient", address.strip().lower().encode())[:_RECIPIENT_BYTES]

    def read(self, token: str, now: datetime) -> PageLink:
        """Return what a link says; BadLinkError if it is not ours, ExpiredLinkError if too old."""
        whole = _read(token, _SIGNS)
        content, code = whole[:-_CODE_BYTES], whole[-_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(b"link", content)):
            raise BadLinkError
        version, interest_id, recipient, seconds = _LAYOUT.unpack(content)
        until = datetime.fromtimestamp(seconds, UTC)
        if version != _VERSION:
            raise BadLinkError
        if until <= now:
            raise ExpiredLinkError
        return PageLink(interest_id, recipient, until)

    def form(self, token: str, act: str, seen: datetime) -> str:
        """Return what a form of this page must bring back: for this act, on what was seen."""
        content = _FORM.pack(_microseconds(seen))
        return _written(content + self._code_of_form(token, act, content))

    def seen(self, form: str, token: str, act: str) -> int:
        """Return when what the form's reader saw had changed last, in microseconds since 1970.

        Raises BadLinkError where no page of ours held this form.
        """
        whole = _read(form, _FORM_SIGNS)
        content, code = whole[:-_CODE_BYTES], whole[-_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code_of_form(token, act, content)):
            raise BadLinkError
        return int(_FORM.unpack(content)[0])

    def is_of(self, seen: int, changed: datetime) -> bool:
        """Tell whether nothing has changed since a form was shown."""
        return seen == _microseconds(changed)

    def _code_of_form(self, token: str, act: str, content: bytes) -> bytes:
        return self._code(b"form", f"{token} {act} ".encode() + content)

    def _code(self, purpose: bytes, content: bytes) -> bytes:
        # The purpose keeps a code of one kind from being taken for one of another.
        signed = hmac.digest(self._key, purpose + b"\0" + content, hashlib.sha256)
        return signed[:_CODE_BYTES]


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _read(text: str, signs: int) -> bytes:
    if len(text) != signs or not text.isascii():
        raise BadLinkError
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadLinkError from None
    # Several texts may decode to the same bytes: only the one that was written counts.
    if _written(content) != text:
        raise BadLinkError
    return content
