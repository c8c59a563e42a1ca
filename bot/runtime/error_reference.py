"""What people quote when they tell of a failure, and what the logs know it by."""

import secrets


def new_reference() -> str:
    """Return a reference such as ``E-4F09A2``: short enough to be read out on the telephone."""
    return "E-" + secrets.token_hex(3).upper()
