"""Reads the head of a plain GET in one step, where it leaves no doubt.

The server's parser calls back for each header, which takes longer than all else that a page from
memory needs. Whatever is not exactly of this form (RFC 9112, with nothing of what a server may
tolerate) is left to the parser.
"""

import re

# Browsers send less than a kilobyte.
_LONGEST = 4096
_NAME, _VALUE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++", rb"[ -~]*+"
_GET = re.compile(rb"GET (/[!-~]*+) HTTP/1\.1\r\n((?:%b: %b\r\n)*+)\r\n" % (_NAME, _VALUE))
_FIELDS = re.compile(rb"(%b): (%b)\r\n" % (_NAME, _VALUE))
# With one of these, a request has a body, or asks for more than an answer.
_DOUBTFUL = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
_GOES_ON = b"keep-alive"


def read_plain_get(data: bytes) -> tuple[bytes, dict[bytes, bytes]] | None:
    """Return target and headers of one whole GET, names in lower case; None in any doubt.

    The client may ask again on the same connection.
    """
    if len(data) > _LONGEST:
        return None
    match = _GET.fullmatch(data)
    if match is None:
        return None
    fields = _FIELDS.findall(match[2])
    headers = {name.lower(): value.strip(b" ") for name, value in fields}
    # A header that comes twice may say two things.
    if len(headers) < len(fields) or not _DOUBTFUL.isdisjoint(headers):
        return None
    if headers.get(b"connection", _GOES_ON).lower() != _GOES_ON:
        return None
    return match[1], headers
