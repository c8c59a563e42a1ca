"""Slips of typing in an e-mail address: gmial.com, or accents in the name of a mailbox."""

import unicodedata

from rapidfuzz.distance import OSA

# Mailboxes of many people; a firm's own domain is never taken for one of these unless it is as
# near as a slip of typing.
_PROVIDERS = (
    "gmail.com",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "hotmail.fr",
    "hotmail.com",
    "outlook.fr",
    "outlook.com",
    "yahoo.fr",
    "yahoo.com",
    "laposte.net",
    "sfr.fr",
    "icloud.com",
    "live.fr",
    "live.com",
    "protonmail.com",
    "numericable.fr",
)
# Domains that exist and are near to one of these.
_OTHERS = frozenset(
    {
        "googlemail.com",
        "mail.com",
        "email.com",
        "ymail.com",
        "gmx.fr",
        "gmx.com",
        "mail.fr",
        "laposte.fr",
        "orage.fr",
        "grange.fr",
    }
)
# Endings that are used: behind a name written right they are no slip, except after gmail.
_ENDINGS = frozenset(
    {"fr", "com", "net", "org", "eu", "be", "ch", "it", "es", "de", "pt", "uk", "co.uk"}
    | {"lu", "nl", "ca", "ma", "tn", "dz", "io", "pro", "me"}
)
# A name this short is near to many others, one this long to few.
_SHORT, _LONG = 5, 7


def meant(address: str) -> str | None:
    """Return the address that was probably meant; None if nothing looks like a slip."""
    mailbox, _, domain = address.rpartition("@")
    near = _provider(domain.lower())
    # The mailboxes that people have are written without accents, which phones put into names.
    meant_box = _without_accents(mailbox)
    return f"{meant_box}@{near or domain}" if near or meant_box != mailbox else None


def is_common(domain: str) -> bool:
    """Tell whether a domain, in small letters, is one of many people's mailboxes."""
    return domain in _PROVIDERS or domain in _OTHERS


def _without_accents(mailbox: str) -> str:
    apart = unicodedata.normalize("NFD", mailbox)
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    return bare if bare.isascii() else mailbox


def _provider(domain: str) -> str | None:
    """Return the domain of many people's mailboxes that this one probably is; None if none is."""
    if is_common(domain):
        return None
    near = [(far, one) for one in _PROVIDERS if (far := _distance(domain, one)) is not None]
    return min(near)[1] if near else None


def _distance(domain: str, provider: str) -> int | None:
    """Return how many slips lie between two domains; None if they are simply two domains."""
    name, _, ending = domain.partition(".")
    right_name, _, right_ending = provider.partition(".")
    of_name, of_ending = OSA.distance(name, right_name), OSA.distance(ending, right_ending)
    if of_name > _most(right_name):
        return None
    if ending == right_ending:
        return of_name
    if right_name == "gmail" and of_name == 0:
        return 1
    return of_name + of_ending if ending not in _ENDINGS and of_ending <= 1 else None


def _most(name: str) -> int:
    """Return how many slips a name of this length may hold."""
    if len(name) < _SHORT:
        return 0
    return 1 if len(name) < _LONG else 2
