"""Any FAQ as a knowledge of ours to be measured: ``--set FILE``, of YAML or JSON.

    name: what the table calls it (optional)
    entries:
      - id: opening-hours
        question: When are you open?
        answer: From nine to five, Sundays excepted. (optional)
        phrasings: [are you open on Sundays, what time do you close]
    questions:
      - text: is somebody there on Monday morning
        expected: [opening-hours]
      - text: who won the match (without ``expected``: no answer fits)

The questions are never learnt. The knowledge has no acts, no projects, no vocabulary and no
out-of-scope examples: the first day of a new FAQ.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmarks.newcomers.worlds import Documents
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.files.yaml_reader import Document
from knowledge.loading import ACTS, FAQ, PROJECTS


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetEntry(_Strict):
    """A question with its answer, and other ways of asking it."""

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    answer: str = ""
    phrasings: tuple[str, ...] = ()


class SetQuestion(_Strict):
    """What somebody asks, and the ids of the right entries; none: no answer fits."""

    text: str = Field(min_length=1)
    expected: tuple[str, ...] = ()


class PublicSet(_Strict):
    """Entries, and questions that are asked of them."""

    entries: tuple[SetEntry, ...] = Field(min_length=3)
    questions: tuple[SetQuestion, ...] = Field(min_length=1)
    name: str = ""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        ids = [entry.id for entry in self.entries]
        if len(set(ids)) < len(ids):
            raise ValueError("two entries have the same id")
        if unknown := {id_ for one in self.questions for id_ in one.expected} - set(ids):
            raise ValueError(f"questions expect entries that are not there: {sorted(unknown)}")
        return self

    @property
    def labelled(self) -> tuple[LabelledQuestion, ...]:
        """The questions, as the program's own evaluation has them."""
        return tuple(LabelledQuestion(one.text, one.expected, "") for one in self.questions)


def read_set(path: Path) -> PublicSet:
    """Read a file; pydantic's ValidationError, YAML's or JSON's error tell what is wrong."""
    text = path.read_text("utf-8")
    data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    read = PublicSet.model_validate(data)
    return read if read.name else read.model_copy(update={"name": path.stem})


def documents_of(entries: Sequence[SetEntry]) -> Documents:
    """Return the files of a knowledge that has these entries alone.

    They are not checked: an answer of elsewhere may be longer than ours, which changes nothing.
    """
    data = {
        FAQ: {"entrees": [_entry(one) for one in entries]},
        PROJECTS: {"projets": []},
        ACTS: {"actes": []},
    }
    return {name: Document(name, one, {}) for name, one in data.items()}


def _entry(one: SetEntry) -> dict[str, object]:
    return {
        "id": one.id,
        "question": one.question,
        "titre": one.question,
        "reponse": one.answer,
        "variantes": list(one.phrasings),
        "source": "public",
        "verifie_le": "2026-11-01",
    }
