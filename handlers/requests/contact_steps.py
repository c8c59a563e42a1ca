"""The steps about company, name and contact that all request forms share."""

from collections.abc import Sequence

from handlers.core.turn import Turn
from handlers.forms import checks, contacts, engine, slips
from handlers.forms.remarks import joined, within
from handlers.forms.steps import Answers, Form, RefusedError, Step
from storage.records.interests import ContactKind, Interest

# From this many digits on, a text is a telephone number rather than the number of a choice.
_SOME_DIGITS = 4
NOTE = "contact_note"
_LONGEST_NOTE = 500


def _kind(text: str, answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number at the step that asks only for the kind of contact."""
    try:
        return _reached_by(text, answers)
    except RefusedError as refused:
        if "@" in text or sum(character.isdigit() for character in text) >= _SOME_DIGITS:
            raise
        raise RefusedError("bad_contact_kind") from refused


def _address(text: str, answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number, even if the other kind was chosen."""
    try:
        return _reached_by(text, answers)
    except RefusedError as refused:
        if "@" in text or answers.get("contact_kind") != ContactKind.EMAIL:
            raise
        raise RefusedError("bad_email_sign") from refused


def _reached_by(text: str, answers: Answers) -> dict[str, str]:
    """Return the e-mail or phone number in a text, and what it says besides.

    Of several, the first of the kind that was chosen; the others stay in the remark. RefusedError
    is for the likelier kind.
    """
    found = contacts.find(text)
    wanted = [one for one in found if one.kind == answers.get("contact_kind")]
    if not found:
        return _refused_or_read(text)
    contact = (*wanted, *found)[0]
    if contacts.is_split(text, contact):
        raise RefusedError("bad_email_space")
    given = {"contact_kind": contact.kind.value, "contact": contact.value}
    if not (remark := contacts.beside(text, contact)):
        return given
    # Of an address typed anew, the remark replaces that of the former one.
    before = "" if "contact" in answers else answers.get(NOTE, "")
    return given | {NOTE: within(joined(before, remark), _LONGEST_NOTE)}


def _refused_or_read(text: str) -> dict[str, str]:
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
        holds=contacts.holds,
        remark_to=NOTE,
    ),
    Step(
        "contact",
        _address,
        applies=_not_by_telegram,
        reusable=True,
        holds=contacts.holds,
        doubts=slips.meant,
    ),
    Step(
        NOTE,
        checks.passage(NOTE, longest=_LONGEST_NOTE),
        optional=True,
        free_text=True,
        volunteered=True,
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
    answers = {
        "company": interest.company,
        "name": interest.contact_name,
        "contact_kind": interest.contact_kind.value,
        "contact": interest.contact,
    }
    return answers | ({NOTE: interest.contact_note} if interest.contact_note else {})
