"""Forged taps, texts and drafts: what no button of the bot makes, and anybody may send."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from benchmarks.soak.offline_bot import ADMINISTRATORS, FACILITATORS, LISTED_FACILITATOR
from bot.preview.personas import bot_as_json
from handlers.core.callback_data import CallbackData
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.steps import Form
from handlers.table import FORMS
from storage.records.drafts import Draft

Json: TypeAlias = Any
PERSON, STRANGER, MEMBER = 1_001, 2_002, 3_003
OTHER_GROUP, CHANNEL = -5_005, -1_007
TOPIC = 77

_WRONG = (
    "", " ", "-", "0", "1", "2", "-1", "99", str(2**31), str(10**18 - 1), str(2**63),
    str(-(2**63)), "1" * 40, "\u0661", "1.5", "1e3", "true", "None", "\u00e9", "\U0001f600",
    "x" * 64, "a:b", "%00", "\ufffd", "../..", "' OR 1=1 --", "{{7*7}}", "<b>", "inconnu",
    "notice", "recap", "\n", "1\n",
)  # fmt: skip
_TEXTS = (
    "oui", "non", "retour", "suivant", "?", "??", "stop", "abandonner", "1", "2", "3", "9" * 40,
    "-1", "\u0661\u0662", "TI-2026-0001", "TI-2026-" + "9" * 60, "Chaudronnerie Martin",
    "Samira Costa", "06 12 34 56 78", "a@b.fr", "a@", "@", "73282932000074", "732829320",
    "passer", "Passer", "comment financer un projet ?", "c'est quoi territoires d'industrie ?",
    "qui peut participer", "<b>&amp;</i>", "{{ 7 * 7 }}", "\u200b\u2060", "\U0001f600" * 2048,
    "x" * 4096, "&" * 4096, "\n\n", "/start", "/start p_inconnu", "/start p_" + "a" * 60,
    "/start " + "9" * 64, "/start \u00e9", "/aide", "/themes 999999999999999999999", "/themes -1",
    "/projets", "/projets " + "\u00e9" * 200, "/projets :::",
    "/mesdemandes 999999999999999999999", "/proposer x", "/annuler", "/contact",
    "/confidentialite", "/mesdonnees", "/supprimer 1", "/faq", "/faq ../../etc", "/tester",
    "/tester " + "x" * 4000, "/tester &&&", "/historique -9", "/sansreponse 9", "/signature",
    "/inconnue", "/" + "x" * 4000,
)  # fmt: skip
_VALUES = (
    "", " ", "x", "Chaudronnerie Martin", "telegram", "phone", "email", "a@b.fr",
    "+33 6 12 34 56 78", "06", "participate", "lead", "learn", "idea", "resource",
    "73282932000074", "x" * 5000, 7, None,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an update comes from: its chat, and the topic of a group."""

    chat_id: int
    kind: str
    topic: int | None = None

    @property
    def is_private(self) -> bool:
        """Whether one person alone is written to here."""
        return self.kind == "private"

    def as_json(self) -> Json:
        """Return the Bot API's Chat."""
        named = {"first_name": "X"} if self.is_private else {"title": "X"}
        return {"id": self.chat_id, "type": self.kind, **named}


_GROUPS = (
    Place(ADMINISTRATORS, "supergroup"),
    Place(ADMINISTRATORS, "supergroup", TOPIC),
    Place(FACILITATORS, "supergroup"),
    Place(FACILITATORS, "supergroup", TOPIC),
    Place(OTHER_GROUP, "group"),
    Place(CHANNEL, "channel"),
)


@dataclass
class Forger:
    """Makes updates and drafts; all choices come from ``chosen``. Known ids are in ``ids``."""

    chosen: random.Random
    projects: Sequence[str]
    entries: Sequence[str]
    ids: Sequence[int] = field(default=(1, 2, 3))
    number: int = 0

    def update(self) -> tuple[Place, int, Json]:
        """Return an update, where it comes from and who sends it."""
        sender = self.chosen.choice((PERSON, PERSON, PERSON, STRANGER, MEMBER, LISTED_FACILITATOR))
        private = Place(sender, "private")
        place = private if self.chosen.random() < 0.6 else self.chosen.choice(_GROUPS)  # noqa: PLR2004
        self.number += 1
        make = self._tap if self.chosen.random() < 0.7 else self._message  # noqa: PLR2004
        return place, sender, {"update_id": self.number} | make(place, sender)

    def data(self) -> str:
        """Return callback data: a right prefix with any values, or anything at all."""
        if self.chosen.random() < 0.05:  # noqa: PLR2004
            return self.chosen.choice((*_WRONG[1:], "zz:1", "::::", "p", "fp:role"))
        kind = self.chosen.choice(CallbackData.__subclasses__())
        values = [self._value(name) for name in kind.FIELDS]
        if self.chosen.random() < 0.1:  # noqa: PLR2004
            values = [*values, "1"] if self.chosen.random() < 0.5 else values[:-1]  # noqa: PLR2004
        return ":".join((kind.PREFIX, *values))

    def draft(self, person_id: int) -> Draft:
        """Return a form in progress in any state, also one that no version of the bot makes."""
        form = self.chosen.choice(FORMS)
        keys = [step.key for step in form.steps]
        likely = self.chosen.choice((0.2, 0.9, 1.0))
        answers = {key: self._answer(form, key) for key in keys if self.chosen.random() < likely}
        return Draft(
            person_id,
            form.name if self.chosen.random() < 0.97 else "former",  # noqa: PLR2004
            self.chosen.choice((*keys, NOTICE, RECAP, RECAP, "former")),
            str(self.chosen.choice((*self.projects, *self.ids, "new", "0", "x", "9" * 30))),
            answers,
            editing=self._one_in(3),
            changes="TI-2026-0001" if self._one_in(4) else None,
            reuses="TI-2026-0002" if self._one_in(4) else None,
            leaving=self._one_in(5),
            reminded=self._one_in(5),
            unsure="Est-ce vrai" if self._one_in(5) else None,
        )

    def _answer(self, form: Form, key: str) -> Any:  # noqa: ANN401 - any JSON
        if self._one_in(6):
            return self.chosen.choice(_VALUES)
        right = {"contact_kind": "email", "contact": "a@b.fr", "siret": "73282932000074"}
        choices = form.by_key[key].choices
        return self.chosen.choice(choices) if choices else right.get(key, "Martin et fils")

    def _value(self, name: str) -> str:
        if self._one_in(3):
            return self.chosen.choice(_WRONG)
        steps = [step for form in FORMS for step in form.steps]
        pools: dict[str, Sequence[object]] = {
            "project_id": self.projects,
            "subject": (*self.projects, "new", *self.ids),
            "entry_id": (*self.entries, "-"),
            "step": (NOTICE, RECAP, *(step.key for step in steps)),
            "value": [choice for step in steps for choice in step.choices],
            "facet": ("t", "s"),
            "place": ("b", "h", "a"),
            "version_id": ("2026-11-01T120000-faq",),
        }
        if name in {"sure", "shown", "helpful", "seeks_lead", "confirmed"}:
            return self.chosen.choice("01")
        return str(self.chosen.choice(pools.get(name, self.ids)))

    def _tap(self, place: Place, sender: int) -> Json:
        query: Json = {"id": str(self.number), "from": _user(sender), "chat_instance": "1"}
        query["data"] = self.data()
        shown = self.chosen.random()
        if shown < 0.1:  # noqa: PLR2004
            return {"callback_query": query | {"inline_message_id": "x"}}
        message: Json = {"message_id": self.number, "date": 0, "chat": place.as_json()}
        if shown > 0.2:  # noqa: PLR2004
            message |= {"date": 1, "from": bot_as_json(), "text": "…"} | _in_topic(place)
        return {"callback_query": query | {"message": message}}

    def _message(self, place: Place, sender: int) -> Json:
        text = self.chosen.choice(_TEXTS)
        message: Json = {"message_id": self.number, "date": 1, "chat": place.as_json()}
        message |= {"from": _user(sender)} | _in_topic(place)
        command = re.match(r"/[A-Za-z0-9_]+", text)
        marks = [{"type": "bot_command", "offset": 0, "length": command.end()}] if command else []
        if self._one_in(4):
            media = self.chosen.choice(_MEDIA)
            message |= media | ({} if self._one_in(2) else {"caption": text[:1024]})
            message |= {"media_group_id": "9"} if self._one_in(3) else {}
        else:
            message |= {"text": text} | ({"entities": marks} if marks else {})
        if self._one_in(4):
            number = self.chosen.choice(("Q-2026-0001", "Q-2026-0002", "Q-2026-9999"))
            quoted = {"message_id": 1, "date": 1, "chat": place.as_json(), "from": bot_as_json()}
            message["reply_to_message"] = quoted | {"text": f"Question {number}"}
        kind = "channel_post" if place.kind == "channel" else "message"
        edited = {"edit_date": 2} if self._one_in(8) else {}
        return {f"edited_{kind}" if edited else kind: message | edited}

    def _one_in(self, count: int) -> bool:
        return self.chosen.random() < 1 / count


_FILE = {"file_id": "f", "file_unique_id": "u"}
_SIZED = _FILE | {"width": 1, "height": 1}
_MEDIA: tuple[Json, ...] = (
    {"photo": [_SIZED]},
    {"video": _SIZED | {"duration": 1}},
    {"animation": _SIZED | {"duration": 1}, "document": _FILE},
    {"voice": _FILE | {"duration": 1}},
    {"audio": _FILE | {"duration": 1}},
    {"document": _FILE | {"file_name": "note.pdf"}},
    {"document": _FILE | {"file_name": "faq.yaml"}},
    {"document": _FILE},
    {"location": {"longitude": 5.4, "latitude": 43.3}},
)


def _user(sender: int) -> Json:
    return {"id": sender, "is_bot": False, "first_name": "X"}


def _in_topic(place: Place) -> Json:
    return {"message_thread_id": place.topic, "is_topic_message": True} if place.topic else {}
