"""The steps about company, name and contact that all request forms share."""

from collections.abc import Sequence

from handlers.core.keyboards import shorten
from handlers.core.turn import Turn
from handlers.forms import checks, contacts, engine, signatures, slips
from handlers.forms.remarks import joined, within
from handlers.forms.steps import Answers, Check, Form, RefusedError, Step
from knowledge.text.signs import plain_signs
from storage.records.interests import ContactKind, Interest

# From this many digits on, a text is a telephone number rather than the number of a choice.
_SOME_DIGITS = 4
NOTE = "contact_note"
# Reasons that are true whichever kind of contact is asked for.
_TOLD = frozenset({"says_same", "bad_contact_page", "bad_phone_country", "bad_phone_unassigned"})
_LONGEST_NOTE = 500


def _kind(text: str, answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number at the step that asks only for the kind of contact."""
    try:
        return _reached_by(plain_signs(text), answers)
    except RefusedError as refused:
        is_contact = "@" in text or sum(map(str.isdigit, text)) >= _SOME_DIGITS
        if is_contact or refused.reason in _TOLD:
            raise
        raise RefusedError("bad_contact_kind") from refused


def _address(text: str, answers: Answers) -> dict[str, str]:
    """Accept an e-mail or phone number, even if the other kind was chosen."""
    plain = plain_signs(text)
    try:
        return _reached_by(plain, answers)
    except RefusedError as refused:
        # Digits alone are a number with a slip, whichever kind was chosen.
        is_number = not any(map(str.isalpha, plain)) and any(map(str.isdigit, plain))
        is_other = "@" in plain or is_number or refused.reason in _TOLD
        if is_other or answers.get("contact_kind") != ContactKind.EMAIL:
            raise
        raise RefusedError("bad_email_sign") from refused


def _reached_by(text: str, answers: Answers) -> dict[str, str]:
    """Return the e-mail or phone number in a text of plain signs, and what it says besides.

    Of several, the first of the kind that was chosen; the others stay in the remark. RefusedError
    is for the likelier kind.
    """
    contact = contacts.meant(text, answers.get("contact_kind"))
    if contact is None:
        raise contacts.refusal(text)
    if contacts.is_split(text, contact):
        raise RefusedError("bad_email_space")
    if doubted := contacts.doubt(text, contact):
        raise doubted
    given = {"contact_kind": contact.kind.value, "contact": contact.value}
    if not (remark := contacts.beside(text, contact)):
        return given
    # Of an address typed anew, the remark replaces that of the former one.
    before = "" if "contact" in answers else answers.get(NOTE, "")
    return given | {NOTE: within(joined(before, remark), _LONGEST_NOTE)}


def _who(key: str, *, longest: int) -> Check:
    """Return a check for a name that takes a number or an address beside it as the contact.

    Of a text that is only that, the contact is kept, and the name is still to be given.
    """
    named = checks.words(key, longest=longest)

    def check(text: str, answers: Answers) -> dict[str, str]:
        plain = plain_signs(text)
        given, rest = _reached_beside(plain, answers)
        if len(signatures.lines_of(plain)) == 1:
            said = rest
        else:
            said = _line_in(plain, key, answers, given)
        is_contact_alone = given and not contacts.says_something(said)
        return given | ({} if is_contact_alone else named(said, answers))

    return check


def _line_in(text: str, key: str, answers: Answers, given: Answers) -> str:
    try:
        return signatures.line_in(text, key, answers)
    except RefusedError as refused:
        raise RefusedError(refused.reason, given=given, **refused.values) from refused


def _reached_beside(text: str, answers: Answers) -> tuple[dict[str, str], str]:
    """Return the contact that stands beside a name, and the text without it.

    A number that is doubted stays in the remark: it is asked for at its own step.
    """
    found = contacts.find(text)
    sure = [one for one in found if not contacts.doubt(text, one)]
    given, rest = {}, text
    if sure:
        given = {"contact_kind": sure[0].kind.value, "contact": sure[0].value}
        rest = contacts.beside(text, sure[0]).replace(" \u2026 ", " ")
    rest, others = contacts.without_others_in(rest)
    if others:
        given[NOTE] = within(joined(answers.get(NOTE, ""), others), _LONGEST_NOTE)
    return given, (rest.strip(" ,;:") if found else text)


def _not_by_telegram(answers: Answers) -> bool:
    return answers.get("contact_kind") != ContactKind.TELEGRAM


STEPS = (
    Step(
        "company",
        _who("company", longest=120),
        is_name=True,
        reusable=True,
    ),
    Step(
        "name",
        _who("name", longest=80),
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
        **contact_of(interest),
    }
    return {key: value for key, value in answers.items() if value or key != NOTE}


def contact_of(interest: Interest) -> dict[str, str]:
    """Return the contact of a request, and the remark on it, as the steps would keep them now.

    Earlier versions kept overseas numbers under +33, and the line within a firm in the number.
    """
    note, found = interest.contact_note or "", contacts.find(interest.contact)
    if interest.contact_kind is not ContactKind.PHONE or not found:
        return {"contact": interest.contact, NOTE: note}
    if line := contacts.beside(interest.contact, found[0]):
        note = shorten(joined(note, line), _LONGEST_NOTE)
    return {"contact": found[0].value, NOTE: note}
