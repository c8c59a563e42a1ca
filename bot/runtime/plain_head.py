"""Reads the head of a plain GET in one step, where it leaves no doubt.

The server's parser calls back for each header, which takes longer than all else that a page from
memory needs. Whatever is not exactly of this form (RFC 9112, with nothing of what a server may
tolerate) is left to the parser.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

# Browsers send less than a kilobyte.
_LONGEST = 4096
_NAME, _VALUE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++", rb"[ -~]*+"
_GET = re.compile(rb"GET (/[!-~]*+) HTTP/1\.([01])\r\n((?:%b: %b\r\n)*+)\r\n" % (_NAME, _VALUE))
_FIELDS = re.compile(rb"(%b): (%b)\r\n" % (_NAME, _VALUE))
# With one of these, a request has a body, or asks for more than an answer.
_DOUBTFUL = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
# Whether the client may ask again, by the version and what it says of the connection.
_GOES_ON = {(b"1", b"keep-alive"): True, (b"1", b"close"): False, (b"0", b"close"): False}
_UNSAID = {b"1": b"keep-alive", b"0": b"close"}


class PlainGet(NamedTuple):
    """One whole GET; the names of its headers are in lower case."""

    target: bytes
    headers: Mapping[bytes, bytes]
    # Whether the client may ask again on the same connection.
    goes_on: bool


def read_plain_get(data: bytes) -> PlainGet | None:
    """Return what one whole GET says; None in any doubt."""
    if len(data) > _LONGEST:
        return None
    match = _GET.fullmatch(data)
    if match is None:
        return None
    target, version, lines = match.groups()
    fields = _FIELDS.findall(lines)
    headers = {name.lower(): value.strip(b" ") for name, value in fields}
    # A header that comes twice may say two things.
    if len(headers) < len(fields) or not _DOUBTFUL.isdisjoint(headers):
        return None
    said = headers.get(b"connection", _UNSAID[version]).lower()
    goes_on = _GOES_ON.get((version, said))
    return None if goes_on is None else PlainGet(target, headers, goes_on)
