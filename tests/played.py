"""Plays written dialogues: what one person types and taps, and what must be seen then.

The format is a list of acts: ``say``, ``tap`` (a pattern of a label), ``see`` and ``not`` (patterns
of what the bot said since the last act), ``button``, ``words`` (the most words said), and ``group``
(``[admin|fac, pattern]``: what that group was told since the dialogue began).
"""

import re
from pathlib import Path
from typing import Any

from dialogue import Speaker, Stage, buttons
from yaml_files import data_of

from bot.preview.personas import User

FOLDER = Path(__file__).with_name("dialogues")


class UnseenError(AssertionError):
    """A dialogue that did not lead where it must."""


def read(name: str) -> list[dict[str, Any]]:
    """Return the dialogues of a file."""
    dialogues: list[dict[str, Any]] = data_of((FOLDER / name).read_text("utf-8"))
    return dialogues


async def play(stage: Stage, dialogue: dict[str, Any], number: int) -> None:
    """Play one dialogue as a person of its own; UnseenError says what was missing."""
    user = User(50_000 + number, "Camille", f"Essai{number}")
    stage.messenger.joins(user)
    player = _Player(stage, user)
    for act in dialogue["acts"]:
        ((kind, value),) = act.items()
        await player.act(kind, value)


class _Player:
    def __init__(self, stage: Stage, user: User) -> None:
        self._speaker = Speaker(stage, user, user.id)
        messenger = stage.messenger
        self._groups = {
            "admin": stage.member(messenger.administrators),
            "fac": stage.member(messenger.facilitators),
        }
        self._told = {key: len(group.messages()) for key, group in self._groups.items()}

    async def act(self, kind: str, value: Any) -> None:
        if kind == "say":
            await self._speaker.says(value)
        elif kind == "tap":
            await self._tap(value)
        elif kind == "see":
            self._expect(re.search(value, self._said), f"not seen: {value}")
        elif kind == "not":
            self._expect(not re.search(value, self._said), f"seen: {value}")
        elif kind == "button":
            shown = any(re.search(value, label) for label in self._labels)
            self._expect(shown, f"no button: {value}")
        elif kind == "words":
            self._expect(len(self._text.split()) <= value, f"more than {value} words")
        else:
            group, pattern = value
            self._expect(re.search(pattern, self._heard(group)), f"{group} not told: {pattern}")

    async def _tap(self, pattern: str) -> None:
        for message in reversed(self._speaker.messages()):
            for button in reversed(buttons(message)):
                if re.search(pattern, _plain(button["text"])) and "callback_data" in button:
                    data = button["callback_data"]
                    await self._speaker.taps_data(message["message_id"], data)
                    return
        raise UnseenError(f"nothing to tap: {pattern}")

    @property
    def _text(self) -> str:
        return _plain(self._speaker.text)

    @property
    def _labels(self) -> list[str]:
        return [_plain(label) for label in self._speaker.labels]

    @property
    def _said(self) -> str:
        return "\n".join((self._text, *self._labels))

    def _heard(self, key: str) -> str:
        new = self._groups[key].messages()[self._told[key] :]
        return _plain("\n".join(message.get("text", "") for message in new))

    def _expect(self, is_met: object, fault: str) -> None:
        if not is_met:
            raise UnseenError(f"{fault}\n{self._text}\n{self._labels}")


def _plain(text: str) -> str:
    """Return a text with the apostrophes and spaces that patterns are written with."""
    return text.replace("\u2019", "'").replace("\u00a0", " ").replace("\u202f", " ")
