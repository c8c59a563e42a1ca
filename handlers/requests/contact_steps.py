"""The steps about company, name and contact that all request forms share."""

from collections.abc import Sequence

from handlers.core.turn import Turn
from handlers.forms import checks, engine
from handlers.forms.steps import Answers, Form, RefusedError, Step
from storage.records.interests import ContactKind, Interest

# From this many digits on, a text is a telephone number rather than the number of a choice.
_SOME_DIGITS = 4


def _kind(text: str, _answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number at the step that asks only for the kind of contact."""
    try:
        return _reached_by(text)
    except RefusedError as refused:
        if "@" in text or sum(character.isdigit() for character in text) >= _SOME_DIGITS:
            raise
        raise RefusedError("bad_contact_kind") from refused


def _address(text: str, answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number, even if the other kind was chosen."""
    try:
        return _reached_by(text)
    except RefusedError as refused:
        if "@" in text or answers.get("contact_kind") != ContactKind.EMAIL:
            raise
        raise RefusedError("bad_email_sign") from refused


def _reached_by(text: str) -> dict[str, str]:
    """Return the e-mail or phone number in a text; RefusedError is for the likelier kind."""
    try:
        return {"contact_kind": ContactKind.EMAIL.value, "contact": checks.email(text)}
    except RefusedError as no_email:
        try:
            return {"contact_kind": ContactKind.PHONE.value, "contact": checks.phone(text)}
        except RefusedError as no_phone:
            raise (no_email if "@" in text else no_phone) from None


def _not_by_telegram(answers: Answers) -> bool:
    return answers.get("contact_kind") != ContactKind.TELEGRAM


STEPS = (
    Step(
        "company",
        checks.words("company", longest=120),
        is_name=True,
        reusable=True,
    ),
    Step(
        "name",
        checks.words("name", longest=80),
        is_name=True,
        reusable=True,
    ),
    Step(
        "contact_kind",
        _kind,
        choices=tuple(ContactKind),
        resets=("contact",),
        reusable=True,
    ),
    Step(
        "contact",
        _address,
        applies=_not_by_telegram,
        reusable=True,
    ),
)


def of(turn: Turn, answers: Answers) -> str:
    """Return the e-mail or phone number given; for Telegram, the account of this turn."""
    if answers["contact_kind"] != ContactKind.TELEGRAM:
        return answers["contact"]
    name = turn.user.username
    return f"@{name}" if name else f"tg://user?id={turn.user.id}"


async def begin(
    turn: Turn, form: Form, subject: str, requests: Sequence[Interest], given: Answers | None = None
) -> None:
    """Begin a form; reuse the contact of the latest request so that nobody types it twice.

    ``given`` holds answers that the tapped button gave already.
    """
    answers = given or {}
    if not requests:
        await engine.begin(turn, form, subject, answers)
        return
    latest = max(requests, key=lambda request: request.created_at)
    await engine.begin(turn, form, subject, {**answers_of(latest), **answers}, reuses=latest.number)


def answers_of(interest: Interest) -> dict[str, str]:
    """Return the contact of a request as answers of these steps."""
    return {
        "company": interest.company,
        "name": interest.contact_name,
        "contact_kind": interest.contact_kind.value,
        "contact": interest.contact,
    }
