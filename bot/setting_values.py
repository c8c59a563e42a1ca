"""How people write the value of a setting: read into what it means, or refused by a name."""

import email.utils
import re
from datetime import time
from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

from handlers.core.office import subdivision_of
from handlers.core.services import Correspondent
from knowledge.text.signs import plain_signs


def group(value: int | None) -> int | None:
    """Return the id of a group: Telegram's are negative."""
    if value is not None and value >= 0:
        raise ValueError("bad_group")
    return value


def listed(value: object) -> object:
    """Read a list such as "12, 34": without this, pydantic would expect JSON."""
    if not isinstance(value, str):
        return value
    return [part for part in re.split(r"[\s,;]+", value) if part]


_HOUR = re.compile(r"([01]?[0-9]|2[0-3])\s*(?:[h:]\s*([0-5][0-9])?)?", re.IGNORECASE)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def hour(value: object) -> object:
    """Read an hour as people write it: "9", "9h30", "09:30"."""
    if not isinstance(value, str):
        return value
    found = _HOUR.fullmatch(value.strip())
    if found is None:
        raise ValueError("bad_hour")
    return time(int(found[1]), int(found[2] or 0))


def place(value: str) -> str:
    """Return the code of the holidays of a place."""
    code = subdivision_of(value)
    if code is None:
        raise ValueError("bad_holidays_of")
    return code


# What stands around an address that is copied from a letter, and is no part of it.
_AROUND = " .\"'\u00ab\u00bb\u201c\u201d\u2018\u2019"


def correspondents(value: object) -> object:
    """Read a list such as "Nadia Benali <nadia@exemple.fr>; paul@exemple.fr"."""
    if not isinstance(value, str):
        return value
    parts = [part.strip(_AROUND) for part in re.split(r"[,;\n]+", plain_signs(value))]
    apart = (part.split() if part.count("@") > 1 and "<" not in part else [part] for part in parts)
    found = (email.utils.parseaddr(one) for part in apart for one in part if one)
    named = [Correspondent(name or address.partition("@")[0], address) for name, address in found]
    if not all(is_address(one.address) for one in named):
        raise ValueError("bad_admin_emails")
    return tuple(named)


def is_address(text: str) -> bool:
    """Tell whether a text may be the address of an e-mail; nobody is asked."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def is_public(url: str) -> bool:
    """Tell whether an address has HTTPS and a host; HTTP for a trial on this machine."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


ChatId = Annotated[int | None, AfterValidator(group)]
Hour = Annotated[time, BeforeValidator(hour)]
# A wait in days: a year and more is no reminder.
Days = Annotated[int, Field(ge=1, le=250)]
