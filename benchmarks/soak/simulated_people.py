"""People who talk to the bot: each follows a script step by step, and waits for each answer.

A rehearsal without faults records the bot's calls for each step. Afterwards each person knows how
many messages to expect from a step, and the ledger knows which.
"""

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from benchmarks.soak.following import follow
from benchmarks.soak.mail import Mail
from benchmarks.soak.record import Record

Json: TypeAlias = Any
# The calls that follow from a step, in order, by their shapes.
Shapes: TypeAlias = tuple[str, ...]

# A person who sees no answer for this time repeats the act, where that does no harm.
_IMPATIENT_SECONDS = 3.0
_QUIET_SECONDS = 0.7
_LONGEST_SECONDS = 120.0
_REHEARSAL_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One act of a script.

    ``again``: repeating it brings the "same" calls again or "nothing"; empty: it is not repeated.
    """

    say: str = ""
    tap: str = ""
    burst: tuple[str, ...] = ()
    again: str = ""
    entrusts: bool = False
    withdraws: bool = False


@dataclass(slots=True)
class SimulatedPerson:
    """A person following a script; ``times`` says how often each step was done."""

    chat: int
    mark: str
    script: str
    project: str
    times: list[int] = field(default_factory=list)
    finished: bool = False
    entrusted: bool = False
    withdrew: bool = False


def scripts() -> dict[str, tuple[ScriptStep, ...]]:
    """Read the scripts."""
    raw = yaml.safe_load(Path(__file__).with_name("simulated_people.yaml").read_text("utf-8"))
    return {name: tuple(_step(step) for step in steps) for name, steps in raw.items()}


def _step(raw: dict[str, Json]) -> ScriptStep:
    return ScriptStep(**(raw | {"burst": tuple(raw.get("burst", ()))}))


class Crowd:
    """All people of a run; each is new, and has their own chat."""

    def __init__(self, record: Record, mail: Mail, projects: tuple[str, ...], seed: int) -> None:
        self._record = record
        self._mail = mail
        self._projects = projects
        self._chosen = random.Random(seed)  # noqa: S311 - the same people in each run
        self._numbers = itertools.count(1)
        self._messages = itertools.count(1_000_000)
        self.scripts = scripts()
        self.expected: dict[tuple[str, int, str], Shapes] = {}
        self.people: list[SimulatedPerson] = []
        self.retries = 0
        # How long each step waited for all its calls, in seconds.
        self.waits: list[float] = []

    async def rehearse(self) -> None:
        """Follow each script once for each project, and record the calls of each step."""
        pairs = [(script, project) for script in self.scripts for project in self._projects]
        await asyncio.gather(*(self._rehearse(*pair) for pair in pairs))

    async def perform(self, ends: float, think: float) -> None:
        """Play one person after another until ``ends`` (monotonic), with pauses up to ``think``."""
        names = sorted(self.scripts)
        while time.monotonic() < ends:
            person = self._new(self._chosen.choice(names), self._chosen.choice(self._projects))
            await self._follow(person, think)

    def _new(self, script: str, project: str) -> SimulatedPerson:
        number = next(self._numbers)
        # Marks of the same length: what the bot sends to different people differs in digits only.
        person = SimulatedPerson(10_000_000 + number, f"M{number:06d}", script, project)
        self.people.append(person)
        return person

    async def _rehearse(self, script: str, project: str) -> None:
        person = self._new(script, project)
        calls = self._record.chats[person.chat].accepted
        for number, step in enumerate(self.scripts[script]):
            before = len(calls)
            self._send(person, self._acts(person, step))
            person.times.append(1)
            await self._hear(person, step, before)
            count = -1
            while count != len(calls):
                count = len(calls)
                await asyncio.sleep(_QUIET_SECONDS)
            self.expected[script, number, project] = tuple(call.shape for call in calls[before:])
        self._finish(person)

    async def _hear(self, person: SimulatedPerson, step: ScriptStep, before: int) -> None:
        """Wait for the first answer; LookupError where a rehearsal brings none."""
        calls = self._record.chats[person.chat].accepted
        ends = time.monotonic() + _REHEARSAL_SECONDS
        while len(calls) == before:
            if time.monotonic() > ends:
                raise LookupError(f"{person.script}: nothing comes of {step}")
            await self._record.changes(person.chat, 1)

    async def _follow(self, person: SimulatedPerson, think: float) -> None:
        for step in self.scripts[person.script]:
            if not await self._do(person, step):
                return
            await asyncio.sleep(self._chosen.uniform(0, think))
        self._finish(person)

    def _finish(self, person: SimulatedPerson) -> None:
        person.finished = True
        steps = self.scripts[person.script]
        person.entrusted = any(step.entrusts for step in steps)
        person.withdrew = any(step.withdraws for step in steps)

    async def _do(self, person: SimulatedPerson, step: ScriptStep) -> bool:
        """Do one step until all its calls have come; False where they do not for minutes."""
        # All acts are made first: the first one may remove the button that the second one needs.
        acts = self._acts(person, step)
        self._send(person, acts)
        person.times.append(1)
        began = acted = time.monotonic()
        while not self._has_all(person):
            now = time.monotonic()
            if now - began > _LONGEST_SECONDS:
                return False
            if step.again and now - acted > _IMPATIENT_SECONDS * 2 ** person.times[-1]:
                self._send(person, acts)
                self.retries += 1
                person.times[-1] += 1
                acted = now
            await self._record.changes(person.chat, 1)
        self.waits.append(time.monotonic() - began)
        return True

    def shapes(self, person: SimulatedPerson) -> Shapes:
        """Return the shapes of all calls that must come from a person's steps so far."""
        steps = self.scripts[person.script]
        return tuple(
            shape
            for number, times in enumerate(person.times)
            for _ in range(times if steps[number].again == "same" else 1)
            for shape in self.expected[person.script, number, person.project]
        )

    def _has_all(self, person: SimulatedPerson) -> bool:
        shapes = self.shapes(person)
        return follow(self._record.chats[person.chat].accepted, shapes).reached == len(shapes)

    def _acts(self, person: SimulatedPerson, step: ScriptStep) -> list[Json]:
        if step.tap:
            button = self._record.find(person.chat, step.tap)
            if button is None:
                shown = self._record.labels(person.chat)
                raise LookupError(f"{person.script}: no button {step.tap!r} in {shown}")
            return [self._tap(person, *button)]
        return [self._say(person, text) for text in (step.burst or (step.say,))]

    def _send(self, person: SimulatedPerson, acts: list[Json]) -> None:
        for act in acts:
            self._mail.send(person.chat, act)

    def _say(self, person: SimulatedPerson, text: str) -> Json:
        text = text.replace("{mark}", person.mark).replace("{project}", person.project)
        message = self._message(person) | {"text": text}
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return {"message": message}

    def _tap(self, person: SimulatedPerson, message_id: int, data: str) -> Json:
        message = self._message(person) | {"message_id": message_id, "text": "x"}
        query = {"id": str(next(self._messages)), "from": message["from"], "message": message}
        return {"callback_query": query | {"chat_instance": "1", "data": data}}

    def _message(self, person: SimulatedPerson) -> dict[str, Json]:
        return {
            "message_id": next(self._messages),
            "date": 1_795_000_000,
            "chat": {"id": person.chat, "type": "private", "first_name": "X"},
            "from": {
                "id": person.chat,
                "is_bot": False,
                "first_name": "X",
                "username": person.mark,
            },
        }
