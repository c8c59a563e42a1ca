"""What each refusal of Telegram's means, and that people read of it in plain words."""

import re

import pytest
from telegram.error import BadRequest, EndPointNotFound, Forbidden, NetworkError, TelegramError

from bot.outbox.refusals import RULES, Consequence, judge
from handlers.core.alerts import TEXT

DONE, ANEW, WAIT, HOLD = Consequence.DONE, Consequence.ANEW, Consequence.WAIT, Consequence.HOLD
AWAY, PARK, SKIP, RETRY = Consequence.AWAY, Consequence.PARK, Consequence.SKIP, Consequence.RETRY

# (error, in a group of the team, elsewhere), as people report them.
CASES: list[tuple[TelegramError, Consequence, Consequence]] = [
    (BadRequest("Message is not modified: specified new message content"), DONE, DONE),
    (BadRequest("MESSAGE_NOT_MODIFIED"), DONE, DONE),
    (BadRequest("Bad Request: message to edit not found"), ANEW, ANEW),
    (BadRequest("message to delete not found"), ANEW, ANEW),
    (BadRequest("Message can't be edited"), ANEW, ANEW),
    (BadRequest("MESSAGE_ID_INVALID"), ANEW, ANEW),
    (Forbidden("Forbidden: MESSAGE_AUTHOR_REQUIRED"), ANEW, ANEW),
    (BadRequest("Not enough rights to send documents to the chat"), HOLD, PARK),
    (Forbidden("Forbidden: CHAT_SEND_DOCS_FORBIDDEN"), HOLD, PARK),
    (BadRequest("CHAT_SEND_MEDIA_FORBIDDEN"), HOLD, PARK),
    (BadRequest("Bad Request: message to be replied not found"), PARK, PARK),
    (BadRequest("Bad Request: TOPIC_CLOSED"), WAIT, PARK),
    (BadRequest("TOPIC_DELETED"), WAIT, PARK),
    (BadRequest("message thread not found"), WAIT, PARK),
    (BadRequest("PAYMENT_REQUIRED"), WAIT, AWAY),
    (Forbidden("Forbidden: ALLOW_PAYMENT_REQUIRED_100"), WAIT, AWAY),
    (BadRequest("SLOWMODE_WAIT_30"), WAIT, RETRY),
    (BadRequest("Slow mode is enabled"), WAIT, RETRY),
    (Forbidden("Forbidden: bot was kicked from the supergroup chat"), WAIT, AWAY),
    (Forbidden("Forbidden: bot is not a member of the supergroup chat"), WAIT, AWAY),
    (BadRequest("CHANNEL_PRIVATE"), WAIT, AWAY),
    (BadRequest("USER_BANNED_IN_CHANNEL"), WAIT, AWAY),
    (Forbidden("Forbidden: the group chat was deleted"), WAIT, AWAY),
    (BadRequest("Bad Request: group chat was deactivated"), WAIT, AWAY),
    (BadRequest("Bad Request: chat not found"), WAIT, AWAY),
    (BadRequest("PEER_ID_INVALID"), WAIT, AWAY),
    (Forbidden("Forbidden: bot can't initiate conversation with a user"), WAIT, AWAY),
    (BadRequest("Not enough rights to send text messages to the chat"), WAIT, AWAY),
    (BadRequest("Have no rights to send a message"), WAIT, AWAY),
    (BadRequest("need administrator rights in the channel chat"), WAIT, AWAY),
    (BadRequest("CHAT_WRITE_FORBIDDEN"), WAIT, AWAY),
    (Forbidden("Forbidden: CHAT_WRITE_FORBIDDEN"), WAIT, AWAY),
    (BadRequest("CHAT_RESTRICTED"), WAIT, AWAY),
    (BadRequest("CHAT_SEND_PLAIN_FORBIDDEN"), WAIT, AWAY),
    (BadRequest("CHAT_ADMIN_REQUIRED"), WAIT, AWAY),
    (Forbidden("Forbidden: user is deactivated"), WAIT, AWAY),
    (BadRequest("INPUT_USER_DEACTIVATED"), WAIT, AWAY),
    (Forbidden("Forbidden: bot was blocked by the user"), WAIT, AWAY),
    (BadRequest("USER_IS_BLOCKED"), WAIT, AWAY),
    (Forbidden("Forbidden: bot can't send messages to bots"), WAIT, AWAY),
    (Forbidden("Forbidden: words that nobody has seen yet"), WAIT, AWAY),
    (NetworkError("Request Entity Too Large"), PARK, PARK),
    (BadRequest("Internal Server Error: restart"), RETRY, RETRY),
    (BadRequest("Can't parse entities: unsupported start tag"), PARK, PARK),
    (BadRequest("Can't parse entities: bot was blocked by the user"), PARK, PARK),
    (BadRequest("Message is too long"), PARK, PARK),
    (BadRequest("BUTTON_DATA_INVALID"), PARK, PARK),
    (EndPointNotFound("Endpoint 'sendMessage' not found in Bot API"), SKIP, SKIP),
    (NetworkError("Bad Gateway"), RETRY, RETRY),
]


@pytest.mark.parametrize(
    ("error", "in_group", "elsewhere"), CASES, ids=[case[0].message for case in CASES]
)
def test_what_follows_from_a_refusal(
    error: TelegramError, in_group: Consequence, elsewhere: Consequence
) -> None:
    assert judge(error, in_group=True).consequence is in_group
    assert judge(error, in_group=False).consequence is elsewhere


def test_every_rule_is_met_by_something_that_was_seen() -> None:
    met = {
        next((rule for rule in RULES if rule.matches(error.message.lower())), None)
        for error, _, _ in CASES
    }
    assert set(RULES) <= met


def test_people_read_why_and_what_to_do() -> None:
    reasons = {rule.why for rule in RULES} | {"removed", "trouble", "refused", "fault"}
    # Of e-mails; `bot/outbox/mail_failures.py`.
    reasons |= {"mail_trouble", "mail_address", "mail_content"}
    assert {f"why_{reason}" for reason in reasons} == {
        name for name in TEXT.names if name.startswith("why_")
    }
    mendable = {rule.why for rule in RULES if rule.in_group in {WAIT, HOLD}}
    assert {f"mend_{reason}" for reason in mendable} == {
        name for name in TEXT.names if re.match("mend_(?!mail_)", name)
    }
    # Telegram's own words, and ours in the code, are for the log.
    for name in TEXT.names:
        # Of e-mails, the team is told which setting to look at.
        if name.startswith(("why_", "mend_")) and not name.startswith("mend_mail_"):
            assert not re.search(r"[a-z]_[a-z]|[A-Z]{4}|Forbidden|BadRequest", TEXT.label(name))
