"""What Telegram's refusals mean, and what follows from each: one table, read from the top.

The phrases are those of the Bot API server and of the servers behind it, as people report them;
Telegram documents none. They are compared in lower case: PTB capitalises some, and leaves out
"Bad Request: ".
"""

import re
from dataclasses import dataclass
from enum import Enum

from telegram.error import BadRequest, EndPointNotFound, Forbidden, TelegramError


class Consequence(Enum):
    """What follows from a refusal."""

    # The chat shows already what the call would show.
    DONE = "done"
    # The message to change is gone: what it would show is posted anew.
    ANEW = "anew"
    # A person can mend it in the group: its messages wait.
    WAIT = "wait"
    # The group accepts no files: the file waits, and other messages pass it.
    HOLD = "hold"
    # The person does not want to be written to, or no longer exists.
    AWAY = "away"
    # The call will never be accepted.
    PARK = "park"
    # The server does not know the method: other messages pass it while it is tried again.
    SKIP = "skip"
    # The network's or Telegram's trouble, which passes.
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What follows, and why: the name of words in ``handlers/messages/alerts.yaml``."""

    consequence: Consequence
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What a phrase means in a group of the team, and in any other chat."""

    phrase: str
    why: str
    in_group: Consequence
    elsewhere: Consequence

    def matches(self, words: str) -> bool:
        """Tell whether an error's text, in lower case, contains the phrase."""
        return re.search(self.phrase, words) is not None


_C = Consequence
RULES = (
    # Our own markup: first, because this text quotes the message, which may say anything.
    Rule(r"can't parse", "refused", _C.PARK, _C.PARK),
    # An edit that changes nothing: a double tap, or a call repeated after a lost answer.
    Rule(r"message is not modified|message_not_modified", "same", _C.DONE, _C.DONE),
    # Deleted by somebody, sent by another bot with this chat, or too old to be edited.
    Rule(
        r"message to (edit|delete) not found|message can't be (edited|deleted)"
        r"|message_id_invalid|message_edit_time_expired|message_author_required"
        r"|message identifier is not specified|no text in the message to edit",
        "gone",
        _C.ANEW,
        _C.ANEW,
    ),
    # The rights to send files are separate from the right to write.
    Rule(
        r"not enough rights to send (?!text|messages)|chat_send_(?!plain)\w+_forbidden",
        "files",
        _C.HOLD,
        _C.PARK,
    ),
    # The quoted message was deleted: the message goes without the quote.
    Rule(
        r"message to (be )?repl(y|ied) not found|repl(y|ied) message not found"
        r"|reply_message_id_invalid|quote_text_invalid",
        "quote",
        _C.PARK,
        _C.PARK,
    ),
    # A forum whose general topic is closed, or the topic of the quoted message.
    Rule(
        r"topic_(closed|deleted|id_invalid|not_found)|message thread not found|thread_id_invalid",
        "topic",
        _C.WAIT,
        _C.PARK,
    ),
    # A group that asks for stars for each message, or a person who does.
    Rule(r"payment_required|balance_too_low|stars_", "payment", _C.WAIT, _C.AWAY),
    # A limit on how often members may write; as an error 429, it comes as RetryAfter.
    Rule(r"slow[_ ]?mode", "slow", _C.WAIT, _C.RETRY),
    # Removed from the group, or banned.
    Rule(
        r"bot was kicked|bot is not a member|channel_private|chat_forbidden"
        r"|user_banned_in_channel|participant_id_invalid|user_not_participant",
        "removed",
        _C.WAIT,
        _C.AWAY,
    ),
    # The group was deleted, or became a supergroup in a way that was not told.
    Rule(
        r"chat was deactivated|group is deactivated|chat was deleted|chat was upgraded"
        r"|chat_id_invalid|channel_invalid",
        "closed",
        _C.WAIT,
        _C.AWAY,
    ),
    # A wrong setting, a bot that was never added, or a person who was never met.
    Rule(
        r"chat not found|chat_id is empty|peer_id_invalid|user not found|user_id_invalid"
        r"|invalid user_id|can't initiate conversation|chat_not_found",
        "unknown",
        _C.WAIT,
        _C.AWAY,
    ),
    # The account no longer exists.
    Rule(r"user is deactivated|user_deactivated|deactivated", "deactivated", _C.WAIT, _C.AWAY),
    # The person's own choice.
    Rule(
        r"blocked by the user|user_is_blocked|you_blocked_user|privacy_restricted|privacy_premium"
        r"|can't send messages to (bots|the user)|user_is_bot",
        "blocked",
        _C.WAIT,
        _C.AWAY,
    ),
    # Restricted by an administrator, or by the rights of the group's members.
    Rule(
        r"not enough rights|no rights|administrator rights|need administrator|rights to"
        r"|chat_write_forbidden|chat_restricted|chat_send_plain_forbidden"
        r"|chat_guest_send_forbidden|chat_admin_required|right_forbidden|user_restricted"
        r"|restricted|can't write|chat_admin_invite_required|join_as_peer_invalid|send_as_peer",
        "rights",
        _C.WAIT,
        _C.AWAY,
    ),
    # PTB reads this status (413) as trouble of the network.
    Rule(r"request entity too large|file is too big|file_parts_invalid", "size", _C.PARK, _C.PARK),
    # Telegram's own trouble, told with the wrong status.
    Rule(
        r"internal server error|internal_server|timed? ?out|timeout|try again later|retry later"
        r"|restart|msg_wait_failed|history_get_failed|rpc_call_fail|worker_busy",
        "trouble",
        _C.RETRY,
        _C.RETRY,
    ),
)
_REFUSED_THERE = Rule("", "removed", _C.WAIT, _C.AWAY)


def judge(error: TelegramError, *, in_group: bool) -> Refusal:
    """Return what follows from a refusal, in a group of the team or in any other chat."""
    words = error.message.lower()
    rule = next((rule for rule in RULES if rule.matches(words)), None)
    if rule is None and isinstance(error, Forbidden):
        rule = _REFUSED_THERE
    if rule is not None:
        return Refusal(rule.in_group if in_group else rule.elsewhere, rule.why)
    if isinstance(error, EndPointNotFound):
        return Refusal(Consequence.SKIP, "refused")
    return Refusal(
        Consequence.PARK if isinstance(error, BadRequest) else Consequence.RETRY, "refused"
    )
