"""The words of alerts: what a group of the team reads about what went wrong."""

from collections.abc import Sequence

from handlers.core.services import Identity
from handlers.messages import Catalogue
from storage.queues.alerts import AlertKind, CountedAlert

TEXT = Catalogue.of("alerts")
# Bot API, sendMessage: 4,096 UTF-16 units; these texts have one unit a character, and markup.
_LONGEST = 3500


def summary(untold: Sequence[CountedAlert]) -> tuple[str, tuple[CountedAlert, ...]]:
    """Return the text of one message, and the alerts that it tells: as many as fit in it."""
    paragraphs: list[str] = []
    for alert in untold:
        paragraph = _paragraph(alert)
        if paragraphs and sum(map(len, paragraphs)) + len(paragraph) > _LONGEST:
            break
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs), tuple(untold[: len(paragraphs)])


def why(name: str) -> str:
    """Return in plain words why Telegram did not deliver a message, as the end of a sentence."""
    return TEXT.label(f"why_{name}")


def lost_answer(reference: str, identity: Identity) -> str:
    """Return what a person reads in place of a message that can never be delivered."""
    return TEXT("lost_answer", reference=reference, identity=identity)


def _paragraph(alert: CountedAlert) -> str:
    return TEXT(
        alert.kind,
        count=alert.count,
        references=[reference for reference, _ in alert.latest],
        latest=alert.latest,
        what=_what(alert),
        remedy=_remedy(alert),
    )


def _what(alert: CountedAlert) -> str:
    """Return what it happened to: a task, a group, or why a message was not delivered."""
    match alert.kind:
        case AlertKind.LOOP_FAILS | AlertKind.LOOP_WORKS:
            return _known(f"loop_{alert.subject}")
        case AlertKind.GROUP_CLOSED | AlertKind.GROUP_OPEN:
            return _known(f"group_{alert.subject}")
        case AlertKind.UNDELIVERED:
            return _known(f"why_{alert.subject}")
        case _:
            return ""


def _remedy(alert: CountedAlert) -> str:
    if alert.kind not in {AlertKind.GROUP_CLOSED, AlertKind.MAIL_CLOSED}:
        return ""
    _, reason = alert.latest[-1]
    return _known(f"mend_{reason}")


def _known(name: str) -> str:
    """Return a label; empty where the row was written by a version that knows more."""
    return TEXT.label(name) if name in TEXT.names else ""
