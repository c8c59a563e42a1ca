"""What can be done with a request on its page: the moves of the table, and a note."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from handlers.administration.refusal_words import LONGEST_REASON
from handlers.administration.replies import LONGEST_NOTE
from storage.records.interests import (
    Ending,
    EventKind,
    Interest,
    Particulars,
    Reason,
    Role,
    Status,
)
from storage.records.lifecycle import NO_PARTICULARS, Party, Required, moves_from

# In signs, as in the group.
LONGEST = {"note": LONGEST_NOTE, "words": LONGEST_REASON}
_NOTE = "note"


@dataclass(frozen=True, slots=True)
class PageAct:
    """One thing to do, and what is asked for it: the value of an `Required`, or a note."""

    kind: EventKind
    asks: str


class UnansweredError(Exception):
    """Answers are missing or too long; ``fields`` names them, in the order of the form."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def acts_of(interest: Interest) -> Mapping[str, PageAct]:
    """Return what an administrator may do with a request as it stands, by its name."""
    found = [
        PageAct(move.kind, move.asks)
        for move in moves_from(interest.status, Party.ADMINISTRATOR)
        if not _is_elsewhere(move.kind, interest)
    ]
    if interest.status is not Status.WITHDRAWN:
        found.append(PageAct(EventKind.NOTE, _NOTE))
    return MappingProxyType({act.kind.value: act for act in found})


def _is_elsewhere(kind: EventKind, interest: Interest) -> bool:
    """Tell whether something is done in the group, or needs nobody else."""
    if kind is EventKind.INTRODUCE:
        return interest.role is Role.CALL_BACK
    # The bot knows colleagues by what they tap in the group.
    return kind is EventKind.HAND_OVER


def answered(act: PageAct, given: Mapping[str, str]) -> Particulars:
    """Return what a form answers; UnansweredError where something is missing or too long."""
    match act.asks:
        case Required.OUTCOME:
            return Particulars(outcome=_outcome(given))
        case Required.REASON:
            return _reason(given)
        case "note":
            return Particulars(note=_text(given, _NOTE))
        case _:
            return NO_PARTICULARS


def _outcome(given: Mapping[str, str]) -> Ending:
    try:
        return Ending(given.get("outcome", ""))
    except ValueError:
        raise UnansweredError(("outcome",)) from None


def _reason(given: Mapping[str, str]) -> Particulars:
    try:
        reason = Reason(given.get("reason", ""))
    except ValueError:
        raise UnansweredError(("reason",)) from None
    note = _text(given, "words") if reason is Reason.OTHER else None
    return Particulars(reason=reason, note=note)


def _text(given: Mapping[str, str], name: str) -> str:
    # A browser ends the lines of a form with two signs, and counts one of them.
    text = given.get(name, "").replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST[name]:
        raise UnansweredError((name,))
    return text
