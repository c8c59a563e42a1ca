"""The links of e-mails to pages: signed, expiring, and without personal data.

The team opens the page of one request, and who made requests by the pages opens theirs. A link
holds the id of the request or of the person, a digest of whom it was made for, and the day it ends,
under an HMAC (RFC 2104). Nothing is stored: whoever holds the key can tell a link that it made.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# The version of this layout, the request, its recipient, the end (seconds since 1970), the code.
_LAYOUT = struct.Struct(">BQ6sI")
_VERSION = 1
_CODE_BYTES = 16
_RECIPIENT_BYTES = 6
# The code of a link to follow one's requests; that of the team's links is another one.
_TEAM, _VISITOR, _RECEIPT = b"link", b"follow", b"receipt"
# What base64 makes of the above.
_SIGNS = 47
_FORM = struct.Struct(">Q")
_FORM_SIGNS = 32
# Of a form that anybody may fill: a key of its own, and when it was shown (seconds since 1970).
_STAMP = struct.Struct(">12sI")
_STAMP_SIGNS = 43
_STAMP_VALID = timedelta(hours=24)
_RECEIPT_VALID = timedelta(hours=1)


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


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a form that anybody may fill brings back: its own key, and when it was shown."""

    key: bytes
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class FollowLink:
    """What the link of a visitor says; ``account`` is as `PageLinks.account` gives it."""

    person_id: int
    account: bytes
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
        until = self.until(now)
        token = self._token(_TEAM, interest_id, self.recipient(recipient), until)
        return f"{self._address}/demande/{token}"

    def to_follow(self, person_id: int, account: int, now: datetime) -> str:
        """Return the address of the page on which a visitor follows what they sent.

        The number of their account is part of it: ids begin anew in another database.
        """
        return f"{self._address}/suivi/{self.follow_token(person_id, account, now)}"

    def follow_token(self, person_id: int, account: int, now: datetime) -> str:
        """Return the end of that address."""
        return self._token(_VISITOR, person_id, self.account(account), self.until(now))

    def receipt_token(self, person_id: int, account: int, now: datetime) -> str:
        """Return the end of the address of a receipt, which is shown for an hour."""
        return self._token(_RECEIPT, person_id, self.account(account), now + _RECEIPT_VALID)

    def until(self, now: datetime) -> datetime:
        """Return when a link made now ends."""
        return now + self._valid

    def account(self, number: int) -> bytes:
        """Return what stands for a visitor's account in a link."""
        return self._code(b"account", str(number).encode())[:_RECIPIENT_BYTES]

    def _token(self, purpose: bytes, number: int, who: bytes, until: datetime) -> str:
        content = _LAYOUT.pack(_VERSION, number, who, int(until.timestamp()))
        return _written(content + self._code(purpose, content))

    def recipient(self, address: str) -> bytes:
        """Return what stands for an e-mail address in a link."""
        return self._code(b"recipient", address.strip().lower().encode())[:_RECIPIENT_BYTES]

    def read(self, token: str, now: datetime) -> PageLink:
        """Return what a link says; BadLinkError if it is not ours, ExpiredLinkError if too old."""
        return PageLink(*self._read(_TEAM, token, now))

    def read_follow(self, token: str, now: datetime) -> FollowLink:
        """Return what a visitor's link says; it raises what `read` raises."""
        return FollowLink(*self._read(_VISITOR, token, now))

    def read_receipt(self, token: str, now: datetime) -> FollowLink:
        """Return whose receipt it is; it raises what `read` raises."""
        return FollowLink(*self._read(_RECEIPT, token, now))

    def stamp(self, form: str, now: datetime) -> str:
        """Return what a form that anybody may fill must bring back; ``form`` names it."""
        content = _STAMP.pack(secrets.token_bytes(12), int(now.timestamp()))
        return _written(content + self._code(b"stamp", form.encode() + content))

    def read_stamp(self, text: str, form: str, now: datetime) -> Stamp:
        """Return what a form brought back; BadLinkError, ExpiredLinkError if shown a day ago."""
        whole = _read(text, _STAMP_SIGNS)
        content, code = whole[:-_CODE_BYTES], whole[-_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(b"stamp", form.encode() + content)):
            raise BadLinkError
        key, seconds = _STAMP.unpack(content)
        shown_at = datetime.fromtimestamp(seconds, UTC)
        if now - shown_at > _STAMP_VALID:
            raise ExpiredLinkError
        return Stamp(key, shown_at)

    def _read(self, purpose: bytes, token: str, now: datetime) -> tuple[int, bytes, datetime]:
        whole = _read(token, _SIGNS)
        content, code = whole[:-_CODE_BYTES], whole[-_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(purpose, content)):
            raise BadLinkError
        version, number, who, seconds = _LAYOUT.unpack(content)
        until = datetime.fromtimestamp(seconds, UTC)
        if version != _VERSION:
            raise BadLinkError
        if until <= now:
            raise ExpiredLinkError
        return number, who, until

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

    def alias(self, name: str, day: str) -> str:
        """Return what stands for a network or an address during one day, to count what it sends.

        The next day it is another text, and nobody can try names out without the key.
        """
        return self._code(b"alias", f"{day} {name}".encode()).hex()

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
