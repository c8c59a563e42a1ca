"""References under which people report a failure and the logs record it."""

import secrets


def new_reference() -> str:
    """Return a reference such as ``E-4F09A2``: short enough to be read out on the telephone."""
    return "E-" + secrets.token_hex(3).upper()


class CrashedError(Exception):
    """Every process that worked on this row died of it: it is not tried again."""
