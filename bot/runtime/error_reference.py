"""References under which people report a failure and the logs record it."""

import secrets


def new_reference() -> str:
    """Return a reference such as ``E-4F09A2``: short enough to be read out on the telephone."""
    return "E-" + secrets.token_hex(3).upper()
