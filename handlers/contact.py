"""How to reach a person: the steps that every form asks, and what they come to."""

from handlers.forms import checks
from handlers.forms.steps import Answers, RefusedError, Step
from handlers.turn import Turn
from storage.interests import ContactKind, Interest


def _kind(text: str, _answers: Answers) -> dict[str, str]:
    """Accept an address or a number where only the sort of contact was asked for."""
    for kind, check in ((ContactKind.EMAIL, checks.email), (ContactKind.PHONE, checks.phone)):
        try:
            return {"contact_kind": kind.value, "contact": check(text)}
        except RefusedError:
            continue
    raise RefusedError("bad_contact_kind")


def _address(text: str, answers: Answers) -> dict[str, str]:
    """Accept an address or a number, whichever was chosen."""
    check = checks.email if answers["contact_kind"] == ContactKind.EMAIL else checks.phone
    return {"contact": check(text)}


def _not_by_telegram(answers: Answers) -> bool:
    return answers.get("contact_kind") != ContactKind.TELEGRAM


STEPS = (
    Step("company", checks.words("company", longest=120)),
    Step("name", checks.words("name", longest=80)),
    Step("contact_kind", _kind, choices=tuple(ContactKind), resets=("contact",)),
    Step("contact", _address, applies=_not_by_telegram),
)


def of(turn: Turn, answers: Answers) -> str:
    """Return the address or number given; for Telegram, the account this turn comes from."""
    if answers["contact_kind"] != ContactKind.TELEGRAM:
        return answers["contact"]
    name = turn.user.username
    return f"@{name}" if name else f"tg://user?id={turn.user.id}"


async def known(turn: Turn) -> dict[str, str]:
    """Return the contact of the person's latest request, so that nobody types it twice."""
    requests = await turn.work.interests.of_person((await turn.person()).id)
    if not requests:
        return {}
    latest = max(requests, key=lambda request: request.created_at)
    return {"reused": latest.number} | answers_of(latest)


def answers_of(interest: Interest) -> dict[str, str]:
    """Return the answers that a request's contact was made of."""
    return {
        "company": interest.company,
        "name": interest.contact_name,
        "contact_kind": interest.contact_kind.value,
        "contact": interest.contact,
    }
