"""One account that does its worst all the time, at a pace that no person types at."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from benchmarks.soak.mail import Mail
from benchmarks.soak.record import Record
from handlers import table
from handlers.core.callback_data import CallbackData

Json: TypeAlias = Any

ACCOUNT = 666_000_001
_FIRST_GROUP = -666_100_000
_GROUPS = 50
# Bot API: a text has at most 4,096 signs, and the data of a button at most 64 bytes.
_LONGEST, _LONGEST_DATA = 4_090, 64
_ALBUM = 10
_BURST = 40
_DATE = 1_795_000_000
_WORDS = ("presse", "four", "moule", "acier", "laser", "tour", "pale", "grue", "résine", "bobine")
_VALUES = ("", "0", "1", "-1", "99999999999999999999", "company", "name", "contact", "text", "x:y")
# The weight of each act, by its name, when the next one is chosen.
_ACTS = {
    "question": 30,
    "forged_tap": 25,
    "export": 4,
    "proposal": 6,
    "hand_over": 4,
    "message_in_exchange": 12,
    "edit": 8,
    "album": 3,
    "foreign_group": 25,
    "burst": 1,
    "interest": 4,
    "erasure": 0.2,
}


class Attacker:
    """Sends updates without waiting for what the bot makes of them."""

    def __init__(self, record: Record, mail: Mail, seed: int) -> None:
        self._record = record
        self._mail = mail
        self._chosen = random.Random(seed)  # noqa: S311 - the same attack in each run
        self._numbers = itertools.count(2_000_000)
        self._prefixes = _prefixes(CallbackData)
        self._last = 0
        self.sent = 0

    async def attack(self, ends: float, a_second: float) -> None:
        """Do about this many acts ``a_second`` until ``ends`` (monotonic)."""
        names, weights = list(_ACTS), list(_ACTS.values())
        while time.monotonic() < ends:
            (name,) = self._chosen.choices(names, weights)
            act: Callable[[], None] = getattr(self, name)
            act()
            await asyncio.sleep(self._chosen.expovariate(a_second))

    def question(self) -> None:
        """Ask something new, as long as Telegram allows."""
        words = [
            f"{self._chosen.choice(_WORDS)}{self._chosen.randrange(10**6)}" for _ in range(400)
        ]
        self._say(" ".join(words)[:_LONGEST])

    def forged_tap(self) -> None:
        """Tap a button that no message has."""
        values = self._chosen.choices(_VALUES, k=self._chosen.randrange(4))
        self._tap(":".join((self._chosen.choice(self._prefixes), *values)))

    def export(self) -> None:
        """Ask for everything that is kept."""
        self._say("/mesdonnees")

    def proposal(self) -> None:
        """Send a proposal in, without reading what the form asks."""
        answers = ("commencer", "1", "x" * 1_000, "Atelier", "Samira Costa", "s@exemple.fr", "oui")
        for text in ("/proposer", *answers):
            self._say(text)

    def interest(self) -> None:
        """Declare interest in a project, and withdraw it."""
        self._say("/start p_mutualisation-ressources")
        self._tap_label("Ça m'intéresse")
        answers = ("commencer", "Atelier", "Samira Costa", "s@exemple.fr", "1", "x" * 500, "Passer")
        for text in (*answers, "oui"):
            self._say(text)
        self._tap_label("Retirer ma demande")
        self._tap_label("Oui, retirer")

    def hand_over(self) -> None:
        """Hand a question over to the facilitators."""
        self._tap_label("Transmettre à un facilitateur")
        self._say("oui")

    def message_in_exchange(self) -> None:
        """Write in an exchange, as a reply to the receipt."""
        shown = self._record.chats[ACCOUNT].showing
        receipts = [number for number, each in shown.items() if "Q-2" in str(each.get("text", ""))]
        if receipts:
            text = {"message_id": receipts[-1], "text": shown[receipts[-1]].get("text", "")}
            bot = {"id": 1, "is_bot": True, "first_name": "Soak"}
            quoted = self._message(ACCOUNT) | text | {"from": bot}
            self._say("y" * 3_000, reply_to_message=quoted)

    def edit(self) -> None:
        """Edit the last message."""
        text = f"corrigé {self._chosen.random()}"
        edited = self._message(ACCOUNT) | {"message_id": self._last, "text": text}
        self._send(ACCOUNT, {"edited_message": edited | {"edit_date": _DATE}})

    def album(self) -> None:
        """Send ten photos at once."""
        album = str(self._chosen.getrandbits(60))
        photo = [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]
        for _ in range(_ALBUM):
            self._send(
                ACCOUNT,
                {
                    "message": self._message(ACCOUNT)
                    | {"photo": photo, "media_group_id": album, "caption": "z" * 1_000}
                },
            )

    def foreign_group(self) -> None:
        """Use the bot in groups that have nothing to do with it."""
        group = _FIRST_GROUP - self._chosen.randrange(_GROUPS)
        self._say(self._chosen.choice(("/sansreponse", "/historique", "/start", "/aide")), group)

    def burst(self) -> None:
        """Write many messages in one breath."""
        for _ in range(_BURST):
            self.question()

    def erasure(self) -> None:
        """Have everything erased, and begin again."""
        self._say("/supprimer")
        self._tap_label("Oui, tout effacer")

    def _say(self, text: str, chat: int = ACCOUNT, **values: Json) -> None:
        message = self._message(chat) | {"text": text} | values
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self._last = message["message_id"]
        self._send(chat, {"message": message})

    def _tap_label(self, label: str) -> None:
        if button := self._record.find(ACCOUNT, label):
            self._tap(button[1], button[0])

    def _tap(self, data: str, message_id: int = 1) -> None:
        message = self._message(ACCOUNT) | {"message_id": message_id, "text": "x"}
        query = {"id": str(next(self._numbers)), "from": message["from"], "message": message}
        query |= {"chat_instance": "1", "data": data[:_LONGEST_DATA] or "x"}
        self._send(ACCOUNT, {"callback_query": query})

    def _message(self, chat: int) -> dict[str, Json]:
        kind = "private" if chat > 0 else "supergroup"
        return {
            "message_id": next(self._numbers),
            "date": _DATE,
            "chat": {"id": chat, "type": kind, "title": "X", "first_name": "X"},
            "from": {"id": ACCOUNT, "is_bot": False, "first_name": "X" * 64},
        }

    def _send(self, chat: int, content: Json) -> None:
        self._mail.send(chat, content)
        self.sent += 1


def _prefixes(kind: type[CallbackData]) -> list[str]:
    """Return the prefixes of all buttons; the table of handlers has imported them."""
    if not table.ALL:
        raise LookupError("no handler, no button")
    derived = kind.__subclasses__()
    return [each.PREFIX for each in derived] + [
        deep for each in derived for deep in _prefixes(each)
    ]
